//go:build (linux || darwin) && !android && !ios && (amd64 || arm64) && !gonumblas

package blas

import (
	"unsafe"

	"github.com/ebitengine/purego"
)

// load loads a library. It stays loaded: its threads cannot be taken back.
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

// impatient has OpenBLAS's threads sleep soon after a product, unless the
// environment says how long they wait: OpenBLAS reads the variable when it is loaded.
// By default they try for 2^26 cycles to get the next product, for as long as a
// training step takes, on cores that Go needs for everything else.
func impatient() {
	setenv := symbol(purego.RTLD_DEFAULT, "setenv")
	if setenv == 0 {
		return
	}
	name, value := []byte(timeoutVariable+"\x00"), []byte(timeout+"\x00")
	const overwrite = 0
	call(setenv, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&value[0])), overwrite)
}

// OpenBLAS's variable for the binary logarithm of the cycles that its threads wait,
// and our value: some ten microseconds, in which products that follow each other
// find the threads awake.
const (
	timeoutVariable = "OPENBLAS_THREAD_TIMEOUT"
	timeout         = "16"
)
