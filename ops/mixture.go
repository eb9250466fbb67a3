package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// sides says which of the two tensors a mixture has; a missing one is zero.
type sides uint8

const (
	fromBoth   sides = iota
	fromFirst        // what is taken where Dropout drops
	fromSecond       // what is taken where Dropout keeps
)

func (s sides) String() string { return [...]string{"both", "first", "second"}[s] }

// tensors returns the number of tensors.
func (s sides) tensors() int {
	if s == fromBoth {
		return 2
	}
	return 1
}

// mixture :: Tensor a → [Tensor a] → Int64 → [f] → Tensor a
//
// The inputs are one or two tensors, as from says, the step and, if a node
// holds it, the rate. In training each element of the output comes from the
// first tensor with probability p and else from the second; at inference it is
// their mean with weights p and 1-p, or the second. The op is linear: its
// derivatives are mixtures of the gradient and zero.
type mixture struct {
	op.Elementwise
	name   string
	from   sides
	rank   int
	mask   draw.Mask
	second bool // at inference
}

// newMixture returns a mixture of tensors like x, with a mask that is shared over
// the axes that shares reports; nil: over none.
func newMixture(name string, from sides, x *gorgonia.Node, p float64, settings *draw.Settings, shares func(axis int) bool) (f mixture, err error) {
	if err := checkFloats(x); err != nil {
		return f, errors.Wrapf(err, "ops: %s", name)
	}
	f = mixture{name: name, from: from, rank: x.Dims()}
	f.mask, err = settings.Mask(x, p, draw.CheckRate, shares)
	return f, errors.Wrapf(err, "ops: %s", name)
}

func (f mixture) Name() string { return f.name }
func (f mixture) Rank() int    { return f.rank }

func (f mixture) String() string { return fmt.Sprintf("%s{%v %v}", f.name, f.from, f.mask) }

func (f mixture) Inputs() []op.Input {
	in := []op.Input{{Name: "x", Rank: f.rank}}
	if f.from == fromBoth {
		in = []op.Input{{Name: "prev", Rank: f.rank}, {Name: "next", Rank: f.rank}}
	}
	return append(in, f.mask.Inputs()...)
}

func (f mixture) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if f.from == fromBoth && !in[0].Eq(in[1]) {
		return nil, errors.Errorf("tensors must be of one shape, got %v and %v", in[0], in[1])
	}
	return in[0].Clone(), nil
}

func (f mixture) SetTraining(training bool) { f.mask.SetTraining(training) }
func (f mixture) Loops() op.Loops           { return op.Bind(f, mix, mix) }
func (f mixture) Role() op.Role             { return op.RoleDropout }

// Draws describes the drawing.
func (f mixture) Draws() draw.Drawing {
	d := f.mask.Drawing(f.from.tensors() - 1)
	d.Branches = f.second
	return d
}

// Copy returns the function with another source.
func (f mixture) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.mask, err = f.mask.Copy(source)
	return f, err
}

func mix[F op.Float](f mixture, y []F, in op.Args[F]) error {
	var t uint32
	active := f.mask.Active(in.Step)
	if active || !f.second {
		p, err := f.mask.RateAt(in.Step, in.Scalar)
		if err != nil {
			return err
		}
		t = drop.Threshold(p)
	}
	x := in.Floats[:f.from.tensors()]
	if active {
		choose(f, y, x, in.Shapes[0], in.Step, t)
		return nil
	}
	switch dropped := F(F(t) / drop.Always); f.from {
	case fromBoth:
		weightedMean(y, x[0], x[1], dropped)
	case fromFirst:
		scaleTo(y, x[0], dropped)
	default:
		scaleTo(y, x[0], 1-dropped)
	}
	return nil
}

// choose takes each element from one of the tensors.
func choose[F op.Float](f mixture, y []F, x [][]F, shape tensor.Shape, step int64, threshold uint32) {
	l := f.mask.Layout(shape)
	b := mask.Bits{Layout: l, Kept: mask.Draw(l, f.mask.Stream(step), threshold), Form: mask.Scaled(1)}
	switch f.from {
	case fromFirst:
		for i, w := range b.Kept {
			b.Kept[i] = ^w
		}
		mask.Apply(b, y, x[0])
	case fromSecond:
		mask.Apply(b, y, x[0])
	default:
		if l.Size() == 1 {
			copy(y, x[b.Kept[0]&1])
			return
		}
		for i := range y {
			y[i] = 1
		}
		mask.Apply(b, y, y)
		for i, kept := range y {
			// A lookup, since a random branch costs more.
			pair := [2]F{x[0][i], x[1][i]}
			y[i] = pair[int(kept)&1]
		}
	}
}

// weightedMean sets dst to p*a + (1-p)*b. A side without weight is left out,
// even if it is NaN.
func weightedMean[F op.Float](dst, a, b []F, p F) {
	switch p {
	case 0:
		copy(dst, b)
	case 1:
		copy(dst, a)
	default:
		for i := range dst {
			// Each product is rounded on its own, so that all machines agree.
			dst[i] = F(p*a[i]) + F((1-p)*b[i])
		}
	}
}

// scaleTo sets dst to factor*x, and to +0 where the factor is 0.
func scaleTo[F op.Float](dst, x []F, factor F) {
	if factor == 0 {
		clear(dst)
		return
	}
	for i, v := range x {
		dst[i] = factor * v
	}
}

// Derive returns the gradients of the tensors: the gradient of the output where
// the tensor was chosen and zero elsewhere, at the same step and rate.
func (f mixture) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	n := f.from.tensors()
	in := append([]op.Operand{dy}, x[n:]...)
	grads := make([]op.Operand, len(x))
	if f.from != fromBoth {
		grads[0] = c.Of(f, in...)
		return grads
	}
	for i, side := range []sides{fromFirst, fromSecond} {
		d := f
		d.from = side
		grads[i] = c.Of(d, in...)
	}
	return grads
}
