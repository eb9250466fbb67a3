//go:build !noasm

package units

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// chooseGroups chooses what vector instructions can, and returns which groups that is.
func chooseGroups[F Float](set isa.Set, dst, src []F, u *Units, from, to, ahead int) Groups {
	if set == isa.Generic {
		return Groups{}
	}
	g := u.Groups(from, to)
	if len(g.Bits) == 0 {
		return g
	}
	switch dst := any(dst).(type) {
	case []float32:
		src, _ := any(src).([]float32)
		choose32(&dst[g.From], &src[g.First], &g.Bits[0], len(g.Bits), 4*ahead)
	case []float64:
		src, _ := any(src).([]float64)
		choose64(&dst[g.From], &src[g.First], &g.Bits[0], len(g.Bits), 8*ahead)
	}
	return g
}
