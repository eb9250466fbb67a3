package device_test

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// A rig times kernels: so many launches are one graph, so that launching does not count.
type rig struct {
	b      *testing.B
	on     *cuda.Device
	module *cuda.Module
	stream *cuda.Stream
}

func newRig(b *testing.B) *rig {
	b.Helper()
	if !cudatest.Real() {
		b.Skip("the host is no device to time")
	}
	r := &rig{b: b, on: cudatest.Open(b)}
	var err error
	if r.module, err = r.on.Load(kernels.PTX); err != nil {
		b.Fatal(err)
	}
	if r.stream, err = r.on.NewStream(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := r.stream.Close(); err != nil {
			b.Error(err)
		}
		if err := r.module.Close(); err != nil {
			b.Error(err)
		}
	})
	return r
}

// memory returns some that is not zero.
func (r *rig) memory(bytes int64) cuda.Pointer {
	r.b.Helper()
	m, err := r.on.Alloc(bytes)
	if err != nil {
		r.b.Fatal(err)
	}
	r.b.Cleanup(func() {
		if err := m.Free(); err != nil {
			r.b.Error(err)
		}
	})
	some := make([]float32, 1<<16)
	for i := range some {
		some[i] = float32(i%1000)/500 - 1
	}
	for at := int64(0); at < bytes; at += 1 << 18 {
		if err := r.on.Write(m.Pointer()+cuda.Pointer(at), cuda.Bytes(some)[:min(1<<18, bytes-at)]); err != nil {
			r.b.Fatal(err)
		}
	}
	return m.Pointer()
}

