package cuda_test

import (
	"math"
	"testing"
	"unsafe"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

// The arguments of the kernels of cudatest/test.cu.
type (
	scaleArgs struct {
		y, x cuda.Pointer
		n    int64
		by   float32
		_    uint32
	}
	sumArgs  struct{ y, x cuda.Pointer }
	pokeArgs struct {
		at    cuda.Pointer
		value float32
		count int32
	}
)

// kit is a device with what most tests need, freed when the test ends.
type kit struct {
	t      testing.TB
	d      *cuda.Device
	m      *cuda.Module
	s      *cuda.Stream
	broken bool // nothing can be freed any more
}

func newKit(t testing.TB) *kit {
	t.Helper()
	return openKit(t, cudatest.Open(t))
}

func openKit(t testing.TB, d *cuda.Device) *kit {
	t.Helper()
	k := &kit{t: t, d: d}
	k.m = must(k.d.Load(cudatest.PTX))(t)
	k.cleanup(k.m.Close)
	k.s = must(k.d.NewStream())(t)
	k.cleanup(k.s.Close)
	return k
}

// cleanup frees something when the test ends.
func (k *kit) cleanup(free func() error) {
	k.t.Cleanup(func() {
		if err := free(); err != nil && !k.broken {
			k.t.Error(err)
		}
	})
}

func (k *kit) function(name string) *cuda.Function {
	k.t.Helper()
	return must(k.m.Function(name))(k.t)
}

// alloc gives memory for n float32.
func (k *kit) alloc(n int) *cuda.Memory {
	k.t.Helper()
	m := must(k.d.Alloc(int64(4 * n)))(k.t)
	k.cleanup(m.Free)
	return m
}

// put gives memory that holds numbers.
func (k *kit) put(x []float32) *cuda.Memory {
	k.t.Helper()
	m := k.alloc(len(x))
	check(k.t, k.d.Write(m.Pointer(), cuda.Bytes(x)))
	return m
}

// get reads n numbers.
func (k *kit) get(from cuda.Pointer, n int) []float32 {
	k.t.Helper()
	x := make([]float32, n)
	check(k.t, k.d.Read(cuda.Bytes(x), from))
	return x
}

// host gives page-locked memory for n float32.
func (k *kit) host(n int) ([]float32, []byte) {
	k.t.Helper()
	h := must(k.d.AllocHost(4 * n))(k.t)
	k.cleanup(h.Free)
	return cuda.View[float32](h.Bytes()), h.Bytes()
}

// scale launches y = by * x.
func (k *kit) scale(y, x *cuda.Memory, n int, by float32) error {
	k.t.Helper()
	return k.s.Launch(k.function("test_scale"), 3, 256, unsafe.Pointer(&scaleArgs{y: y.Pointer(), x: x.Pointer(), n: int64(n), by: by}))
}

// count returns 1, 2 and so on.
func count(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i + 1)
	}
	return x
}

func must[T any](x T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// saysNo fails unless err has the words, and the code if it is not 0.
func saysNo(t testing.TB, err error, code cuda.Code, words string) {
	t.Helper()
	if err == nil || err.Error() != words {
		t.Errorf("the error is %v, want %s", err, words)
	}
	var e *cuda.Error
	if code != 0 && (!errors.As(err, &e) || e.Code != code) {
		t.Errorf("the error %v has not code %d", err, code)
	}
}

func same(t testing.TB, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d numbers, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("number %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func scaled(x []float32, by float32) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = by * x[i]
	}
	return y
}
