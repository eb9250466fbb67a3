package cuda_test

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

func (k *kit) capture(record func() error) *cuda.Graph {
	k.t.Helper()
	g := must(k.s.Capture(record))(k.t)
	k.cleanup(g.Close)
	return g
}

// A graph has the arguments of the capture, and the memory of the moment.
func TestGraph(t *testing.T) {
	k := newKit(t)
	x, y, sums := k.alloc(512), k.alloc(512), k.alloc(4)
	in, inBytes := k.host(512)
	out, outBytes := k.host(4)
	copy(in, count(512))
	scale := &scaleArgs{y: y.Pointer(), x: x.Pointer(), n: 512, by: 2}
	f, sum := k.function("test_scale"), k.function("test_sum")
	g := k.capture(func() error {
		check(t, k.s.Write(x.Pointer(), inBytes))
		check(t, k.s.Launch(f, 2, 256, unsafe.Pointer(scale)))
		check(t, k.s.Launch(sum, 4, 128, unsafe.Pointer(&sumArgs{y: sums.Pointer(), x: y.Pointer()})))
		return k.s.Read(outBytes, sums.Pointer())
	})
	scale.by = 3
	check(t, k.s.Synchronize())
	same(t, out, make([]float32, 4)) // nothing is done yet
	for _, by := range []float32{1, 10} {
		copy(in, scaled(count(512), by))
		check(t, g.Launch(k.s))
		check(t, k.s.Synchronize())
		same(t, out, scaled([]float32{8256, 24640, 41024, 57408}, 2*by))
	}
	check(t, g.Close())
	check(t, g.Close())
	var none *cuda.Graph
	check(t, none.Close())
}

func TestGraphOfOldDriver(t *testing.T) {
	k := newKit(t)
	if !k.d.WithoutInstantiateFlags() {
		t.Skip("the driver has not cuGraphInstantiate_v2")
	}
	x := k.put(count(8))
	g := k.capture(func() error { return k.scale(x, x, 8, 2) })
	check(t, g.Launch(k.s))
	check(t, k.s.Synchronize())
	same(t, k.get(x.Pointer(), 8), scaled(count(8), 2))
	if !cudatest.Real() {
		cudatest.Fail(t, "cuGraphInstantiate_v2", 0, cuda.OutOfMemory)
		_, err := k.s.Capture(func() error { return nil })
		saysNo(t, err, cuda.OutOfMemory, "cuda: Capture: out of memory (CUDA_ERROR_OUT_OF_MEMORY)")
	}
}

// Another stream takes part in a capture once it waits for an event of it.
func TestGraphOfTwoStreams(t *testing.T) {
	k := newKit(t)
	other := must(k.d.NewStream())(t)
	k.cleanup(other.Close)
	x, y, z := k.put(count(8)), k.alloc(8), k.alloc(8)
	fork, join := k.event(), k.event()
	g := k.capture(func() error {
		check(t, k.s.Record(fork))
		check(t, other.Wait(fork))
		check(t, other.Copy(y.Pointer(), x.Pointer(), 32))
		check(t, other.Record(join))
		check(t, k.s.Wait(join))
		return k.s.Copy(z.Pointer(), y.Pointer(), 32)
	})
	for range 4 {
		check(t, k.d.Zero(y.Pointer(), 32))
		check(t, g.Launch(k.s))
		check(t, k.s.Synchronize())
		same(t, k.get(z.Pointer(), 8), count(8))
	}
	// The events have no time, and nothing outside can wait for them.
	if !cudatest.Real() {
		saysNo(t, other.Wait(join), cuda.CapturedEvent, "cuda: Wait: operation not permitted on an event last recorded in a capturing stream (CUDA_ERROR_CAPTURED_EVENT)")
	}
	check(t, other.Zero(y.Pointer(), 32))
	check(t, other.Synchronize())
}

// The driver for tests runs streams of a graph in more than one order, so that a test finds
// out that one does not wait for another.
func TestGraphWithoutJoin(t *testing.T) {
	if cudatest.Real() {
		t.Skip("a real device may do it in the right order")
	}
	k := newKit(t)
	other := must(k.d.NewStream())(t)
	k.cleanup(other.Close)
	x, y, z := k.put(count(8)), k.put(make([]float32, 8)), k.alloc(8)
	fork, join := k.event(), k.event()
	g := k.capture(func() error {
		check(t, k.s.Record(fork))
		check(t, other.Wait(fork))
		check(t, other.Copy(y.Pointer(), x.Pointer(), 32))
		check(t, other.Record(join))
		check(t, k.s.Copy(z.Pointer(), y.Pointer(), 32)) // should have waited
		return k.s.Wait(join)
	})
	var right int
	for range 4 {
		check(t, k.d.Zero(y.Pointer(), 32))
		check(t, g.Launch(k.s))
		check(t, k.s.Synchronize())
		if k.get(z.Pointer(), 1)[0] == 1 {
			right++
		}
	}
	if right != 2 {
		t.Errorf("the copy was made in time %d times of 4, want 2", right)
	}

	// A stream must come back to that of the capture.
	_, err := k.s.Capture(func() error {
		check(t, k.s.Record(fork))
		check(t, other.Wait(fork))
		check(t, other.Record(join))
		check(t, k.s.Wait(join))
		return other.Zero(y.Pointer(), 32)
	})
	saysNo(t, err, cuda.CaptureUnjoined, "cuda: Capture: capturing stream has unjoined work (CUDA_ERROR_STREAM_CAPTURE_UNJOINED)")
}

