//go:build (linux || darwin) && !android && !ios && (amd64 || arm64) && !gonumblas

package blas

import (
	"unsafe"

	"github.com/ebitengine/purego"
)

// load loads a library, which stays loaded because its threads cannot be
// stopped.
func load(name string) (uintptr, error) {
	impatient()
	return purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

// symbol returns the address of a routine, 0 if there is none.
func symbol(handle uintptr, name string) uintptr {
	addr, err := purego.Dlsym(handle, name)
	if err != nil {
		return 0
	}
	return addr
}

// file returns the path of the library that has a routine, "" if it is not known.
func file(routine uintptr) string {
	dladdr := symbol(purego.RTLD_DEFAULT, "dladdr")
	if dladdr == 0 {
		return ""
	}
	var info struct { // Dl_info
		name    *byte
		_, _, _ uintptr
	}
	if int32(call(dladdr, routine, uintptr(unsafe.Pointer(&info)))) == 0 || info.name == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(info.name), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(info.name, n))
}

// impatient makes OpenBLAS's threads sleep soon after a product, unless the
// environment says how long they wait. OpenBLAS reads the variable when it is
// loaded. By default its threads spin for 2^26 cycles, waiting for work, which
// is as long as a training step, on cores that Go needs for everything else.
func impatient() {
	setenv := symbol(purego.RTLD_DEFAULT, "setenv")
	if setenv == 0 {
		return
	}
	name, value := []byte(timeoutVariable+"\x00"), []byte(timeout+"\x00")
	const overwrite = 0
	call(setenv, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&value[0])), overwrite)
}

// OpenBLAS's variable for the binary logarithm of the cycles that its threads
// wait, and our value: some ten microseconds, so that consecutive products find
// the threads awake.
const (
	timeoutVariable = "OPENBLAS_THREAD_TIMEOUT"
	timeout         = "16"
)
