package cuda_test

import (
	"testing"
	"time"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

// What calls cost, with kernels that do next to nothing.
func BenchmarkCalls(b *testing.B) {
	k := newKit(b)
	x := k.put(count(8))
	f, args := k.function("test_scale"), &scaleArgs{y: x.Pointer(), x: x.Pointer(), n: 8, by: 1}
	launch := func() error { return k.s.Launch(f, 1, 256, unsafe.Pointer(args)) }
	step := k.capture(func() error {
		for range 30 {
			check(b, launch())
		}
		return nil
	})
	for _, c := range []struct {
		name string
		call func() error
		wait bool
	}{
		{"launch", launch, false},
		{"launch and wait", launch, true},
		{"graph of 30 launches", func() error { return step.Launch(k.s) }, false},
		{"graph of 30 launches and wait", func() error { return step.Launch(k.s) }, true},
		{"wait for nothing", func() error { return nil }, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(b, c.call())
				if c.wait {
					check(b, k.s.Synchronize())
				}
			}
			check(b, k.s.Synchronize())
		})
	}
}

// Copies of 256 MiB. Copying on the device reads and writes: the speed
// is that of both, timed by the device.
func BenchmarkCopies(b *testing.B) {
	if !cudatest.Real() {
		b.Skip("the host is no device to time")
	}
	k := newKit(b)
	const n = 64 << 20
	x, y := k.alloc(n), k.alloc(n)
	check(b, k.d.Zero(x.Pointer(), x.Size()))
	_, locked := k.host(n)
	pageable := cuda.Bytes(make([]float32, n))
	f, args := k.function("test_scale"), &scaleArgs{y: y.Pointer(), x: x.Pointer(), n: int64(n), by: 1}
	start, end := k.event(), k.event()
	for _, c := range []struct {
		name  string
		call  func() error
		bytes int
	}{
		{"on the device", func() error { return k.s.Copy(y.Pointer(), x.Pointer(), x.Size()) }, 8 * n},
		{"by a kernel", func() error { return k.s.Launch(f, 16*k.d.Multiprocessors(), 256, unsafe.Pointer(args)) }, 8 * n},
		{"zeros", func() error { return k.s.Zero(y.Pointer(), y.Size()) }, 4 * n},
		{"to the device", func() error { return k.s.Write(x.Pointer(), locked) }, 4 * n},
		{"from the device", func() error { return k.s.Read(locked, x.Pointer()) }, 4 * n},
		{"to the device, pageable", func() error { return k.d.Write(x.Pointer(), pageable) }, 4 * n},
		{"from the device, pageable", func() error { return k.d.Read(pageable, x.Pointer()) }, 4 * n},
	} {
		b.Run(c.name, func(b *testing.B) {
			const copies = 10 // between two waits
			var took time.Duration
			for b.Loop() {
				check(b, k.s.Record(start))
				for range copies {
					check(b, c.call())
				}
				check(b, k.s.Record(end))
				check(b, k.s.Synchronize())
				took += must(end.Since(start))(b)
			}
			b.ReportMetric(float64(c.bytes)*copies*float64(b.N)/float64(took.Nanoseconds()), "GB/s")
		})
	}
}

// What a process pays before its first launch.
func BenchmarkOpen(b *testing.B) {
	cudatest.Library(b)
	for b.Loop() {
		d := must(cuda.Open("cuda"))(b)
		m := must(d.Load(cudatest.PTX))(b)
		check(b, m.Close())
		check(b, d.Close())
	}
}
