package onnx

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/nn"
)

// seen returns the elements of a value at the places of a view.
func (v value) seen(at view) (value, error) {
	if v.known != nil {
		return value{known: v.known.seen(at)}, nil
	}
	y, err := at.apply(v.node)
	return value{node: y}, err
}

// first returns the first input, which must have a shape.
func (c *call) first() (value, error) {
	if !c.has(0) {
		return value{}, errors.New("inputs must be at least 1, got 0")
	}
	return c.in[0], nil
}

func (c *call) identity() ([]value, error) {
	v, err := c.first()
	if err == nil && v.known != nil && len(c.proto.GetOutput()) > 0 {
		// PyTorch stores equal tensors once. The others have their names here.
		renamed := *v.known
		renamed.name = c.proto.GetOutput()[0]
		v.known = &renamed
	}
	return []value{v}, err
}

// cast passes numbers on. Everything that is computed is a float of the model's
// type, whatever the file asks for; known numbers are rounded as it does.
func (c *call) cast() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	whole, round := false, func(f float64) float64 { return f }
	switch to := onnxpb.TensorProto_DataType(c.int("to", 0)); to {
	case onnxpb.TensorProto_INT64, onnxpb.TensorProto_INT32:
		whole, round = true, math.Trunc
	case onnxpb.TensorProto_FLOAT16:
		round = func(f float64) float64 { return float64(tensorfile.FromF16(tensorfile.ToF16(float32(f)))) }
	case onnxpb.TensorProto_BFLOAT16:
		round = func(f float64) float64 { return float64(tensorfile.FromBF16(tensorfile.ToBF16(float32(f)))) }
	case onnxpb.TensorProto_FLOAT, onnxpb.TensorProto_DOUBLE:
	default:
		return nil, errors.Errorf("to must be a type of floats, INT64 or INT32, got %v", to)
	}
	if v.known == nil {
		if whole && c.proto.GetInput()[0] != c.net.in {
			return nil, errors.New("input 0 must be that of the network to become integers, as the ids of an embedding, got one that is computed")
		}
		return []value{v}, nil
	}
	a := *v.known
	a.values, a.whole = slices.Clone(a.values), whole
	for i, f := range a.values {
		a.values[i] = round(f)
	}
	return []value{{known: &a}}, nil
}

func (c *call) constant() ([]value, error) {
	if a := c.attr("value"); a.GetT() != nil {
		known, err := arrayOf(a.GetT())
		if err == nil {
			known.name = "" // not a weight
		}
		return []value{{known: known}}, err
	}
	for _, name := range []string{"value_float", "value_int"} {
		if a := c.attr(name); a != nil {
			return []value{{known: &array{values: []float64{float64(a.GetF()) + float64(a.GetI())}, whole: name == "value_int"}}}, nil
		}
	}
	if a := c.attr("value_ints"); a != nil {
		return []value{{known: integersOf(c.ints("value_ints")...)}}, nil
	}
	return nil, errors.New("value must be a tensor, a number or integers, got none")
}

func (c *call) constantOfShape() ([]value, error) {
	if len(c.in) == 0 {
		return nil, errors.New("inputs must be at least 1, got 0")
	}
	shape, err := c.in[0].known.ints()
	if err != nil {
		return nil, err
	}
	if _, err := bounded.Product(maxElements, shape...); err != nil || len(shape) > maxAxes {
		return nil, errors.Errorf("shape must be one of a tensor, got %v", shape)
	}
	a := &array{shape: shape, values: []float64{0}, filled: true}
	if t := c.attr("value").GetT(); t != nil {
		one, err := arrayOf(t)
		if err != nil || len(one.values) != 1 {
			return nil, errors.New("value must be one number, got others")
		}
		a.values, a.whole = one.values, one.whole
	}
	return []value{{known: a}}, nil
}

func (c *call) shape() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	if c.attr("start") != nil || c.attr("end") != nil {
		return nil, errors.New("start and end must be left out, got one")
	}
	return []value{{known: integersOf(v.shape()...)}}, nil
}

