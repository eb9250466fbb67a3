//go:build (linux || darwin) && !android && !ios && (amd64 || arm64) && !gonumblas

package cudatest

import (
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
)

// loads tells whether this build can load the driver for tests.
const loads = true

// invoke calls a function that the driver for tests has more than NVIDIA's.
//
//go:uintptrescapes
func invoke(t testing.TB, path, name string, args ...uintptr) int {
	t.Helper()
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		t.Fatal(err)
	}
	fn, err := purego.Dlsym(handle, name)
	if err != nil {
		t.Fatal(err)
	}
	r, _, _ := purego.SyscallN(fn, args...)
	return int(int32(r))
}

func fail(t testing.TB, path, function string, after int, code cuda.Code) {
	t.Helper()
	name := append([]byte(function), 0)
	invoke(t, path, "fake_fail", uintptr(unsafe.Pointer(&name[0])), uintptr(after), uintptr(code))
}

func heal(t testing.TB, path string) {
	t.Helper()
	invoke(t, path, "fake_heal")
}

func slow(t testing.TB, path string, microseconds int) {
	t.Helper()
	invoke(t, path, "fake_slow", uintptr(microseconds))
}

func reset(t testing.TB, path string) {
	t.Helper()
	invoke(t, path, "fake_reset")
}

func withoutDevice(t testing.TB, path string) {
	t.Helper()
	invoke(t, path, "fake_without_device")
}

// live returns how much the driver for tests has, 0 for another.
func live(t testing.TB, path string) int {
	t.Helper()
	if path == "" {
		return 0
	}
	return invoke(t, path, "fake_live")
}
