//go:build !noasm

package isa

import "golang.org/x/sys/cpu"

// Supported lists the sets of this processor, the best last.
func Supported() []Set {
	sets := []Set{Generic}
	if x := cpu.X86; x.HasAVX2 && x.HasFMA && x.HasPOPCNT {
		sets = append(sets, AVX2)
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ {
			sets = append(sets, AVX512)
		}
	}
	return sets
}
