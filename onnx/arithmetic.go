package onnx

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
)

// common returns the shape to which both are broadcast.
func common(a, b []int) ([]int, error) {
	shape := make([]int, max(len(a), len(b)))
	for i := range shape {
		da, db := fromEnd(a, len(shape)-1-i), fromEnd(b, len(shape)-1-i)
		switch {
		case da == db, db == 1:
			shape[i] = da
		case da == 1:
			shape[i] = db
		default:
			return nil, errors.Errorf("shapes must fit each other, got %v and %v", a, b)
		}
	}
	_, err := bounded.Product(maxElements, shape...)
	return shape, err
}

// fromEnd returns a size counted from the last, 1 where there is none.
func fromEnd(shape []int, i int) int {
	if i >= len(shape) {
		return 1
	}
	return shape[len(shape)-1-i]
}

// broadcast returns the view of a tensor of shape from as one of shape to.
func broadcast(from, to []int) view {
	inner := rowMajor(from)
	at := view{to: to, strides: make([]int, len(to))}
	for i := range to {
		if k := i - len(to) + len(from); k >= 0 && from[k] == to[i] {
			at.strides[i] = inner.strides[k]
		}
	}
	return at
}

// arithmeticOf returns what adds an operator of two inputs, each of which may be
// known.
func arithmeticOf(kind arithmetic, op func(a, b *gorgonia.Node) (*gorgonia.Node, error)) func(*call) ([]value, error) {
	return func(c *call) ([]value, error) {
		if len(c.in) != 2 || !c.has(0) || !c.has(1) {
			return nil, errors.Errorf("inputs must be two, got %d", len(c.in))
		}
		a, b := c.in[0], c.in[1]
		shape, err := common(a.shape(), b.shape())
		if err != nil {
			return nil, err
		}
		if a.known != nil && b.known != nil {
			y, err := kind.fold(a.known, b.known, shape)
			return []value{{known: y}}, err
		}
		if kind == add {
			if a, err = c.trained(a, b); err == nil {
				b, err = c.trained(b, a)
			}
			if err != nil {
				return nil, err
			}
		}
		if a.known != nil {
			switch kind {
			case div:
				return nil, errors.New("divisor must be a constant where the dividend is one, got one that is computed")
			case sub:
				return withKnown(reversedSub, b.node, a.known, shape)
			}
			return withKnown(kind, b.node, a.known, shape)
		}
		if b.known != nil {
			return withKnown(kind, a.node, b.known, shape)
		}
		x, err := expanded(a.node, shape)
		if err != nil {
			return nil, err
		}
		y, err := expanded(b.node, shape)
		if err != nil {
			return nil, err
		}
		return one(op(x, y))
	}
}

// trained makes a known sum's part the parameter that it was: a bias, or the
// positions of a sequence. Scalars, masks of attention, which have four axes or
// numbers near minus infinity, and what is no tensor of the file stay known.
func (c *call) trained(v, other value) (value, error) {
	a := v.known
	if a == nil || other.node == nil || a.name == "" || len(a.values) < 2 || other.node.Dims() > 3 ||
		slices.ContainsFunc(a.values, func(f float64) bool { return math.Abs(f) > 1e9 }) {
		return v, nil
	}
	shape := a.shape
	for len(shape) > 1 && shape[0] == 1 {
		shape = shape[1:]
	}
	role := "bias"
	if len(shape) > 1 {
		role = "weight"
	}
	p, err := c.param(a, role, shape, inOrder)
	return value{node: p}, err
}

// withKnown adds an operator of a node and known numbers.
func withKnown(kind arithmetic, x *gorgonia.Node, a *array, shape []int) ([]value, error) {
	x, err := expanded(x, shape)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(a.values, math.IsNaN) {
		return nil, errors.New("constants must be numbers, got NaN")
	}
	from := a.shape
	if a.filled {
		from = nil
	}
	return one(kind.apply(x, a.values, broadcast(from, shape)))
}

// expanded returns x in a shape that it is broadcast to.
func expanded(x *gorgonia.Node, shape []int) (*gorgonia.Node, error) {
	if slices.Equal([]int(x.Shape()), shape) {
		return x, nil
	}
	return broadcast(x.Shape(), shape).apply(x)
}

// fold computes what is known. Quotients of integers are integers.
func (k arithmetic) fold(a, b *array, shape []int) (*array, error) {
	n, err := bounded.Product(maxComputed, shape...)
	if err != nil {
		return nil, err
	}
	y := &array{shape: shape, values: make([]float64, n), whole: a.whole && b.whole}
	left, err := a.seen(broadcast(a.shape, shape)).dense()
	if err != nil {
		return nil, err
	}
	right, err := b.seen(broadcast(b.shape, shape)).dense()
	if err != nil {
		return nil, err
	}
	for i := range y.values {
		if k == div && y.whole && right.values[i] == 0 {
			return nil, errors.New("integers must not be divided by 0")
		}
		y.values[i] = k.of(left.values[i], right.values[i])
		if y.whole {
			y.values[i] = math.Trunc(y.values[i])
		}
	}
	return y, nil
}
