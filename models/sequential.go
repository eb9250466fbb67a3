package models

import (
	"strconv"

	"gorgonia.org/gorgonia"
)

// Sequential applies layers one after the other. Its parts are named by number.
//
// Layers that implement [Fuser] are computed together where possible: a
// [Linear] layer with a following ReLU and Dropout as one op, [Conv2d] with a
// ReLU, and Linear layers with a [Submatrix] between them for just the units
// that it keeps. Except in evaluation, a ReLU before a [MaxPool2d] is computed
// after it, on fewer elements. The numbers are the same within rounding; see
// [WithoutFusion].
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
		n, y, err := q.fuse(s, i, x)
		if n == 0 && err == nil {
			n = 1
			y, err = s.Apply(strconv.Itoa(i), q[i], x)
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
