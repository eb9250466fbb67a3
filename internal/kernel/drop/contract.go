// Package drop draws and applies dropout masks. It is the reference of the
// mask contract: which element of which tensor is dropped at which step.
//
// # The contract
//
// A mask is a pure function of (seed, layer, step, p) and of the element's
// index; it is never stored. The random bits are Philox4x32-10 (package
// philox) with
//
//	key     = (low32(seed), high32(seed))
//	counter = (block, layer, low32(step), high32(step))
//
// Element i of a tensor in row-major logical order belongs to group g = i/64
// and has place e = i%64 in it, with lane l = e%8, half h = (e/8)%2 and word
// j = e/16. Its 16 random bits u are half h (0: low, 1: high) of word j of
// block 8g+l. The element is dropped if and only if u < T, where the threshold
// T = round(p*65536). Kept elements are multiplied by 65536/(65536-T), the
// reciprocal of the true keep probability, so that the mean is exact. Dropped
// elements are +0 even where the input is NaN or infinite.
//
// T = 0 keeps and T = 65536 drops everything, without a random draw. Block
// numbers are 32 bits wide, so the mask of a tensor repeats after 2^35
// elements.
//
// # Instruction sets
//
// The contract is written in Go once, as bitsGeneric. What runs gives the same
// bits: Go, or assembly written by the program in gen, for the instruction set
// that package isa chooses. Dividing large slices among cores does not change
// the result.
package drop

import "math"

// GroupSize is the number of elements that share one group of eight Philox
// blocks: one bit each of a uint64 of mask bits.
const GroupSize = 64

// Always is the threshold at which every element is dropped.
const Always = 1 << 16

// Stream identifies a mask: the run's seed, the id of the dropout layer and the
// training step.
type Stream struct {
	Seed  uint64
	Layer uint32
	Step  uint64
}

// Threshold returns T = round(p*65536), clamped to [0, 65536]. It is 0 for NaN.
func Threshold(p float64) uint32 {
	t := math.Round(p * Always)
	switch {
	case !(t > 0):
		return 0
	case t >= Always:
		return Always
	}
	return uint32(t)
}

// Scale returns 65536/(65536-t), the factor of kept elements under threshold t,
// and 0 if nothing is kept.
func Scale(t uint32) float64 {
	if t >= Always {
		return 0
	}
	return Always / float64(Always-t)
}
