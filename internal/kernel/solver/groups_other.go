//go:build noasm || !amd64

package solver

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

func momentumGroups32(isa.Set, []float32, []float32, []float32, float32, float32, *units.Units, int, int, int) units.Groups {
	return units.Groups{}
}
