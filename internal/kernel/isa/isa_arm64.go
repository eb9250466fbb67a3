//go:build !noasm

package isa

// Supported lists the sets of this processor, the best last. Every arm64 processor
// has NEON.
func Supported() []Set { return []Set{Generic, NEON} }
