//go:build noasm || !(amd64 || arm64)

package isa

// Supported lists the sets of this processor, the best last.
func Supported() []Set { return []Set{Generic} }
