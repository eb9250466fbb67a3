// Package formula says what the ops of a graph compute, for code that writes
// graphs in other formats.
package formula

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// Of returns what the op of n computes, one of this package's types: the result
// of its function's method Formula() any. It is nil if that is not known.
func Of(n *gorgonia.Node) any {
	if f, ok := op.FunctionOf(n).(interface{ Formula() any }); ok {
		return f.Formula()
	}
	return nil
}

// Dense is the product of the rows x and the matrix w, (inputs, outputs), plus
// the third input if there is a Bias.
type Dense struct {
	Bias, ReLU bool
	Dropout    float64 // of the results, as they are given to the next op
}

// A Window is the geometry of a convolution or pooling, for height and width.
type Window struct{ Kernel, Stride, Padding, Dilation [2]int }

// Conv is a convolution of x with the filters w, plus the third input if there
// is a Bias. Its channels are in Groups, of which there is at least one.
type Conv struct {
	Window
	Groups     int
	Bias, ReLU bool
}

// MaxPool and AvgPool take the maximum or the mean of what is under a window;
// zeros of the padding count.
type (
	MaxPool struct{ Window }
	AvgPool struct{ Window }
)

// GlobalAvgPool is the mean of each image, (N, C, H, W) to (N, C).
type GlobalAvgPool struct{}

// Reshape gives the elements of x the node's shape, of which the first axis is as
// long as it must be.
type Reshape struct{}

// MatMul is the product of the last two axes of two inputs, of which the second
// may be one matrix for all.
type MatMul struct{ TransA, TransB bool }

// An Activation is a function of each element.
type Activation uint8

// The activations.
const (
	ReLU Activation = iota
	GELU
	GELUTanh
	SELU
	Sigmoid
)

// LeakyReLU multiplies negative elements by Slope.
type LeakyReLU struct{ Slope float64 }

// Softmax is that of the last axis, or its logarithm.
type Softmax struct{ Log bool }

// BatchNorm is (x-mean)/sqrt(variance+eps)·gamma + beta, of x, gamma, beta and
// the statistics of [BatchStats].
type BatchNorm struct{}

// BatchStats are the statistics of a [BatchNorm]: those of a batch unless they
// are Fixed.
type BatchStats struct {
	Mean, Variance *tensor.Dense
	Epsilon        float64
	Fixed          bool
}

// LayerNorm normalizes the last axes of x, as many as gamma has, and applies
// gamma and beta.
type LayerNorm struct {
	Epsilon float64
	Axes    int
}

// Embedding selects rows of the first input by the ids of the second, which may
// be floats.
type Embedding struct{}

// Positions adds the first rows of the second input to each sequence of x.
type Positions struct{}

// Attention is multi-head self-attention of queries, keys and values that are
// concatenated along the last axis.
type Attention struct {
	Heads   int
	Causal  bool
	Dropout float64 // of the weights
}

// Recurrent is a layer of LSTM or, with fewer gates, GRU, of x, both weights and
// both biases, with zeros as the first states.
type Recurrent struct {
	Gates int  // 4: LSTM in the order i, f, g, o; 3: GRU in the order r, z, n
	Noise bool // states are disturbed, or mixed in evaluation
}

// Dropout zeroes elements of x with probability P, by a mask that is shared over
// axes, and scales the others by Scale. With a Shift or a Dropped the elements
// are kept·Scale + Shift, or Dropped.
type Dropout struct {
	P                     float64
	Shared                []bool // by axis; nil: none
	Scale, Shift, Dropped float64
}
