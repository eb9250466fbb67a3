package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// MaxNorm is the kernel "max_norm", optim.MaxNorm of parameters seen as Outer x Units x
// Inner numbers. A block takes [MaxNorm.Each] units at a time.
type MaxNorm struct {
	W                   remote.Pointer
	Outer, Units, Inner int32
	_                   int32
	C                   float64
	Loss                remote.Pointer // as of SGD
}

// Each returns the number of units that a block takes at a time.
func (m MaxNorm) Each() int {
	if m.Inner == 1 {
		return 16
	}
	return 32
}

// ClipTask is the number of elements of a gradient that [ClipSquares] adds together.
const ClipTask = 1 << 14

// ClipSquares is the kernel "clip_squares": sums of the squares of ClipTask elements of a
// gradient each, for optim's ClipNorm. A block has a sum.
type ClipSquares struct {
	Sums      remote.Pointer // float64
	G         remote.Pointer
	N         int64
	ClipValue float64 // bounds the elements; 0: nothing does
}

// ClipFactor is the kernel "clip_factor", on one block: what optim's ClipNorm multiplies
// all gradients by, from the sums of all of them in the order of the parameters. Without
// ClipValue it is right for gradients of all sizes; with one, for one below 1e150.
type ClipFactor struct {
	Factor   remote.Pointer
	Sums     remote.Pointer // float64
	Tasks    int32
	_        int32
	ClipNorm float64
}