// to returns a value in another shape with as many elements.
func (v value) to(shape []int) ([]value, error) {
	n, err := bounded.Product(maxElements, shape...)
	if err != nil {
		return nil, err
	}
	if len(shape) > maxAxes || n != size(v.shape()) {
		return nil, errors.Errorf("shape must have the %d elements of %v, got %v", size(v.shape()), v.shape(), shape)
	}
	if slices.Equal(shape, v.shape()) {
		return []value{v}, nil
	}
	if v.node != nil && len(shape) == 2 && shape[0] == v.node.Shape()[0] && v.node.Dims() > 2 {
		return one(nn.Flatten(v.node))
	}
	y, err := v.seen(rowMajor(shape))
	return []value{y}, err
}

func (c *call) reshape() ([]value, error) {
	v, err := c.first()
	if err != nil || len(c.in) < 2 {
		return nil, errors.Errorf("inputs must be 2, got %d", len(c.in))
	}
	shape, err := c.in[1].known.ints()
	if err != nil {
		return nil, err
	}
	free, others := -1, 1
	for i, d := range shape {
		switch {
		case d == 0 && c.int("allowzero", 0) == 0:
			if i >= len(v.shape()) {
				return nil, errors.Errorf("shape %v must keep axes that are there, got %v", shape, v.shape())
			}
			shape[i] = v.shape()[i]
		case d == -1 && free < 0:
			free = i
			continue
		}
		if others, err = bounded.Product(maxElements, others, shape[i]); err != nil {
			return nil, err
		}
	}
	if free >= 0 {
		if others == 0 || size(v.shape())%others != 0 {
			return nil, errors.Errorf("shape must divide the elements of %v, got %v", v.shape(), shape)
		}
		shape[free] = size(v.shape()) / others
	}
	return v.to(shape)
}

func (c *call) flatten() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	s, k := v.shape(), c.int("axis", 1)
	if k != len(s) {
		if k, err = axis(k, len(s)); err != nil {
			return nil, err
		}
	}
	return v.to([]int{size(s[:k]), size(s[k:])})
}

// axes returns the axes of an attribute or of the second input.
func (c *call) axes() ([]int, error) {
	if c.has(1) {
		return c.in[1].known.ints()
	}
	return c.ints("axes"), nil
}

func (c *call) squeeze() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	axes, err := c.axes()
	if err != nil {
		return nil, err
	}
	s := v.shape()
	drop := make(map[int]bool)
	for _, k := range axes {
		if k, err = axis(k, len(s)); err != nil {
			return nil, err
		}
		if s[k] != 1 {
			return nil, errors.Errorf("axis %d of %v must have length 1", k, s)
		}
		drop[k] = true
	}
	var shape []int
	for k, d := range s {
		if !drop[k] && (axes != nil || d != 1) {
			shape = append(shape, d)
		}
	}
	return v.to(shape)
}

func (c *call) unsqueeze() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	axes, err := c.axes()
	if err != nil {
		return nil, err
	}
	dims := len(v.shape()) + len(axes)
	added := make(map[int]bool)
	for _, k := range axes {
		if k, err = axis(k, dims); err != nil {
			return nil, err
		}
		added[k] = true
	}
	if len(added) != len(axes) || dims > maxAxes {
		return nil, errors.Errorf("axes must be different and at most %d, got %v", maxAxes, axes)
	}
	shape, rest := make([]int, dims), v.shape()
	for k := range shape {
		if added[k] {
			shape[k] = 1
		} else {
			shape[k], rest = rest[0], rest[1:]
		}
	}
	return v.to(shape)
}

func (c *call) transpose() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	s := v.shape()
	perm := c.ints("perm")
	if perm == nil {
		for k := len(s) - 1; k >= 0; k-- {
			perm = append(perm, k)
		}
	}
	sorted := slices.Sorted(slices.Values(perm))
	if len(perm) != len(s) || len(s) > 0 && (sorted[0] != 0 || sorted[len(s)-1] != len(s)-1 || len(slices.Compact(sorted)) != len(s)) {
		return nil, errors.Errorf("perm must have each axis of %v once, got %v", s, perm)
	}
	from := rowMajor(s)
	at := view{to: make([]int, len(s)), strides: make([]int, len(s))}
	for k, p := range perm {
		at.to[k], at.strides[k] = s[p], from.strides[p]
	}
	y, err := v.seen(at)
	if err == nil && v.known != nil && v.known.name != "" && len(s) == 2 && perm[0] == 1 {
		y.known.turned = v.known
	}
	return []value{y}, err
}
