package models

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Submatrix is ExactK for speed: in training it drops the same units in all
// examples of a batch, exactly the share p of them, and the Linear layers before
// and behind it compute with the units that are kept alone (Graham, Reizenstein and
// Robinson, "Efficient batchwise dropout training using submatrices", 2015). At
// p = 0.5 the product of two thinned layers is a quarter of the work.
//
// For that it must be in a Sequential, straight before a Linear layer, and behind
// another one with at most one activation between, or first in line, for the inputs
// of the batch. Anywhere else, and with WithPlainOps, it is ExactK: the same
// numbers within rounding, at the cost of whole products.
//
// A Trainer with a solver of package optim then updates the weights of kept units
// alone. The others stay as they are, velocities and moments too, whereas after
// ExactK their momentum goes on and their weights decay.
func Submatrix(p float64) Layer { return thinning{p} }

// thinning is a type of its own for Sequential to know it.
type thinning struct{ p float64 }

func (d thinning) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return dropout("Submatrix", d.p, nil, ops.ExactK).Apply(s, x)
}

// thinningAt returns the Submatrix at i if the Linear layer behind it can be
// thinned to what it keeps of n units.
func (q Sequential) thinningAt(i, n int) (d thinning, ok bool) {
	if i+1 >= len(q) {
		return d, false
	}
	d, ok = q[i].(thinning)
	l, next := q[i+1].(*linear)
	// Rates that are none are left to Apply to complain of.
	return d, ok && next && l.in == n && d.p > 0 && d.p <= 1 && ops.KeptCount(n, d.p) > 0
}

// thinned applies the layers from i on that are thinned together and returns their
// number, 0 if there are none.
func (q Sequential) thinned(s *Scope, i int, x *gorgonia.Node) (n int, y *gorgonia.Node, err error) {
	if s.model.plain || s.graph.mode == Eval || x.Dims() != 2 {
		return 0, nil, nil
	}
	var in *ops.Kept // the units of x; nil: all
	if d, ok := q.thinningAt(i, x.Shape()[1]); ok {
		place := s.Child(strconv.Itoa(i))
		if in, err = d.keep(place, x); err == nil {
			x, err = in.Select(x)
		}
		if err != nil {
			return 0, nil, place.Wrap(err, "Submatrix")
		}
		n++
	}
	for at := i + n; at < len(q); at = i + n {
		t, ok := q.thinAt(at, in)
		if !ok {
			break
		}
		if x, in, err = t.apply(s, at, x); err != nil {
			return 0, nil, err
		}
		n += t.layers
		if in == nil {
			break
		}
	}
	return n, x, nil
}

// thinLayer is a Linear layer with what is computed together with it.
type thinLayer struct {
	*linear
	act    Layer     // nil: none
	in     *ops.Kept // the units of the inputs; nil: all
	drop   thinning  // of the outputs
	drops  bool
	layers int
}

// thinAt returns the layer at i for inputs of the units in, if it is one that is
// thinned at either end.
func (q Sequential) thinAt(i int, in *ops.Kept) (t thinLayer, ok bool) {
	t.in = in
	if t.linear, ok = q[i].(*linear); !ok {
		return t, false
	}
	t.layers = 1
	if i+1 < len(q) {
		switch q[i+1].(type) {
		case relu, unitActivation:
			t.act = q[i+1]
			t.layers++
		}
	}
	if t.drop, t.drops = q.thinningAt(i+t.layers, t.out); t.drops {
		t.layers++
	}
	return t, in != nil || t.drops
}

// apply applies the layer, which is at number at, to x, and returns its output with
// the units that that consists of.
func (t thinLayer) apply(s *Scope, at int, x *gorgonia.Node) (y *gorgonia.Node, out *ops.Kept, err error) {
	place := s.Child(strconv.Itoa(at))
	var w, b *gorgonia.Node
	if t.in == nil {
		w, b, err = t.params(place, x)
	} else if err = t.check(place); err == nil {
		w, b, err = t.bind(place)
	}
	if err != nil {
		return nil, nil, err
	}
	if t.drops {
		if out, err = t.drop.keep(s.Child(strconv.Itoa(at+t.layers-1)), w); err != nil {
			return nil, nil, place.Wrap(err, "Submatrix")
		}
	}
	if w, err = s.graph.thin(w, t.in, out); err != nil {
		return nil, nil, place.Wrap(err, "Linear")
	}
	if b != nil && out != nil {
		if b, err = s.graph.thin(b, nil, out); err != nil {
			return nil, nil, place.Wrap(err, "Linear")
		}
	}
	act := nn.ActivationNone
	if _, ok := t.act.(relu); ok {
		act = nn.ActivationReLU
	}
	// An activation that is not fused comes before the scale.
	apart := t.act != nil && act == nn.ActivationNone
	if out != nil && !apart {
		y, err = nn.ThinnedDense(x, w, b, act, out)
	} else {
		y, err = nn.Dense(x, w, b, act)
	}
	if err != nil {
		return nil, nil, place.Wrap(err, "Linear")
	}
	if apart {
		if y, err = t.act.Apply(s.Child(strconv.Itoa(at+1)), y); err != nil {
			return nil, nil, err
		}
	}
	if out != nil && apart {
		if y, err = out.Scale(y); err != nil {
			return nil, nil, place.Wrap(err, "Submatrix")
		}
	}
	if act == nn.ActivationReLU {
		s.Child(strconv.Itoa(at + 1)).observe(y)
	}
	return y, out, nil
}

// keep returns the columns of x that the dropout in a place keeps.
func (d thinning) keep(s *Scope, x *gorgonia.Node) (*ops.Kept, error) {
	stream, _, err := s.dropoutStream("Submatrix", d.p)
	if err != nil {
		return nil, err
	}
	return ops.KeepColumns(x, d.p, stream)
}

// thin returns the rows and columns of a parameter that are kept, and notes them.
func (g *Graph) thin(param *gorgonia.Node, rows, cols *ops.Kept) (y *gorgonia.Node, err error) {
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
