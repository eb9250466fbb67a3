//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"sync"
	"testing"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
)

// A real device runs the kernels in place of the host: what is pinned has a copy there,
// which is written before a launch and read after it.
type real struct {
	*cuda.Device
	module  *cuda.Module
	stream  *cuda.Stream
	regions map[uintptr]*region // by the address on the host
}

type region struct {
	host []byte
	on   *cuda.Memory
	at   cuda.Pointer
}

// theReal is the device, for tests that do not run side by side; nil without one.
var theReal *real

var openReal = sync.OnceValue(func() error {
	d, err := cuda.Open("cuda:0")
	if err != nil {
		return err
	}
	r := &real{Device: d, regions: make(map[uintptr]*region)}
	if r.module, err = d.Load(kernels.PTX); err != nil {
		return err
	}
	if r.stream, err = d.NewStream(); err != nil {
		return err
	}
	theReal = r
	return nil
})

// onDevice reports whether the tests run on a real device.
func onDevice(t *testing.T) bool {
	t.Helper()
	if !cudatest.Real() {
		return false
	}
	if err := openReal(); err != nil {
		t.Fatal(err)
	}
	return true
}

// pin returns the address of the copy of x, as far from a vector's boundary as x is.
func (r *real) pin(x []byte) cuda.Pointer {
	first := uintptr(unsafe.Pointer(&x[0]))
	for start, of := range r.regions {
		if first >= start && first+uintptr(len(x)) <= start+uintptr(len(of.host)) {
			return of.at + cuda.Pointer(first-start)
		}
	}
	on, err := r.Alloc(int64(len(x)) + 16)
	if err != nil {
		panic(err)
	}
	of := &region{x, on, on.Pointer() + cuda.Pointer(first%16)}
	r.regions[first] = of
	return of.at
}

func (r *real) unpin() {
	for first, of := range r.regions {
		if err := of.on.Free(); err != nil {
			panic(err)
		}
		delete(r.regions, first)
	}
}

func (r *real) launch(name string, threads, blocks int, args unsafe.Pointer) error {
	f, err := r.module.Function(name)
	if err != nil {
		return err
	}
	for _, of := range r.regions {
		if err := r.Write(of.at, of.host); err != nil {
			return err
		}
	}
	if err := r.stream.Launch(f, blocks, threads, args); err != nil {
		return err
	}
	if err := r.stream.Synchronize(); err != nil {
		return err
	}
	for _, of := range r.regions {
		if err := r.Read(of.host, of.at); err != nil {
			return err
		}
	}
	return nil
}
