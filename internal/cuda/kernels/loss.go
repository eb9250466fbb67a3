package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// XentRows is the kernel "xent_rows", the losses of nn.SoftmaxCrossEntropy for labels,
// without weights. The loss of a label that is no class is NaN.
type XentRows struct {
	Losses        remote.Pointer // float64
	Logits        remote.Pointer
	Labels        remote.Pointer // int64
	Rows, Classes int32
	Smoothing     float64
}

// XentMean is the kernel "xent_mean", on one block: y is the sum of the losses times the
// scale.
type XentMean struct {
	Y      remote.Pointer
	Losses remote.Pointer // float64
	Rows   int32
	_      int32
	Scale  float64
}

// XentGrad is the kernel "xent_grad", the gradient of the logits.
type XentGrad struct {
	DX, Logits    remote.Pointer
	Labels        remote.Pointer // int64
	DY            remote.Pointer // one number, the gradient of the scaled sum
	Rows, Classes int32
	Smoothing     float64
	Scale         float64
}
