package main

import "github.com/gorgonia-dropout/dropout/internal/kernel/assembly"

var (
	lanes64 = assembly.Table("lanes64", wide(0, 1, 2, 3, 4, 5, 6, 7)...)

	// laneBits and laneBits64 have a bit for each lane of four vectors.
	laneBits   = assembly.Table("lane_bits", powers(32)...)
	laneBits64 = assembly.Table("lane_bits64", wide(powers(16)...)...)
)

func powers(n int) []uint32 {
	p := make([]uint32, n)
	for i := range p {
		p[i] = 1 << i
	}
	return p
}

// wide are words of 64 bits.
func wide(words ...uint32) []uint32 {
	w := make([]uint32, 2*len(words))
	for i, x := range words {
		w[2*i] = x
	}
	return w
}
