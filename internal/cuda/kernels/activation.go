package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// ReLU is the kernel "relu", nn.ReLU. Y may be X.
type ReLU struct {
	Y, X remote.Pointer
	N    int64
}

// ReLUBack is the kernel "relu_back", the derivative of nn.ReLU from its result. DX may be
// Y or DY.
type ReLUBack struct {
	DX, Y, DY remote.Pointer
	N         int64
}

// Sigmoid is the kernel "sigmoid", nn.Sigmoid. Y may be X.
type Sigmoid struct {
	Y, X remote.Pointer
	N    int64
}

// SigmoidBack is the kernel "sigmoid_back", the derivative of nn.Sigmoid from its result.
// DX may be Y or DY.
type SigmoidBack struct {
	DX, Y, DY remote.Pointer
	N         int64
}