// run times record, which gives the stream the same work so many times.
func (r *rig) run(times int, record func() error) {
	r.b.Helper()
	g, err := r.stream.Capture(func() error {
		for range times {
			if err := record(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.b.Fatal(err)
	}
	defer g.Close()
	start, err := r.on.NewEvent()
	if err != nil {
		r.b.Fatal(err)
	}
	defer start.Close()
	end, err := r.on.NewEvent()
	if err != nil {
		r.b.Fatal(err)
	}
	defer end.Close()
	do := func(f func() error) {
		if err := f(); err != nil {
			r.b.Fatal(err)
		}
	}
	do(func() error { return g.Launch(r.stream) })
	do(r.stream.Synchronize)
	r.b.ResetTimer()
	do(func() error { return r.stream.Record(start) })
	for range r.b.N {
		do(func() error { return g.Launch(r.stream) })
	}
	do(func() error { return r.stream.Record(end) })
	do(r.stream.Synchronize)
	took, err := end.Since(start)
	if err != nil {
		r.b.Fatal(err)
	}
	r.b.ReportMetric(float64(took.Nanoseconds())/float64(r.b.N*times)/1e3, "us/launch")
	r.b.ReportMetric(0, "ns/op")
}

func (r *rig) launch(name string, threads, blocks int, args unsafe.Pointer) func() error {
	r.b.Helper()
	f, err := r.module.Function(name)
	if err != nil {
		r.b.Fatal(err)
	}
	return func() error { return r.stream.Launch(f, blocks, threads, args) }
}

const elements = 64 << 20

// BenchmarkCopy is the device's own copy of what dropout reads and writes.
func BenchmarkCopy(b *testing.B) {
	r := newRig(b)
	x, y := r.memory(4*elements), r.memory(4*elements)
	r.run(4, func() error { return r.stream.Copy(y, x, 4*elements) })
}

// BenchmarkDropout is dropout of 64M elements, which is its own derivative.
func BenchmarkDropout(b *testing.B) {
	r := newRig(b)
	x, y, m := r.memory(4*elements), r.memory(4*elements), r.memory(64)
	mask := []kernels.Mask{{Seed: 1, Step: 2, Layer: 3, Threshold: 1 << 15, Scale: 2}}
	if err := r.on.Write(m, cuda.Bytes(mask)); err != nil {
		b.Fatal(err)
	}
	for _, blocks := range []int{132 * 4, 132 * 8, 132 * 16, 132 * 64, 1 << 15} {
		b.Run(fmt.Sprint(blocks), func(b *testing.B) {
			r.b = b
			args := &kernels.Drop{Y: y, X: x, N: elements, Inner: 1, Mask: m}
			r.run(4, r.launch("drop", kernels.Threads, blocks, unsafe.Pointer(args)))
		})
	}
}

// BenchmarkGaussianDropout is the same with noise, whose quantiles are of float64.
func BenchmarkGaussianDropout(b *testing.B) {
	r := newRig(b)
	x, y, m := r.memory(4*elements), r.memory(4*elements), r.memory(64)
	noise := []kernels.Noise{{Seed: 1, Step: 2, Layer: 3, Sigma: 1}}
	if err := r.on.Write(m, cuda.Bytes(noise)); err != nil {
		b.Fatal(err)
	}
	args := &kernels.Gaussian{Y: y, X: x, N: elements, Inner: 1, Noise: m}
	r.run(4, r.launch("gaussian", kernels.Threads, launch.Blocks(elements, 1024), unsafe.Pointer(args)))
}

// BenchmarkProduct has the products of the bench's network, and large ones, by each
// kernel.
func BenchmarkProduct(b *testing.B) {
	r := newRig(b)
	const most = 4096 * 4096
	x, y, z := r.memory(4*most), r.memory(4*most), r.memory(4*most)
	for _, of := range []struct {
		form    kernels.Form
		m, n, k int
	}{
		{kernels.ByRows, 128, 1024, 784},
		{kernels.ByRows, 128, 1024, 1024},
		{kernels.ByRows, 128, 10, 1024},
		{kernels.TransposedB, 128, 1024, 1024},
		{kernels.TransposedB, 128, 1024, 10},
		{kernels.TransposedA, 784, 1024, 128},
		{kernels.TransposedA, 1024, 1024, 128},
		{kernels.TransposedA, 1024, 10, 128},
		{kernels.ByRows, 1024, 1024, 1024},
		{kernels.ByRows, 4096, 4096, 4096},
	} {
		p := kernels.NewProduct(of.m, of.n, of.k)
		p.A, p.B, p.C = x, y, z
		p.LDA, p.LDB, p.LDC = int64(of.k), int64(of.n), int64(of.n)
		if of.form == kernels.TransposedA {
			p.LDA = int64(of.m)
		}
		if of.form == kernels.TransposedB {
			p.LDB = int64(of.k)
		}
		chosen, _, _ := p.Kernel(of.form)
		for _, v := range p.Variants(of.form) {
			if v.Blocks > 132*200 {
				continue
			}
			name := fmt.Sprintf("%dx%dx%d/%s", of.m, of.n, of.k, v.Kernel)
			if v.Kernel == chosen {
				name += "/chosen"
			}
			b.Run(name, func(b *testing.B) {
				r.b = b
				args := p
				r.run(16, r.launch(v.Kernel, v.Threads, v.Blocks, unsafe.Pointer(&args)))
			})
		}
	}
}

// BenchmarkSmall has the other kernels of a step.
func BenchmarkSmall(b *testing.B) {
	r := newRig(b)
	const n = 1024 * 1024
	x, y, z, m := r.memory(4*n), r.memory(4*n), r.memory(4*n), r.memory(256)
	mask := []kernels.Mask{{Seed: 1, Step: 2, Layer: 3, Threshold: 1 << 15, Scale: 2}}
	if err := r.on.Write(m, cuda.Bytes(mask)); err != nil {
		b.Fatal(err)
	}
	for _, k := range []struct {
		name   string
		blocks int
		args   unsafe.Pointer
	}{
		{"drop", launch.Blocks(128*784, 2048), unsafe.Pointer(&kernels.Drop{Y: y, X: x, N: 128 * 784, Inner: 1, Mask: m})},
		{"linear_back", launch.Blocks(1024, 16), unsafe.Pointer(&kernels.LinearBack{DZ: z, DY: x, Y: y, Rows: 128, Cols: 1024, ReLU: 1, Mask: m})},
		{"sgd", launch.Blocks(n, 1024), unsafe.Pointer(&kernels.SGD{W: x, G: y, V: z, N: n, Settings: m, Velocity: 1})},
		{"max_norm", launch.Blocks(1024, 16), unsafe.Pointer(&kernels.MaxNorm{W: x, Outer: 1024, Units: 1024, Inner: 1, C: 2})},
	} {
		b.Run(k.name, func(b *testing.B) {
			r.b = b
			r.run(16, r.launch(k.name, kernels.Threads, k.blocks, k.args))
		})
	}
}
