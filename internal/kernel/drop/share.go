package drop

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Share returns how many cores are worth using for n elements of a mask from
// element offset on, and the parts that they take one by one. Each part begins
// with a group of the mask, so no group is drawn twice, and no two cores write
// to one cache line of an aligned slice.
func Share(set isa.Set, n int, offset uint64) (cores int, parts parallel.Parts) {
	grain := grainOf(set)
	// Several parts a core: at the end it waits at most for the part of another
	// core, which other programs may have interrupted.
	return parallel.Workers(n, grain), parallel.Parts{N: n, Size: grain / 4, Skip: int(offset % GroupSize)}
}

// grainOf returns the number of elements that are worth a goroutine.
func grainOf(set isa.Set) int {
	if set == isa.Generic {
		return 1 << 13
	}
	return 1 << 16
}
