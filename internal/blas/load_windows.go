//go:build windows && (amd64 || arm64) && !gonumblas

package blas

import "syscall"

// load loads a library, which stays loaded because its threads cannot be
// stopped.
func load(name string) (uintptr, error) {
	handle, err := syscall.LoadLibrary(name)
	return uintptr(handle), err
}

// symbol returns the address of a routine, 0 if there is none.
func symbol(handle uintptr, name string) uintptr {
	addr, err := syscall.GetProcAddress(syscall.Handle(handle), name)
	if err != nil {
		return 0
	}
	return addr
}

// file returns the path of the library that has a routine, "" if it is not known:
// Windows loads what [locate] has found.
func file(uintptr) string { return "" }
