// Package device runs graphs on a device: an NVIDIA GPU, by the kernels of
// internal/cuda/kernels. What the ops launch they say themselves, by package launch;
// the results have the same bits as on the processor.
package device

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// A Device is open, with the kernels loaded and a stream for all work.
type Device struct {
	name   string
	cuda   *cuda.Device
	module *cuda.Module
	stream *cuda.Stream

	functions map[string]*cuda.Function
}

// Open opens the device called name, such as "cuda:0".
func Open(name string) (*Device, error) {
	on, err := cuda.Open(name)
	if err != nil {
		return nil, err
	}
	d := &Device{name: name, cuda: on, functions: make(map[string]*cuda.Function)}
	if d.module, err = on.Load(kernels.PTX); err == nil {
		d.stream, err = on.NewStream()
	}
	if err != nil {
		return nil, errors.WithMessage(closing(err, d), "device: Open")
	}
	return d, nil
}

// closing closes d because of err, which it returns.
func closing(err error, d interface{ Close() error }) error {
	_ = d.Close() // what led to this is the error to tell
	return err
}

// Name returns the name that the device was opened by.
func (d *Device) Name() string { return d.name }

// Close frees what the device holds for its graphs, which must be closed.
func (d *Device) Close() error {
	return closeAll(d.stream.Close, d.module.Close, d.cuda.Close)
}

// closeAll calls all functions and returns their first error.
func closeAll(closes ...func() error) error {
	var first error
	for _, c := range closes {
		if err := c(); first == nil {
			first = err
		}
	}
	return first
}

// function returns a kernel.
func (d *Device) function(name string) (*cuda.Function, error) {
	if f, ok := d.functions[name]; ok {
		return f, nil
	}
	f, err := d.module.Function(name)
	if err == nil {
		d.functions[name] = f
	}
	return f, err
}

// launch gives the stream a kernel.
func (d *Device) launch(l launch.Launch) error {
	f, err := d.function(l.Kernel)
	if err != nil {
		return err
	}
	return d.stream.Launch(f, l.Blocks, l.Threads, l.Args)
}
