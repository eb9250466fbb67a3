package cuda_test

import (
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

func TestMemory(t *testing.T) {
	k := newKit(t)
	x := count(1000)
	m := k.put(x)
	if m.Size() != 4000 || m.Pointer()%256 != 0 {
		t.Errorf("there are %d bytes at %#x", m.Size(), m.Pointer())
	}
	same(t, k.get(m.Pointer(), len(x)), x)
	same(t, k.get(m.Pointer()+40, 5), x[10:15])

	check(t, k.d.Zero(m.Pointer()+4, 8))
	same(t, k.get(m.Pointer(), 4), []float32{1, 0, 0, 4})

	check(t, k.d.Write(0, nil))
	check(t, k.d.Read(nil, 0))
	check(t, k.d.Zero(0, 0))
	var none *cuda.Memory
	check(t, none.Free())
}

func TestMemoryInfo(t *testing.T) {
	k := newKit(t)
	before, total, err := k.d.MemoryInfo()
	check(t, err)
	k.alloc(16 << 20)
	after, _, err := k.d.MemoryInfo()
	check(t, err)
	taken := before - after
	if total > k.d.TotalMemory() || taken < 64<<20 || taken > 64<<20 && !cudatest.Real() {
		t.Errorf("of %d bytes %d are free before and %d after 64 MiB were taken", total, before, after)
	}
}

func TestOutOfMemory(t *testing.T) {
	k := newKit(t)
	_, err := k.d.Alloc(1 << 42)
	var e *cuda.MemoryError
	if !errors.As(err, &e) || e.Asked != 1<<42 || e.Free <= 0 || e.Total < e.Free {
		t.Errorf("the error is %#v", err)
	}
	var code *cuda.Error
	if !errors.As(err, &code) || code.Code != cuda.OutOfMemory {
		t.Errorf("the error %v has not the driver's code", err)
	}
	if !cudatest.Real() {
		saysNo(t, err, cuda.OutOfMemory, "cuda: Alloc: 4 TiB must be free on the device, got 1 GiB of 1 GiB")
		cudatest.Fail(t, "cuMemAlloc_v2", 0, cuda.OutOfMemory)
		_, err = k.d.Alloc(5)
		saysNo(t, err, cuda.OutOfMemory, "cuda: Alloc: 5 bytes must be free on the device, got 1 GiB of 1 GiB")
		cudatest.Fail(t, "cuMemAlloc_v2", 0, cuda.OutOfMemory)
		cudatest.Fail(t, "cuMemGetInfo_v2", 0, cuda.InvalidValue)
		_, err = k.d.Alloc(5)
		saysNo(t, err, cuda.OutOfMemory, "cuda: Alloc: out of memory (CUDA_ERROR_OUT_OF_MEMORY)")
	}
	k.alloc(5) // there is memory still
}

func TestMemoryWrong(t *testing.T) {
	k := newKit(t)
	_, err := k.d.Alloc(0)
	saysNo(t, err, 0, "cuda: Alloc: bytes must be at least 1, got 0")
	_, err = k.d.AllocHost(-1)
	saysNo(t, err, 0, "cuda: AllocHost: bytes must be at least 1, got -1")

	m := k.alloc(4)
	check(t, m.Free())
	check(t, m.Free())
	if m.Pointer() != 0 {
		t.Errorf("freed memory is at %#x", m.Pointer())
	}
	first, second := must(k.d.Alloc(16))(t).FreeTwice()
	check(t, first)
	saysNo(t, second, cuda.InvalidValue, "cuda: Free: invalid argument (CUDA_ERROR_INVALID_VALUE)")
}

func TestOutOfBounds(t *testing.T) {
	if cudatest.Real() {
		t.Skip("a real driver checks less")
	}
	k := newKit(t)
	m, x := k.alloc(4), make([]byte, 17)
	for name, err := range map[string]error{
		"Write": k.d.Write(m.Pointer(), x),
		"Read":  k.d.Read(x, m.Pointer()),
		"Zero":  k.d.Zero(m.Pointer()+1, 16),
		"Copy":  k.s.Copy(m.Pointer()+8, m.Pointer(), 9),
	} {
		saysNo(t, err, cuda.InvalidValue, "cuda: "+name+": invalid argument (CUDA_ERROR_INVALID_VALUE)")
	}
	saysNo(t, k.s.Zero(m.Pointer()-1, 4), cuda.InvalidValue, "cuda: Zero: invalid argument (CUDA_ERROR_INVALID_VALUE)")
}

func TestHost(t *testing.T) {
	k := newKit(t)
	h := must(k.d.AllocHost(16))(t)
	for i, b := range h.Bytes() {
		if b != 0 {
			t.Errorf("byte %d is %d", i, b)
		}
	}
	if n := len(cuda.View[float64](h.Bytes()[:15])); n != 1 {
		t.Errorf("15 bytes are %d float64", n)
	}
	check(t, h.Free())
	check(t, h.Free())
	if h.Bytes() != nil {
		t.Error("freed memory has bytes")
	}
	var none *cuda.Host
	check(t, none.Free())
	if !cudatest.Real() {
		cudatest.Fail(t, "cuMemHostAlloc", 0, cuda.OutOfMemory)
		_, err := k.d.AllocHost(16)
		saysNo(t, err, cuda.OutOfMemory, "cuda: AllocHost: out of memory (CUDA_ERROR_OUT_OF_MEMORY)")
	}
}

func TestBytes(t *testing.T) {
	if n := len(cuda.Bytes([]pokeArgs{{}, {}})); n != 32 {
		t.Errorf("two structs of 16 bytes have %d", n)
	}
	if n := len(cuda.Bytes[float32](nil)); n != 0 {
		t.Errorf("no numbers have %d bytes", n)
	}
}

func TestSizes(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KiB", 85 << 30: "85 GiB", 1 << 52: "4096 TiB"} {
		e := &cuda.MemoryError{Op: "Alloc", Asked: bytes}
		if got := e.Error(); !strings.HasPrefix(got, "cuda: Alloc: "+want+" must") {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
}
