package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// LinearBack is the kernel "linear_back", the gradient of the sums of nn.Dense from its
// result y and the gradient of that. DZ has a row more, for the sums of the columns.
type LinearBack struct {
	DZ, DY, Y  remote.Pointer // Y is of use with ReLU only
	Rows, Cols int32
	ReLU       int32 // 1: a gradient passes where y is positive
	_          int32
	Mask       remote.Pointer // 0: nothing is dropped
}
