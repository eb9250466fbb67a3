package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// Elementwise is the kernels "relu" and "sigmoid", nn.ReLU and nn.Sigmoid. Y may be X.
type Elementwise struct {
	Y, X remote.Pointer
	N    int64
}

// ElementwiseBack is the kernels "relu_back" and "sigmoid_back", their derivatives from
// their results. DX may be Y or DY.
type ElementwiseBack struct {
	DX, Y, DY remote.Pointer
	N         int64
}
