package models

import (
	"strconv"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// SubmatrixLayer is [ExactKLayer] for speed: in training it drops the same
// units in all examples of a batch, exactly the share P of them, and the
// [Linear] layers before and after it compute with the kept units only (Graham,
// Reizenstein and Robinson, "Efficient batchwise dropout training using
// submatrices", 2015). At P = 0.5 the product between two such layers is a
// quarter of the work.
//
// For that it must be in a [Sequential], directly before a Linear layer, and
// either first, for the inputs of the batch, or after another Linear layer with
// at most one activation between. Anywhere else, and with [WithoutFusion], it
// is ExactK: the same numbers within rounding, at the cost of whole products.
//
// A Trainer with a solver of package optim then updates the weights of kept
// units only. The others stay as they are, including velocities and moments,
// whereas after ExactK their momentum continues and their weights decay.
type SubmatrixLayer struct{ P float64 }

// Submatrix returns the fast form of [ExactK] with share p.
func Submatrix(p float64) SubmatrixLayer { return SubmatrixLayer{P: p} }

// Apply adds the dropout to the graph of x as [ops.ExactK].
func (l SubmatrixLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("Submatrix", x, l.P, nil, ops.ExactK)
}

// Fusion implements [Fuser].
func (l SubmatrixLayer) Fusion() Fusion { return Fusion{Submatrix: true, P: l.P} }

// submatrixAt reports whether layer i is a Submatrix of n units that the linear
// layer after it can take.
func (q Sequential) submatrixAt(i, n int) bool {
	d, l := q.fusion(i), q.fusion(i+1)
	fits := l.Weights != nil && (l.Inputs == 0 || l.Inputs == n)
	// Apply reports invalid rates.
	return d.Submatrix && fits && d.P > 0 && d.P <= 1 && ops.KeptCount(n, d.P) > 0
}

// fuseSubmatrices applies the layers from i on that have a Submatrix before or
// after them.
func (q Sequential) fuseSubmatrices(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	if s.graph.mode == Eval || x.Dims() != 2 {
		return 0, nil, nil
	}
	units := x.Shape()[1]
	var in *ops.Kept // the units of x; nil: all
	if q.submatrixAt(i, units) {
		place := s.Child(strconv.Itoa(i))
		if in, err = place.keep(x, q.fusion(i).P); err == nil {
			x, err = in.Select(x)
		}
		if err != nil {
			return 0, nil, place.Wrap(err, "Submatrix")
		}
		n++
	}
	for at := i + n; at < len(q); at = i + n {
		l, ok := q.submatrixLinear(at, in, tensor.Shape{x.Shape()[0], units})
		if !ok {
			break
		}
		if x, in, err = l.apply(s, at, x); err != nil {
			return 0, nil, err
		}
		units = l.Units
		n += l.layers
		if in == nil {
			break
		}
	}
	return n, x, nil
}

// submatrixLinear is a linear layer that computes with part of its weights,
// along with the layers that are fused with it.
type submatrixLinear struct {
	Fusion
	input  tensor.Shape // of all units
	in     *ops.Kept    // those of the inputs; nil: all
	act    Layer        // nil: none
	fused  nn.Activation
	drops  bool
	p      float64 // of the outputs
	layers int
}

// submatrixLinear returns the layer at i for inputs of the units in, if it
// leaves units out at either end.
func (q Sequential) submatrixLinear(i int, in *ops.Kept, input tensor.Shape) (l submatrixLinear, ok bool) {
	l = submatrixLinear{Fusion: q.fusion(i), input: input, in: in, layers: 1}
	if l.Weights == nil {
		return l, false
	}
	if next := q.fusion(i + 1); next.Elementwise {
		l.act, l.fused = q[i+1], next.Activation
		l.layers++
	}
	if l.drops = q.submatrixAt(i+l.layers, l.Units); l.drops {
		l.p = q.fusion(i + l.layers).P
		l.layers++
	}
	return l, in != nil || l.drops
}

// apply applies the layer, which has number at, to x, and returns its output
// and the units of the output.
func (l submatrixLinear) apply(s *Scope, at int, x *gorgonia.Node) (y *gorgonia.Node, out *ops.Kept, err error) {
	place := s.Child(strconv.Itoa(at))
	w, b, err := l.Weights(place, l.input)
	if err != nil {
		return nil, nil, err
	}
	if l.drops {
		if out, err = s.Child(strconv.Itoa(at+l.layers-1)).keep(w, l.p); err != nil {
			return nil, nil, place.Wrap(err, "Submatrix")
		}
	}
	if w, err = s.graph.block(w, l.in, out); err != nil {
		return nil, nil, place.Wrap(err, "Linear")
	}
	if b != nil && out != nil {
		if b, err = s.graph.block(b, nil, out); err != nil {
			return nil, nil, place.Wrap(err, "Linear")
		}
	}
	// An activation that is not fused comes before the scale.
	apart := l.act != nil && l.fused == nn.ActivationNone
	if out != nil && !apart {
		y, err = nn.ThinnedDense(x, w, b, l.fused, out)
	} else {
		y, err = nn.Dense(x, w, b, l.fused)
	}
	if err != nil {
		return nil, nil, place.Wrap(err, "Linear")
	}
	if apart {
		if y, err = s.Apply(strconv.Itoa(at+1), l.act, y); err != nil {
			return nil, nil, err
		}
	}
	if out != nil && apart {
		if y, err = out.Scale(y); err != nil {
			return nil, nil, place.Wrap(err, "Submatrix")
		}
	}
	if l.fused != nn.ActivationNone {
		s.Child(strconv.Itoa(at + 1)).observe(y)
	}
	return y, out, nil
}

// keep returns the columns of x that a Submatrix in the place of s keeps.
func (s *Scope) keep(x *gorgonia.Node, p float64) (*ops.Kept, error) {
	stream, _, err := s.dropoutStream("Submatrix", p)
	if err != nil {
		return nil, err
	}
	return ops.KeepColumns(x, p, stream)
}

// block returns the rows and columns of a parameter that are kept, and notes
// them.
func (g *Graph) block(param *gorgonia.Node, rows, cols *ops.Kept) (y *gorgonia.Node, err error) {
	if param.Dims() == 1 {
		y, err = ops.Subvector(param, cols)
	} else {
		y, err = ops.Submatrix(param, rows, cols)
	}
	if err != nil {
		return nil, err
	}
	b := Block{Node: y}
	if rows != nil {
		b.Rows = rows.Units()
	}
	if cols != nil {
		b.Cols = cols.Units()
	}
	g.blocks[param] = b
	return y, nil
}
