package main

import (
	"sync"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// table returns read-only memory of 32-bit words, written once.
func table(name string, words ...uint32) func() Mem {
	return sync.OnceValue(func() Mem {
		m := GLOBL(name, 8|16) // RODATA|NOPTR
		for i, w := range words {
			DATA(4*i, U32(w))
		}
		return m
	})
}

var (
	lanes = table("lanes", 0, 1, 2, 3, 4, 5, 6, 7)

	// inLane takes the bytes of a 128-bit lane, the mask of half h of block l
	// at 2l+h for each of two words, to those of four blocks side by side;
	// acrossLanes then does so for eight.
	inLane = table("in_lane",
		0x06040200, 0x07050301, 0x0e0c0a08, 0x0f0d0b09,
		0x06040200, 0x07050301, 0x0e0c0a08, 0x0f0d0b09)
	acrossLanes = table("across_lanes", 0, 4, 1, 5, 2, 6, 3, 7)

	// elementOrder takes the 16-bit quarters 4l+h of the lanes of two words of
	// the state to the order of elements.
	elementOrder = table("element_order",
		4<<16|0, 12<<16|8, 20<<16|16, 28<<16|24,
		5<<16|1, 13<<16|9, 21<<16|17, 29<<16|25,
		36<<16|32, 44<<16|40, 52<<16|48, 60<<16|56,
		37<<16|33, 45<<16|41, 53<<16|49, 61<<16|57)

	lanes64 = table("lanes64", wide(0, 1, 2, 3, 4, 5, 6, 7)...)

	// laneBits and laneBits64 have a bit for each lane of four vectors.
	laneBits   = table("lane_bits", powers(32)...)
	laneBits64 = table("lane_bits64", wide(powers(16)...)...)
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
