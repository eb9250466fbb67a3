//go:build !noasm

package peak

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -neon ../peak_arm64.s

// chains is the number of vectors that a turn of the loop adds to.
const chains = 16

// chainsNEON adds n times the square of x to each element of 16 vectors, which begin as x, and
// sets sum to the sum of their first elements.
//
//go:noescape
func chainsNEON(sum *float32, n int, x float32)

// loopOf returns the loop of an instruction set, nil if there is none, and how many
// multiply-adds it does in a turn.
func loopOf(set isa.Set) (run loop, turn int) {
	if set == isa.NEON {
		return chainsNEON, chains * 4
	}
	return nil, 0
}
