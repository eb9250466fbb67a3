//go:build noasm || !(amd64 || arm64)

package pool

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func maxPairsWith(_ isa.Set, y, x []float32, width int) { maxPairs(y, x, width) }

func maxPairsBackWith(_ isa.Set, dx, x, y, dy []float32, width int) {
	maxPairsBack(dx, x, y, dy, width)
}
