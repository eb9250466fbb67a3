//go:build (linux || darwin) && !android && !ios && (amd64 || arm64) && !gonumblas

package cudatest

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
)

// loads tells whether this build can load the driver for tests.
const loads = true

// invoke calls a function that the driver for tests has more than NVIDIA's.
//
//go:uintptrescapes
func invoke(path, name string, args ...uintptr) int {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		panic(err)
	}
	fn, err := purego.Dlsym(handle, name)
	if err != nil {
		panic(err)
	}
	r, _, _ := purego.SyscallN(fn, args...)
	return int(int32(r))
}

func fail(path, function string, after int, code cuda.Code) {
	name := append([]byte(function), 0)
	invoke(path, "fake_fail", uintptr(unsafe.Pointer(&name[0])), uintptr(after), uintptr(code))
}

func heal(path string)                   { invoke(path, "fake_heal") }
func slow(path string, microseconds int) { invoke(path, "fake_slow", uintptr(microseconds)) }
func reset(path string)                  { invoke(path, "fake_reset") }
func withoutDevice(path string)          { invoke(path, "fake_without_device") }

// live returns how much the driver for tests has, 0 for another.
func live(path string) int {
	if path == "" {
		return 0
	}
	return invoke(path, "fake_live")
}
