package cuda_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

// Goroutines move between threads, whose context is not always that of the device.
func TestGoroutines(t *testing.T) {
	k := newKit(t)
	cudatest.Slow(t, 50)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				k.d.WithoutContext()
				runtime.Gosched()
			}
		}
	}()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if err := busy(k, float32(i+1)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// busy does with the device what a training does, with a stream of its own.
func busy(k *kit, by float32) (err error) {
	s, err := k.d.NewStream()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	const n = 1000
	m, err := k.d.Alloc(4 * n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Free()) }()
	f, err := k.m.Function("test_scale")
	if err != nil {
		return err
	}
	g, err := s.Capture(func() error {
		time.Sleep(time.Microsecond) // a chance to move
		return s.Launch(f, 2, 256, unsafe.Pointer(&scaleArgs{y: m.Pointer(), x: m.Pointer(), n: n, by: by}))
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	x, y := count(n), make([]float32, n)
	for range 20 {
		if err := errors.Join(k.d.Write(m.Pointer(), cuda.Bytes(x)), g.Launch(s)); err != nil {
			return err
		}
		runtime.Gosched()
		if err := errors.Join(s.Synchronize(), k.d.Read(cuda.Bytes(y), m.Pointer())); err != nil {
			return err
		}
		for i := range y {
			if y[i] != by*x[i] {
				return fmt.Errorf("number %d by %v is %v", i, by, y[i])
			}
		}
	}
	return nil
}

// One stream may be used by several goroutines.
func TestGoroutinesWithOneStream(t *testing.T) {
	k := newKit(t)
	const goroutines, each = 8, 100
	f := k.function("test_poke")
	m := k.put(make([]float32, goroutines*each))
	var all sync.WaitGroup
	for i := range goroutines {
		all.Go(func() {
			for j := range each {
				at := i*each + j
				args := &pokeArgs{at: m.Pointer() + cuda.Pointer(4*at), value: float32(at + 1), count: 1}
				if err := k.s.Launch(f, 1, 32, unsafe.Pointer(args)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	check(t, k.s.Synchronize())
	same(t, k.get(m.Pointer(), goroutines*each), count(goroutines*each))
}

// What fails on the device comes back when something waits for it, and is the error of
// all that follows.
func TestIllegalAddress(t *testing.T) {
	const inChild = "DROPOUT_CUDA_CHILD"
	if cudatest.Real() && os.Getenv(inChild) == "" {
		// A real device cannot be used again by the process.
		cmd := exec.Command(os.Args[0], "-test.run=^TestIllegalAddress$", "-test.v")
		cmd.Env = append(os.Environ(), inChild+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var k *kit
	var at cuda.Pointer
	if cudatest.Real() {
		k, at = openKit(t, must(cuda.Open("cuda"))(t)), 256 // which may not even be closed any more
	} else {
		k = newKit(t)
		at = k.alloc(4).Pointer() + 16
	}
	k.broken = true
	check(t, k.s.Launch(k.function("test_poke"), 1, 32, unsafe.Pointer(&pokeArgs{at: at, value: 1, count: 1})))
	const words = "an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS)"
	saysNo(t, k.s.Synchronize(), cuda.IllegalAddress, "cuda: Synchronize: "+words)
	saysNo(t, k.s.Synchronize(), cuda.IllegalAddress, "cuda: Synchronize: "+words)
	_, err := k.d.Alloc(4)
	saysNo(t, err, cuda.IllegalAddress, "cuda: Alloc: "+words)
	if !cudatest.Real() {
		cudatest.Reset(t)
	}
}

// Memory that was freed too early is found by the driver for tests.
func TestFreedTooEarly(t *testing.T) {
	if cudatest.Real() {
		t.Skip("a real driver does not find it")
	}
	for _, how := range []string{"Launch", "Copy", "Graph"} {
		t.Run(how, func(t *testing.T) {
			k := newKit(t)
			k.broken = true
			x, y := k.put(count(8)), k.alloc(8)
			switch how {
			case "Launch":
				check(t, k.scale(y, x, 8, 2))
				check(t, x.Free())
			case "Copy":
				check(t, k.s.Copy(y.Pointer(), x.Pointer(), 32))
				check(t, x.Free())
			case "Graph":
				g := k.capture(func() error { return k.scale(y, x, 8, 2) })
				check(t, x.Free())
				check(t, g.Launch(k.s))
			}
			err := k.s.Synchronize()
			saysNo(t, err, cuda.IllegalAddress, "cuda: Synchronize: an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS)")
			cudatest.Reset(t)
		})
	}
}

// Every call fails as the driver says.
func TestFailures(t *testing.T) {
	k := newKit(t)
	f, x := k.function("test_scale"), k.put(count(8))
	e, args := k.event(), &scaleArgs{y: x.Pointer(), x: x.Pointer(), n: 8, by: 1}
	_, locked := k.host(8)
	for _, c := range []struct {
		function, op string
		call         func() error
	}{
		{"cuCtxSetCurrent", "Synchronize", k.d.Synchronize},
		{"cuCtxSynchronize", "Synchronize", k.d.Synchronize},
		{"cuStreamSynchronize", "Synchronize", k.s.Synchronize},
		{"execute", "Synchronize", func() error {
			check(t, k.s.Zero(x.Pointer(), 4))
			err := k.s.Synchronize()
			cudatest.Reset(t)
			return err
		}},
		{"cuStreamCreate", "NewStream", func() error { _, err := k.d.NewStream(); return err }},
		{"cuEventCreate", "NewEvent", func() error { _, err := k.d.NewEvent(); return err }},
		{"cuEventRecord", "Record", func() error { return k.s.Record(e) }},
		{"cuEventSynchronize", "Synchronize", e.Synchronize},
		{"cuEventElapsedTime", "Since", func() error { _, err := e.Since(e); return err }},
		{"cuStreamWaitEvent", "Wait", func() error { return k.s.Wait(e) }},
		{"cuLaunchKernel", "Launch: test_scale", func() error { return k.s.Launch(f, 1, 256, unsafe.Pointer(args)) }},
		{"cuMemcpyHtoD_v2", "Write", func() error { return k.d.Write(x.Pointer(), locked) }},
		{"cuStreamSynchronize", "Write", func() error { return k.d.Write(x.Pointer(), locked) }},
		{"cuMemcpyDtoH_v2", "Read", func() error { return k.d.Read(locked, x.Pointer()) }},
		{"cuMemsetD8_v2", "Zero", func() error { return k.d.Zero(x.Pointer(), 4) }},
		{"cuStreamSynchronize", "Zero", func() error { return k.d.Zero(x.Pointer(), 4) }},
		{"cuMemcpyHtoDAsync_v2", "Write", func() error { return k.s.Write(x.Pointer(), locked) }},
		{"cuMemcpyDtoHAsync_v2", "Read", func() error { return k.s.Read(locked, x.Pointer()) }},
		{"cuMemcpyDtoDAsync_v2", "Copy", func() error { return k.s.Copy(x.Pointer(), x.Pointer()+16, 4) }},
		{"cuMemsetD8Async", "Zero", func() error { return k.s.Zero(x.Pointer(), 4) }},
		{"cuModuleLoadDataEx", "Load", func() error { _, err := k.d.Load(cudatest.PTX); return err }},
		{"cuModuleGetFunction", "Function: test_sum", func() error { _, err := k.m.Function("test_sum"); return err }},
		{"cuMemGetInfo_v2", "MemoryInfo", func() error { _, _, err := k.d.MemoryInfo(); return err }},
	} {
		cudatest.Fail(t, c.function, 0, cuda.LaunchFailed)
		err := c.call()
		saysNo(t, err, cuda.LaunchFailed, "cuda: "+c.op+": unspecified launch failure (CUDA_ERROR_LAUNCH_FAILED)")
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has two lines: %v", err)
		}
	}
	check(t, k.s.Synchronize())
}