// A capture that fails leaves a stream that works.
func TestCaptureFails(t *testing.T) {
	k := newKit(t)
	x := k.put(count(8))
	mistake := errors.New("a mistake")
	_, err := k.s.Capture(func() error {
		check(t, k.scale(x, x, 8, 2))
		return mistake
	})
	if !errors.Is(err, mistake) {
		t.Errorf("the error is %v, want that of the function", err)
	}
	func() {
		defer func() {
			if r := recover(); r != "panic" {
				t.Errorf("recovered %v", r)
			}
		}()
		_, _ = k.s.Capture(func() error { panic("panic") })
	}()
	_, err = k.s.Capture(func() error { return k.s.Synchronize() })
	saysNo(t, err, cuda.CaptureUnsupported, "cuda: Synchronize: operation not permitted when stream is capturing (CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED)")
	_, err = k.s.Capture(func() error {
		_, failed := k.d.Alloc(4)
		saysNo(t, failed, cuda.CaptureUnsupported, "cuda: Alloc: operation not permitted when stream is capturing (CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED)")
		return nil
	})
	saysNo(t, err, cuda.CaptureInvalidated, "cuda: Capture: operation failed due to a previous error during capture (CUDA_ERROR_STREAM_CAPTURE_INVALIDATED)")
	check(t, k.s.Synchronize())
	same(t, k.get(x.Pointer(), 8), count(8))
	g := k.capture(func() error { return k.scale(x, x, 8, 2) })
	check(t, g.Launch(k.s))
	check(t, k.s.Synchronize())
	same(t, k.get(x.Pointer(), 8), scaled(count(8), 2))
}

func TestGraphFails(t *testing.T) {
	k := newKit(t)
	g := k.capture(func() error { return nil })
	other := must(cuda.Open("cuda"))(t)
	k.cleanup(other.Close)
	s := must(other.NewStream())(t)
	k.cleanup(s.Close)
	saysNo(t, g.Launch(s), 0, "cuda: Launch: a graph must belong to the device of the stream")
	for _, function := range []string{"cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags"} {
		cudatest.Fail(t, function, 0, cuda.OutOfMemory)
		s := must(k.d.NewStream())(t)
		_, err := s.Capture(func() error { return nil })
		saysNo(t, err, cuda.OutOfMemory, "cuda: Capture: out of memory (CUDA_ERROR_OUT_OF_MEMORY)")
		check(t, s.Close())
	}
	cudatest.Fail(t, "cuGraphLaunch", 0, cuda.LaunchFailed)
	saysNo(t, g.Launch(k.s), cuda.LaunchFailed, "cuda: Launch: unspecified launch failure (CUDA_ERROR_LAUNCH_FAILED)")
}

// Steps allocate nothing.
func TestAllocations(t *testing.T) {
	k := newKit(t)
	x := k.put(count(8))
	in, inBytes := k.host(8)
	copy(in, count(8))
	f, args := k.function("test_scale"), &scaleArgs{y: x.Pointer(), x: x.Pointer(), n: 8, by: 1}
	g := k.capture(func() error { return k.s.Launch(f, 1, 256, unsafe.Pointer(args)) })
	for name, step := range map[string]func() error{
		"Launch":       func() error { return k.s.Launch(f, 1, 256, unsafe.Pointer(args)) },
		"Graph.Launch": func() error { return g.Launch(k.s) },
		"Write":        func() error { return k.s.Write(x.Pointer(), inBytes) },
		"Read":         func() error { return k.s.Read(inBytes, x.Pointer()) },
		"Copy":         func() error { return k.s.Copy(x.Pointer(), x.Pointer()+16, 16) },
		"Synchronize":  k.s.Synchronize,
	} {
		if n := testing.AllocsPerRun(100, func() { check(t, step()) }); n != 0 && !kerneltest.Race {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
	check(t, k.s.Synchronize())
}

// Many launches of a graph take no memory.
func TestManyLaunches(t *testing.T) {
	k := newKit(t)
	x := k.put([]float32{1})
	one := k.put([]float32{1})
	f := k.function("test_scale")
	g := k.capture(func() error {
		for range 3 {
			check(t, k.s.Launch(f, 1, 256, unsafe.Pointer(&scaleArgs{y: x.Pointer(), x: x.Pointer(), n: 1, by: -1})))
		}
		return k.s.Copy(one.Pointer(), x.Pointer(), 4)
	})
	run := func(n int) {
		for range n {
			check(t, g.Launch(k.s))
			check(t, k.s.Synchronize())
		}
	}
	run(100)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	run(10_001)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<10 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if n := after.Mallocs - before.Mallocs; n > 1000 && !kerneltest.Race {
		t.Errorf("10001 launches allocated %d times", n)
	}
	same(t, k.get(one.Pointer(), 1), []float32{-1})
}
