//go:build !noasm

package pool

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -neon ../pool_arm64.s

// maxPairsWith and maxPairsBackWith are maxPairs and maxPairsBack by the kernels of a set:
// four results at a time, what is left in Go.
func maxPairsWith(set isa.Set, y, x []float32, width int) {
	n := vectors(set, len(y))
	if n > 0 {
		maxPairsNEON(&y[0], &x[0], width, n)
	}
	if n < len(y) {
		maxPairs(y[n:], x[2*n:], width)
	}
}

func maxPairsBackWith(set isa.Set, dx, x, y, dy []float32, width int) {
	n := vectors(set, len(y))
	if n > 0 {
		maxPairsBackNEON(&dx[0], &x[0], &y[0], &dy[0], width, n)
	}
	if n < len(y) {
		maxPairsBack(dx[2*n:], x[2*n:], y[n:], dy[n:], width)
	}
}

// vectors returns how many of n results vector instructions compute.
func vectors(set isa.Set, n int) int {
	if set == isa.Generic {
		return 0
	}
	return n &^ 3
}

// maxPairsNEON is maxPairs of a positive multiple of 4 results.
//
//go:noescape
func maxPairsNEON(y, x *float32, width, n int)

// maxPairsBackNEON is maxPairsBack of a positive multiple of 4 results.
//
//go:noescape
func maxPairsBackNEON(dx, x, y, dy *float32, width, n int)
