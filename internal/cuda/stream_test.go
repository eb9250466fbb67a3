package cuda_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

func TestLaunch(t *testing.T) {
	k := newKit(t)
	x := count(3000)
	from, to := k.put(x), k.alloc(len(x))
	check(t, k.scale(to, from, len(x), 0.1))
	check(t, k.s.Synchronize())
	same(t, k.get(to.Pointer(), len(x)), scaled(x, 0.1))
}

// Threads of a block share memory.
func TestLaunchShared(t *testing.T) {
	k := newKit(t)
	from, to := k.put(count(512)), k.alloc(4)
	check(t, k.s.Launch(k.function("test_sum"), 4, 128, unsafe.Pointer(&sumArgs{y: to.Pointer(), x: from.Pointer()})))
	check(t, k.s.Synchronize())
	same(t, k.get(to.Pointer(), 4), []float32{8256, 24640, 41024, 57408})
}

func TestLaunchWrong(t *testing.T) {
	k := newKit(t)
	f, args := k.function("test_scale"), unsafe.Pointer(new(scaleArgs))
	saysNo(t, k.s.Launch(f, 0, 256, args), 0, "cuda: Launch: blocks of test_scale must be in [1, 2147483647], got 0")
	most := math.MaxInt32
	saysNo(t, k.s.Launch(f, most+1, 256, args), 0, "cuda: Launch: blocks of test_scale must be in [1, 2147483647], got 2147483648")
	saysNo(t, k.s.Launch(f, 1, 0, args), 0, "cuda: Launch: threads of test_scale must be in [1, 1024], got 0")
	saysNo(t, k.s.Launch(f, 1, 1025, args), 0, "cuda: Launch: threads of test_scale must be in [1, 1024], got 1025")
	saysNo(t, k.s.Launch(f, 1, 256, nil), 0, "cuda: Launch: test_scale must have an argument, got none")

	other := must(cuda.Open("cuda"))(t)
	k.cleanup(other.Close)
	s := must(other.NewStream())(t)
	k.cleanup(s.Close)
	saysNo(t, s.Launch(f, 1, 256, args), 0, "cuda: Launch: test_scale must belong to the device of the stream")

	// What only the driver knows.
	saysNo(t, k.s.LaunchUnchecked(f, 0, 256, args), cuda.InvalidValue, "cuda: Launch: invalid argument (CUDA_ERROR_INVALID_VALUE)")
	err := k.s.Launch(f, 1, 512, args)
	if err == nil || !strings.HasPrefix(err.Error(), "cuda: Launch: test_scale: ") {
		t.Errorf("the error of too many threads is %v", err)
	}
	check(t, k.s.Synchronize())
}

func TestCopies(t *testing.T) {
	k := newKit(t)
	in, inBytes := k.host(100)
	out, outBytes := k.host(100)
	a, b := k.alloc(100), k.alloc(100)
	copy(in, count(100))
	check(t, k.s.Write(a.Pointer(), inBytes))
	check(t, k.s.Zero(b.Pointer(), 400))
	check(t, k.s.Copy(b.Pointer()+40, a.Pointer()+8, 80))
	check(t, k.s.Read(outBytes, b.Pointer()))
	check(t, k.s.Synchronize())
	want := make([]float32, 100)
	copy(want[10:30], count(100)[2:])
	same(t, out, want)

	check(t, k.s.Write(0, nil))
	check(t, k.s.Read(nil, 0))
	check(t, k.s.Copy(0, 0, 0))
	check(t, k.s.Zero(0, 0))
}

// What a stream copies must be page-locked, all of it.
func TestCopiesUnlocked(t *testing.T) {
	k := newKit(t)
	_, locked := k.host(4)
	m, wrong := k.alloc(16), make([]byte, 16)
	beyond := unsafe.Slice(&locked[0], 17)
	for _, b := range [][]byte{wrong, beyond} {
		saysNo(t, k.s.Write(m.Pointer(), b), 0, "cuda: Write: a stream must write from page-locked memory of its device")
		saysNo(t, k.s.Read(b, m.Pointer()), 0, "cuda: Read: a stream must read to page-locked memory of its device")
	}
	h := must(k.d.AllocHost(16))(t)
	freed := h.Bytes()
	check(t, h.Free())
	saysNo(t, k.s.Write(m.Pointer(), freed), 0, "cuda: Write: a stream must write from page-locked memory of its device")
	check(t, k.s.Write(m.Pointer(), locked[15:]))
	check(t, k.s.Synchronize())
}

// The driver for tests does nothing before something waits for it.
func TestNotSynchronized(t *testing.T) {
	if cudatest.Real() {
		t.Skip("a real device is fast")
	}
	k := newKit(t)
	m := k.put([]float32{1})
	check(t, k.s.Zero(m.Pointer(), 4))
	same(t, k.get(m.Pointer(), 1), []float32{1})
	check(t, k.s.Synchronize())
	same(t, k.get(m.Pointer(), 1), []float32{0})
	if got := k.get(k.alloc(1).Pointer(), 1)[0]; got == got {
		t.Errorf("new memory is %v, want NaN", got)
	}
}

func TestStreamClosed(t *testing.T) {
	k := newKit(t)
	s := must(k.d.NewStream())(t)
	check(t, s.Close())
	check(t, s.Close())
	saysNo(t, s.Synchronize(), 0, "cuda: Synchronize: the stream must be open")
	_, err := s.Capture(func() error { return nil })
	saysNo(t, err, 0, "cuda: Capture: the stream must be open")
	var none *cuda.Stream
	check(t, none.Close())
}

func TestEvents(t *testing.T) {
	k := newKit(t)
	start, end := k.event(), k.event()
	x := k.put(count(100))
	check(t, k.s.Record(start))
	for range 100 {
		check(t, k.scale(x, x, 100, 1))
	}
	check(t, k.s.Record(end))
	check(t, end.Synchronize())
	d, err := end.Since(start)
	check(t, err)
	if d <= 0 || d > time.Second {
		t.Errorf("100 launches took %v", d)
	}
	_, err = k.event().Since(start)
	saysNo(t, err, cuda.InvalidHandle, "cuda: Since: invalid resource handle (CUDA_ERROR_INVALID_HANDLE)")
	if !cudatest.Real() {
		check(t, k.s.Record(end))
		_, err = end.Since(start)
		saysNo(t, err, cuda.NotReady, "cuda: Since: device not ready (CUDA_ERROR_NOT_READY)")
	}
	var none *cuda.Event
	check(t, none.Close())
}

// A stream waits for what another was given before.
func TestWait(t *testing.T) {
	k := newKit(t)
	other := must(k.d.NewStream())(t)
	k.cleanup(other.Close)
	x, y, z := k.put(count(100)), k.alloc(100), k.alloc(100)
	e := k.event()
	check(t, other.Wait(e)) // never recorded
	check(t, k.scale(y, x, 100, 2))
	check(t, k.s.Record(e))
	check(t, other.Wait(e))
	check(t, other.Copy(z.Pointer(), y.Pointer(), 400))
	check(t, other.Synchronize())
	same(t, k.get(z.Pointer(), 100), scaled(count(100), 2))
	check(t, k.d.Synchronize())
}

func (k *kit) event() *cuda.Event {
	k.t.Helper()
	e := must(k.d.NewEvent())(k.t)
	k.cleanup(e.Close)
	return e
}
