//go:build windows && (amd64 || arm64) && !gonumblas

package cuda

import "syscall"

// load loads a library, which stays loaded: a driver cannot be unloaded.
func load(name string) (uintptr, error) {
	handle, err := syscall.LoadLibrary(name)
	return uintptr(handle), err
}

// symbol returns the address of a function, 0 if there is none.
func symbol(handle uintptr, name string) uintptr {
	addr, err := syscall.GetProcAddress(syscall.Handle(handle), name)
	if err != nil {
		return 0
	}
	return addr
}
