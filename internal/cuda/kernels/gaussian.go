package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// Noise is the memory of normal noise of mean 1: the host writes it before each run.
type Noise struct {
	Seed, Step uint64
	Layer      uint32
	_          uint32
	Sigma      float64 // 0: nothing is changed
}

// Gaussian is the kernel "gaussian", Gaussian dropout: y is x times element i/Inner of the
// noise, that of mask.Gaussian. Y may be X.
type Gaussian struct {
	Y, X  remote.Pointer
	N     int64
	Inner int64 // as of Drop
	Noise remote.Pointer
}
