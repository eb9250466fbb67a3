package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// Mask is the memory of a mask of package drop: the host writes it before each run.
type Mask struct {
	Seed, Step uint64
	Layer      uint32
	Threshold  uint32
	Scale      float32 // drop.Scale(Threshold)
	_          uint32
}

// Drop is the kernel "drop", dropout: y is x times the scale where element i/Inner of the
// mask is kept, else +0. Y may be X.
type Drop struct {
	Y, X  remote.Pointer
	N     int64
	Inner int64 // positive; 1: no elements share an element of the mask
	Mask  remote.Pointer
}
