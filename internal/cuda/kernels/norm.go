package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda"

// MaxNorm is the kernel "max_norm", optim.MaxNorm of parameters seen as Outer x Units x
// Inner numbers. A block takes [MaxNorm.Each] units at a time.
type MaxNorm struct {
	W                   cuda.Pointer
	Outer, Units, Inner int32
	_                   int32
	C                   float64
}

// Each returns the number of units that a block takes at a time.
func (m MaxNorm) Each() int {
	if m.Inner == 1 {
		return 16
	}
	return 32
}
