package models

import (
	"strconv"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
)

// A Fuser is a layer that a [Sequential] may compute together with its
// neighbours.
type Fuser interface {
	Layer
	// Fusion tells the layer's neighbours what it computes. Where one op
	// computes several layers, this one is not applied.
	Fusion() Fusion
}

// A Fusion says what a layer computes, as far as an op can compute it along
// with another layer. The zero value is a layer that is applied by itself.
type Fusion struct {
	// Weights is set for a layer x·w + b, from (batch, Inputs) to (batch,
	// Units): it returns the parameters for inputs of the given shape, with a
	// nil b for no bias, or an error if the shape does not fit. Inputs of 0
	// accept any number.
	Weights       func(s *Scope, input tensor.Shape) (w, b *gorgonia.Node, err error)
	Inputs, Units int

	// WithReLU adds the layer and a following ReLU to the graph of x as one op.
	WithReLU func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error)

	// Elementwise is true for a function of each element alone; Activation is
	// that function, if ops know it.
	Elementwise bool
	Activation  nn.Activation

	// Maxima is true for a layer that selects the largest element of each
	// window: it may come before an increasing function or after it.
	Maxima bool

	// Dropout stands for [ops.Dropout], and Submatrix for [ops.ExactK], with
	// probability P and the model's stream.
	Dropout, Submatrix bool
	P                  float64
}

// fusion returns what layer i tells its neighbours, the zero value if there is
// no such layer.
func (q Sequential) fusion(i int) Fusion {
	if i >= len(q) {
		return Fusion{}
	}
	if f, ok := q[i].(Fuser); ok {
		return f.Fusion()
	}
	return Fusion{}
}

// fuse applies the layers from i on that are computed together, and returns how
// many they are and their output. n is 0 if there are none.
func (q Sequential) fuse(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	if !s.graph.fused {
		return 0, nil, nil
	}
	for _, rule := range []func(*Scope, int, *gorgonia.Node) (int, *gorgonia.Node, error){
		q.fuseSubmatrices, q.fuseLinear, q.fuseReLU, q.swapReLU,
	} {
		if n, y, err = rule(s, i, x); n > 0 || err != nil {
			return n, y, err
		}
	}
	return 0, nil, nil
}

// fuseLinear applies a linear layer as one op with the activation and the
// dropout after it, as far as they are there.
func (q Sequential) fuseLinear(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	l := q.fusion(i)
	if l.Weights == nil {
		return 0, nil, nil
	}
	child := func() *Scope { return s.Child(strconv.Itoa(i + n)) }
	w, b, err := l.Weights(child(), x.Shape())
	if err != nil {
		return 0, nil, err
	}
	n++
	act := q.fusion(i + n).Activation
	if act != nn.ActivationNone {
		place := child()
		defer func() { place.observe(y) }()
		n++
	}
	if d := q.fusion(i + n); d.Dropout {
		place := child()
		n++
		stream, ok, err := place.dropoutStream("Dropout", d.P)
		if err != nil {
			return 0, nil, err
		}
		if ok && d.P > 0 {
			y, err = nn.DenseDropout(x, w, b, act, d.P, stream)
			return n, y, s.Wrap(err, "Sequential")
		}
	}
	y, err = nn.Dense(x, w, b, act)
	return n, y, s.Wrap(err, "Sequential")
}

// fuseReLU applies a layer and the ReLU after it as one op, unless a pooling
// takes the ReLU.
func (q Sequential) fuseReLU(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	l := q.fusion(i)
	if l.WithReLU == nil || q.fusion(i+1).Activation != nn.ActivationReLU || q.swaps(s, i+1) {
		return 0, nil, nil
	}
	if y, err = l.WithReLU(s.Child(strconv.Itoa(i)), x); err != nil {
		return 0, nil, err
	}
	s.Child(strconv.Itoa(i + 1)).observe(y)
	return 2, y, nil
}

// swaps reports whether layer i is a ReLU that is computed after the pooling
// that follows it. Evaluation graphs keep the order, so that Activations has
// every element of an activation.
func (q Sequential) swaps(s *Scope, i int) bool {
	return s.graph.mode != Eval && q.fusion(i).Activation == nn.ActivationReLU && q.fusion(i+1).Maxima
}

// swapReLU applies a ReLU and the pooling after it in the opposite order.
func (q Sequential) swapReLU(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	if !q.swaps(s, i) {
		return 0, nil, nil
	}
	if y, err = s.Apply(strconv.Itoa(i+1), q[i+1], x); err != nil {
		return 0, nil, err
	}
	if y, err = s.Apply(strconv.Itoa(i), q[i], y); err != nil {
		return 0, nil, err
	}
	return 2, y, nil
}
