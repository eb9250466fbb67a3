package onnx

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/nn"
)

// between returns elements from (first) to (not included) of an axis.
func (v value) between(k, from, to, step int) (value, error) {
	at := rowMajor(slices.Clone(v.shape()))
	at.offset = from * at.strides[k]
	at.to[k] = max(0, (to-from+step-1)/step)
	at.strides[k] *= step
	if at.to[k] == 0 {
		return value{}, errors.Errorf("axis %d of %v must have elements in [%d, %d)", k, v.shape(), from, to)
	}
	return v.seen(at)
}

func (c *call) slice() ([]value, error) {
	v, err := c.first()
	if err != nil || len(c.in) < 3 {
		return nil, errors.Errorf("inputs must be at least 3, got %d", len(c.in))
	}
	var lists [4][]int // starts, ends, axes, steps
	for i := range lists {
		if i < 2 || c.has(i+1) {
			if lists[i], err = c.in[i+1].known.ints(); err != nil {
				return nil, err
			}
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	for i := range starts {
		k, step := i, 1
		if axes != nil && i < len(axes) {
			k = axes[i]
		}
		if steps != nil && i < len(steps) {
			step = steps[i]
		}
		if k, err = axis(k, len(v.shape())); err != nil {
			return nil, err
		}
		if len(ends) != len(starts) || step < 1 {
			return nil, errors.Errorf("starts must have as many ends, and steps must be positive, got %v, %v and %v", starts, ends, steps)
		}
		n := v.shape()[k]
		bound := func(b int) int {
			if b < 0 {
				b += n
			}
			return max(0, min(n, b))
		}
		if v, err = v.between(k, bound(starts[i]), bound(ends[i]), step); err != nil {
			return nil, err
		}
	}
	if v.known != nil {
		v.known.name = c.in[0].known.name // such as positions, of which a file needs the first
	}
	return []value{v}, nil
}

func (c *call) split() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	k, err := axis(c.int("axis", 0), len(v.shape()))
	if err != nil {
		return nil, err
	}
	n, parts := v.shape()[k], len(c.proto.GetOutput())
	sizes := c.ints("split")
	if c.has(1) {
		if sizes, err = c.in[1].known.ints(); err != nil {
			return nil, err
		}
	}
	if sizes == nil && parts > 0 && n%parts == 0 {
		sizes = slices.Repeat([]int{n / parts}, parts)
	}
	var outputs []value
	at := 0
	for _, d := range sizes {
		if d < 1 || d > n-at {
			break
		}
		part, err := v.between(k, at, at+d, 1)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, part)
		at += d
	}
	if len(outputs) != parts || at != n {
		return nil, errors.Errorf("parts must be %d of axis %d of %v, got %v", parts, k, v.shape(), sizes)
	}
	return outputs, nil
}

// concat joins what is known, such as sizes and weights.
func (c *call) concat() ([]value, error) {
	if len(c.in) == 0 {
		return nil, errors.New("inputs must be at least 1, got 0")
	}
	first, err := c.known(0)
	if err != nil {
		return nil, err
	}
	k, err := axis(c.int("axis", 0), len(first.shape))
	if err != nil {
		return nil, err
	}
	joined := &array{shape: slices.Clone(first.shape), whole: first.whole}
	joined.shape[k] = 0
	var parts []*array
	for i := range c.in {
		a, err := c.known(i)
		if err != nil {
			return nil, err
		}
		if len(a.shape) != len(first.shape) || !slices.Equal(a.shape[:k], first.shape[:k]) || !slices.Equal(a.shape[k+1:], first.shape[k+1:]) {
			return nil, errors.Errorf("input %d must fit %v, got %v", i, first.shape, a.shape)
		}
		parts = append(parts, a)
		joined.shape[k] += a.shape[k]
	}
	if _, err := bounded.Product(maxComputed, joined.shape...); err != nil {
		return nil, err
	}
	for row := range size(first.shape[:k]) {
		for _, a := range parts {
			n := size(a.shape[k:])
			joined.values = append(joined.values, a.values[row*n:(row+1)*n]...)
		}
	}
	return []value{{known: joined}}, nil
}

// gather looks up rows of an embedding, or picks one element of an axis.
func (c *call) gather() ([]value, error) {
	if len(c.in) < 2 || !c.has(0) {
		return nil, errors.Errorf("inputs must be 2, got %d", len(c.in))
	}
	v, ids := c.in[0], c.in[1]
	if ids.node != nil {
		if v.known == nil || len(v.known.shape) != 2 || c.int("axis", 0) != 0 {
			return nil, errors.New("rows must be those of a constant matrix where indices are computed, got others")
		}
		a, err := c.known(0)
		if err != nil {
			return nil, err
		}
		w, err := c.param(a, "weight", a.shape, inOrder)
		if err != nil {
			return nil, err
		}
		return one(nn.Embedding(w, ids.node))
	}
	k, err := axis(c.int("axis", 0), len(v.shape()))
	if err != nil {
		return nil, err
	}
	indices, err := ids.known.ints()
	if err != nil {
		return nil, err
	}
	for i, index := range indices {
		if indices[i], err = axis(index, v.shape()[k]); err != nil {
			return nil, err
		}
	}
	if len(ids.known.shape) == 0 {
		y, err := v.between(k, indices[0], indices[0]+1, 1)
		if err != nil {
			return nil, err
		}
		return y.to(slices.Delete(slices.Clone(v.shape()), k, k+1))
	}
	if len(indices) == 1 {
		y, err := v.between(k, indices[0], indices[0]+1, 1)
		return []value{y}, err
	}
	if v.known == nil || len(v.known.shape) != 1 {
		return nil, errors.Errorf("indices must be one number where the input is computed, got %v", indices)
	}
	from, err := v.known.dense()
	if err != nil {
		return nil, err
	}
	picked := &array{shape: []int{len(indices)}, whole: from.whole}
	for _, i := range indices {
		picked.values = append(picked.values, from.values[i])
	}
	return []value{{known: picked}}, nil
}
