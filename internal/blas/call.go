//go:build (linux || darwin || windows) && !android && !ios && (amd64 || arm64) && !gonumblas

package blas

import (
	"bytes"
	"unsafe"

	"github.com/ebitengine/purego"
)

// loads tells whether this build can load libraries.
const loads = true

// call calls the C function fn. Pointers converted to uintptr in the call stay
// alive until it returns.
//
//go:uintptrescapes
func call(fn uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(fn, args...)
	return r
}

// text calls the C function fn, which returns a string.
func text(fn uintptr) string {
	var f func() string
	purego.RegisterFunc(&f, fn)
	return f()
}

// written calls the C function fn, which writes a string into a buffer.
func written(fn uintptr) string {
	buf := make([]byte, 256)
	call(fn, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)-1))
	s, _, _ := bytes.Cut(buf, []byte{0})
	return string(s)
}
