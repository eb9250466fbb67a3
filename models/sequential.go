package models

import (
	"strconv"

	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// Sequential applies layers one after the other. Its parts are named by number.
//
// A Linear layer is joined with a ReLU and a Dropout behind it to one op, and Conv2d
// with a ReLU, which gives the same numbers within rounding; see WithPlainOps. Linear
// layers with Submatrix between them are thinned to the units that it keeps. But for
// evaluation a ReLU in front of a MaxPool2d is computed behind it, of fewer elements,
// which gives the same numbers.
type Sequential []Layer

// Apply applies the layers in order.
func (q Sequential) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	for i, layer := range q {
		if layer == nil {
			return nil, s.Errorf("Sequential: layer %d must be a layer, got nil", i)
		}
	}
	for i := 0; i < len(q); {
		before := len(s.graph.AllNodes())
		n, y, err := q.thinned(s, i, x)
		if n == 0 && err == nil {
			n, y, err = q.fused(s, i, x)
		}
		if n == 0 && err == nil {
			n, y, err = q.convolved(s, i, x)
		}
		if n == 0 && err == nil {
			n, y, err = q.pooled(s, i, x)
		}
		if n == 0 && err == nil {
			n = 1
			y, err = q[i].Apply(s.Child(strconv.Itoa(i)), x)
		}
		if err != nil {
			return nil, err
		}
		s.built(before, i, n)
		x = y
		i += n
	}
	return x, nil
}

// fused applies the layers from i on that make one op and returns their number,
// 0 if there are none.
func (q Sequential) fused(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	l, ok := q[i].(*linear)
	if !ok || s.model.plain {
		return 0, nil, nil
	}
	child := func() *Scope { return s.Child(strconv.Itoa(i + n)) }
	next := func() Layer {
		if i+n < len(q) {
			return q[i+n]
		}
		return nil
	}
	w, b, err := l.params(child(), x)
	if err != nil {
		return 0, nil, err
	}
	n++
	act := nn.ActivationNone
	if _, ok := next().(relu); ok {
		act = nn.ActivationReLU
		place := child()
		defer func() { place.observe(y) }()
		n++
	}
	if d, ok := next().(unitDropout); ok && len(d.opts) == 0 {
		place := child()
		n++
		stream, ok, err := place.dropoutStream("Dropout", d.p)
		if err != nil {
			return 0, nil, err
		}
		if ok && d.p > 0 {
			y, err = nn.DenseDropout(x, w, b, act, d.p, stream)
			return n, y, s.Wrap(err, "Sequential")
		}
	}
	y, err = nn.Dense(x, w, b, act)
	return n, y, s.Wrap(err, "Sequential")
}

// convolved applies a convolution and the ReLU behind it as one op and returns 2, 0
// if they are not there or a pooling comes between them.
func (q Sequential) convolved(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	c, ok := q[i].(Convolution)
	if !ok || s.model.plain || i+1 >= len(q) || q.poolsFirst(s, i+1) {
		return 0, nil, nil
	}
	if _, ok := q[i+1].(relu); !ok {
		return 0, nil, nil
	}
	if y, err = c.apply(s.Child(strconv.Itoa(i)), x, nn.Conv2dReLU); err != nil {
		return 0, nil, err
	}
	s.Child(strconv.Itoa(i + 1)).observe(y)
	return 2, y, nil
}

// poolsFirst reports whether layer i is a ReLU that is computed behind the pooling
// that follows.
func (q Sequential) poolsFirst(s *Scope, i int) bool {
	if s.graph.mode == Eval || i+1 >= len(q) {
		return false
	}
	_, ok := q[i].(relu)
	_, follows := q[i+1].(maxPool)
	return ok && follows
}

// pooled applies a ReLU and the MaxPool2d behind it in the other order and returns
// 2, 0 if they are not there. Graphs for evaluation keep the order, so that
// Activations has the activations of all places.
func (q Sequential) pooled(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	if s.model.plain || !q.poolsFirst(s, i) {
		return 0, nil, nil
	}
	pool := q[i+1].(maxPool)
	behind := s.Child(strconv.Itoa(i + 1))
	if y, err = nn.MaxPool2d(x, pool.kernel, pool.opts...); err != nil {
		return 0, nil, behind.Wrap(err, "MaxPool2d")
	}
	place := s.Child(strconv.Itoa(i))
	if y, err = nn.ReLU(y); err != nil {
		return 0, nil, place.Wrap(err, "ReLU")
	}
	place.observe(y)
	return 2, y, nil
}
