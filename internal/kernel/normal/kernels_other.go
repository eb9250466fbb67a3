//go:build noasm || !amd64

package normal

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func middle(isa.Set, []float64, []uint32) int { return 0 }
