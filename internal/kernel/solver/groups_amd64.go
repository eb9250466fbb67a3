//go:build !noasm

package solver

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

// momentumGroups32 updates the groups of units that vector instructions can, and returns
// which those are.
func momentumGroups32(set isa.Set, w, g, v []float32, lr, mu float32, at *units.Units, from, to, ahead int) units.Groups {
	if set == isa.Generic {
		return units.Groups{}
	}
	groups := at.Groups(from, to)
	if n := len(groups.Bits); n > 0 {
		first, end := groups.First, groups.First+8*n
		w, v = w[first:end], v[first:end]
		momentumGroups(&w[0], &g[groups.From], &v[0], &groups.Bits[0], n, 4*ahead, lr, mu)
	}
	return groups
}
