//go:build !noasm

package normal

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// middle computes the middle part of the distribution for the first words,
// whether they lie in it or not, and returns how many it did.
func middle(set isa.Set, dst []float64, words []uint32) int {
	n := len(words) &^ 3
	if set == isa.Generic || n == 0 {
		return 0
	}
	middleAVX2(&dst[0], &words[0], n)
	return n
}
