//go:build (linux || darwin || windows) && !android && !ios && (amd64 || arm64) && !gonumblas

package cuda

import "github.com/ebitengine/purego"

// loads tells whether this build can load libraries.
const loads = true

// invoke calls a function of the driver and returns its code. Pointers converted
// to uintptr in the call stay alive until it returns.
//
//go:uintptrescapes
func invoke(fn uintptr, args ...uintptr) int32 {
	r, _, _ := purego.SyscallN(fn, args...)
	return int32(r)
}
