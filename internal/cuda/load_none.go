//go:build !((linux || darwin || windows) && !android && !ios && (amd64 || arm64)) || gonumblas

package cuda

import "github.com/pkg/errors"

// loads tells whether this build can load libraries. It cannot, so there is
// nothing to look up or call.
const loads = false

func load(string) (uintptr, error)     { return 0, errors.New("not supported") }
func symbol(uintptr, string) uintptr   { return 0 }
func invoke(uintptr, ...uintptr) int32 { return 0 }
