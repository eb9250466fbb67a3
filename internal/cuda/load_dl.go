//go:build (linux || darwin) && !android && !ios && (amd64 || arm64) && !gonumblas

package cuda

import "github.com/ebitengine/purego"

// load loads a library, which stays loaded: a driver cannot be unloaded.
func load(name string) (uintptr, error) {
	return purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

// symbol returns the address of a function, 0 if there is none.
func symbol(handle uintptr, name string) uintptr {
	addr, err := purego.Dlsym(handle, name)
	if err != nil {
		return 0
	}
	return addr
}
