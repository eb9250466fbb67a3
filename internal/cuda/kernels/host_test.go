//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// A library is the kernels, compiled for the host.
type library struct {
	run     func(name string, from, to, blocks int32, args unsafe.Pointer) int32
	size    func(name string) int32
	exps    func(x *float64, n int64)
	logs    func(x *float64, n int64)
	normals func(x *float64, n int64)
}

// source is the kernels and, to be tested by themselves, functions of theirs.
const source = `
#include "all.cu"
#include "host.h"
extern "C" void exps(double *x, i64 n) { for (i64 i = 0; i < n; i++) x[i] = portable_exp(x[i]); }
extern "C" void logs(double *x, i64 n) { for (i64 i = 0; i < n; i++) x[i] = portable_log(x[i]); }
extern "C" void normals(double *x, i64 n) { for (i64 i = 0; i < n; i++) x[i] = portable_normal((u32)x[i]); }
`

// load compiles the kernels, once for all tests, and loads them.
var load = sync.OnceValues(func() (*library, error) {
	dir, err := os.MkdirTemp("", "kernels")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "kernels.so")
	c := exec.Command(compiler(), "-I.", "-x", "c++", "-std=c++17", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-o", file, "-")
	c.Dir = "source"
	c.Stdin = strings.NewReader(source)
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	l := new(library)
	purego.RegisterLibFunc(&l.run, handle, "kernel_run")
	purego.RegisterLibFunc(&l.size, handle, "kernel_size")
	purego.RegisterLibFunc(&l.exps, handle, "exps")
	purego.RegisterLibFunc(&l.logs, handle, "logs")
	purego.RegisterLibFunc(&l.normals, handle, "normals")
	return l, nil
})

// compiler returns the path of a C++ compiler, "" if there is none.
func compiler() string {
	for _, name := range []string{"c++", "g++", "clang++", "clang++-14"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func host(t *testing.T) *library {
	t.Helper()
	if onDevice(t) {
		return nil
	}
	if compiler() == "" {
		t.Skip("there is no C++ compiler to compile the kernels for the host")
	}
	l, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// launch runs all blocks of a kernel.
func launch[A any](t failer, l *library, name string, blocks int, args A) {
	t.Helper()
	if theReal != nil {
		held := new(A)
		*held = args
		if err := theReal.launch(name, threadsOf(name), blocks, unsafe.Pointer(held)); err != nil {
			t.Fatalf("%v", err)
		}
		return
	}
	if l.run(name, 0, int32(blocks), int32(blocks), unsafe.Pointer(&args)) == 0 {
		t.Fatalf("there is no kernel %s", name)
	}
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// A pinned is memory that kernels use.
type pinned struct{ runtime.Pinner }

func (p *pinned) Unpin() {
	if theReal != nil {
		theReal.unpin()
	}
	p.Pinner.Unpin()
}

// pin returns the address of x, until the pinner is unpinned.
func pin[T any](p *pinned, x []T) cuda.Pointer {
	if len(x) == 0 {
		return 0
	}
	if theReal != nil {
		return theReal.pin(cuda.Bytes(x))
	}
	p.Pin(&x[0])
	return cuda.Pointer(uintptr(unsafe.Pointer(&x[0])))
}

// The structs in Go have the sizes of those in C++.
func TestSizes(t *testing.T) {
	l := host(t)
	if l == nil {
		t.Skip("the structs in C++ are those of the host")
	}
	for name, size := range map[string]uintptr{
		"drop":          unsafe.Sizeof(kernels.Drop{}),
		"gaussian":      unsafe.Sizeof(kernels.Gaussian{}),
		"relu":          unsafe.Sizeof(kernels.Elementwise{}),
		"relu_back":     unsafe.Sizeof(kernels.ElementwiseBack{}),
		"sigmoid":       unsafe.Sizeof(kernels.Elementwise{}),
		"sigmoid_back":  unsafe.Sizeof(kernels.ElementwiseBack{}),
		"linear_back":   unsafe.Sizeof(kernels.LinearBack{}),
		"xent_rows":     unsafe.Sizeof(kernels.XentRows{}),
		"xent_mean":     unsafe.Sizeof(kernels.XentMean{}),
		"xent_grad":     unsafe.Sizeof(kernels.XentGrad{}),
		"sgd":           unsafe.Sizeof(kernels.SGD{}),
		"adam":          unsafe.Sizeof(kernels.Adam{}),
		"max_norm":      unsafe.Sizeof(kernels.MaxNorm{}),
		"clip_squares":  unsafe.Sizeof(kernels.ClipSquares{}),
		"clip_factor":   unsafe.Sizeof(kernels.ClipFactor{}),
		"max_pool":      unsafe.Sizeof(kernels.MaxPool{}),
		"max_pool_back": unsafe.Sizeof(kernels.MaxPoolBack{}),
		"channel_sum":   unsafe.Sizeof(kernels.ChannelSum{}),
	} {
		if got := l.size(name); uintptr(got) != size {
			t.Errorf("%s: arguments of %d bytes in C++, %d in Go", name, got, size)
		}
		if !strings.Contains(string(kernels.PTX), ".entry "+name+"(") {
			t.Errorf("%s is not in the module for a device: run go generate", name)
		}
	}
}

// numbers draws n numbers of all kinds.
func numbers(t *rapid.T, label string, n int) []float32 {
	seed := rapid.Uint64().Draw(t, label)
	plain := rapid.Bool().Draw(t, label+" without special ones")
	return random(seed, n, plain)
}

// random returns n numbers, some of them special unless they are plain.
func random(seed uint64, n int, plain bool) []float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e-45, -1e-40, math.MaxFloat32, -math.MaxFloat32, 1, -1}
	x := make([]float32, n)
	for i := range x {
		seed = seed*6364136223846793005 + 1442695040888963407
		r := seed >> 33
		if !plain && r%6 == 0 {
			x[i] = special[r/6%uint64(len(special))]
			continue
		}
		x[i] = float32(int64(r%20001)-10000) / 1000
	}
	return x
}

// guarded returns memory for n numbers that start at one of the four places of a vector
// of 16 bytes, and a check that a kernel wrote nothing beside it.
func guarded(t *rapid.T, label string, n int) (x []float32, intact func() bool) {
	return kerneltest.Guarded[float32](n, rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, label+" after a boundary"))
}

// blockCount draws a number of blocks.
func blockCount(t *rapid.T) int { return rapid.SampledFrom([]int{1, 2, 3, 7, 64}).Draw(t, "blocks") }

// verify fails unless the bits are the same, all NaN alike.
func verify[F float32 | float64](t failer, what string, got, want []F, intact func() bool) {
	t.Helper()
	if intact == nil {
		intact = func() bool { return true }
	}
	if err := kerneltest.Verify(what, got, want, intact); err != nil {
		t.Fatalf("%v", err)
	}
}
