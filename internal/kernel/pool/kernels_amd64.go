//go:build !noasm

package pool

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// maxPairsWith and maxPairsBackWith are maxPairs and maxPairsBack by the kernels of a set.
func maxPairsWith(set isa.Set, y, x []float32, width int) {
	if set == isa.Generic || len(y) == 0 {
		maxPairs(y, x, width)
		return
	}
	maxPairsAVX2(&y[0], &x[0], width, len(y))
}

func maxPairsBackWith(set isa.Set, dx, x, y, dy []float32, width int) {
	if set == isa.Generic || len(y) == 0 {
		maxPairsBack(dx, x, y, dy, width)
		return
	}
	maxPairsBackAVX2(&dx[0], &x[0], &y[0], &dy[0], width, len(y))
}
