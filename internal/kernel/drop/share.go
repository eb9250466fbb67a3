package drop

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Share returns how many cores pay for the n elements of a mask from the given one on, and
// the parts that they take one by one: each begins with a group of the mask, so that no
// group is drawn twice, and no two cores write to one cache line of an aligned slice.
func Share(set isa.Set, n int, offset uint64) (cores int, parts parallel.Parts) {
	grain := grainOf(set)
	// Several parts for a core: at the end it waits for the part of another one at most,
	// which may be interrupted for other programs.
	return parallel.Workers(n, grain), parallel.Parts{N: n, Size: grain / 4, Skip: int(offset % GroupSize)}
}

// grainOf is the number of elements that pay for a goroutine.
func grainOf(set isa.Set) int {
	if set == isa.Generic {
		return 1 << 13
	}
	return 1 << 16
}
