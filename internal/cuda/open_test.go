package cuda_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

func TestOpen(t *testing.T) {
	d := cudatest.Open(t)
	if d.Name() == "" || d.TotalMemory() < 1<<29 || d.Multiprocessors() < 1 {
		t.Errorf("the device is %q with %d bytes and %d multiprocessors", d.Name(), d.TotalMemory(), d.Multiprocessors())
	}
	t.Log(d.Describe())
	if !regexp.MustCompile(`^.+, \d+ multiprocessors, [\d.]+ GiB, compute capability \d+\.\d, CUDA \d+\.\d$`).MatchString(d.Describe()) {
		t.Errorf("the device is described as %q", d.Describe())
	}
	check(t, d.Synchronize())
	if !cudatest.Real() && d.Describe() != "host, 4 multiprocessors, 1 GiB, compute capability 9.0, CUDA 13.0" {
		t.Errorf("the device is described as %q", d.Describe())
	}
	if major, minor := d.Capability(); major < 7 || minor < 0 {
		t.Errorf("the capability is %d.%d", major, minor)
	}
}

func TestOpenTwice(t *testing.T) {
	first := cudatest.Open(t)
	second, err := cuda.Open("cuda")
	check(t, err)
	check(t, second.Close())
	check(t, second.Close())
	check(t, first.Synchronize())
	saysNo(t, second.Synchronize(), 0, "cuda: Synchronize: the device must be open")
}

func TestOpenWrongName(t *testing.T) {
	for _, name := range []string{"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1:2", "cuda:4294967296", "0"} {
		_, err := cuda.Open(name)
		if err == nil || !strings.HasPrefix(err.Error(), "cuda: Open: device must be cuda or cuda:N, got ") {
			t.Errorf("Open(%q) gives %v", name, err)
		}
	}
}

func TestOpenWrongNumber(t *testing.T) {
	cudatest.Live(t)
	_, err := cuda.Open("cuda:3")
	saysNo(t, err, 0, "cuda: Open: device must be cuda:0, the only one, got cuda:3")
}

func TestOpenWithoutDevice(t *testing.T) {
	cudatest.WithoutDevice(t)
	_, err := cuda.Open("cuda")
	saysNo(t, err, cuda.NoDevice, "cuda: Open: no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE)")
}

func TestOpenWithoutDriver(t *testing.T) {
	cudatest.Library(t)
	t.Setenv(cuda.Variable, "/nowhere/libcuda.so.1")
	_, err := cuda.Open("cuda")
	if err == nil || !strings.HasPrefix(err.Error(), "cuda: Open: there must be an NVIDIA driver, got none: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
	// A library without the driver's functions.
	t.Setenv(cuda.Variable, "libc.so.6")
	_, err = cuda.Open("cuda")
	saysNo(t, err, 0, "cuda: Open: libc.so.6 must have cuInit, which NVIDIA's drivers have since CUDA 10.1")
}

// Each step of opening can fail, and keeps nothing.
func TestOpenFails(t *testing.T) {
	before := cudatest.Live(t)
	for _, function := range []string{
		"cuInit", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute", "cuDevicePrimaryCtxRetain",
	} {
		cudatest.Fail(t, function, 0, cuda.OutOfMemory)
		_, err := cuda.Open("cuda")
		saysNo(t, err, cuda.OutOfMemory, "cuda: Open: out of memory (CUDA_ERROR_OUT_OF_MEMORY)")
	}
	if n := cudatest.Live(t); n != before {
		t.Errorf("%d things are left", n-before)
	}
}

func TestCloseFails(t *testing.T) {
	other := cudatest.Open(t)
	d, err := cuda.Open("cuda")
	check(t, err)
	m := must(d.Alloc(4))(t)
	left := m.On(other)
	saysNo(t, d.Close(), 0, "cuda: Close: all that belongs to the device must have been freed or closed, got 1 that were not")
	saysNo(t, m.Free(), 0, "cuda: Free: the device must be open")
	check(t, left.Free())
}

func TestUnknownCode(t *testing.T) {
	d := cudatest.Open(t)
	cudatest.Fail(t, "cuCtxSynchronize", 0, 4711)
	saysNo(t, d.Synchronize(), 4711, "cuda: Synchronize: the driver gives error 4711")
}
