package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// LastStep returns what sequences x, of shape (N, T, D), hold at their last time:
// shape (N, D). mask, of shape (N, T) and the type of x, is 1 where a sequence is and
// 0 at its padding; nil means that there is none. A sequence that is all padding gives
// 0. x is float32 or float64.
func LastStep(x, mask *gorgonia.Node) (*gorgonia.Node, error) {
	return newSequencePool(sequencePool{name: "LastStep"}, x, mask)
}

// MeanSteps returns the mean of sequences x over the times that are no padding; see
// [LastStep]. Padding has no influence, whatever it holds.
func MeanSteps(x, mask *gorgonia.Node) (*gorgonia.Node, error) {
	return newSequencePool(sequencePool{name: "MeanSteps", mean: true}, x, mask)
}

func newSequencePool(f sequencePool, x, mask *gorgonia.Node) (*gorgonia.Node, error) {
	if mask == nil {
		return apply(f, x)
	}
	f.masked = true
	return apply(f, x, mask)
}

// sequencePool :: (N, T, D) a → [(N, T) a] → (N, D) a
type sequencePool struct {
	name   string
	mean   bool // else the last
	masked bool
}

func (f sequencePool) Name() string { return f.name }

func (f sequencePool) String() string {
	if f.masked {
		return f.name + " masked"
	}
	return f.name
}

func (f sequencePool) Rank() int   { return 2 }
func (sequencePool) Role() op.Role { return op.RoleOther }

func (f sequencePool) Inputs() []op.Input {
	in := []op.Input{{Name: "x", Rank: 3}}
	if f.masked {
		in = append(in, op.Input{Name: "mask", Rank: 2, Of: op.Constants})
	}
	return in
}

func (f sequencePool) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := op.NotEmpty("x", in[0]); err != nil {
		return nil, err
	}
	if f.masked && !in[1].Eq(in[0][:2]) {
		return nil, errors.Errorf("mask must have shape %v, got %v", in[0][:2], in[1])
	}
	return tensor.Shape{in[0][0], in[0][2]}, nil
}

// timesOf returns the times of x, of shape s, that are pooled in each example.
func timesOf[F op.Float](f sequencePool, in op.Args[F], s tensor.Shape) (present, error) {
	var p present
	if f.masked {
		var err error
		if p, err = presentIn(in.Floats[len(in.Floats)-1], s[1]); err != nil {
			return nil, err
		}
	} else {
		all := make([]int, s[1])
		for t := range all {
			all[t] = t
		}
		for range s[0] {
			p = append(p, all)
		}
	}
	if !f.mean {
		for b, times := range p {
			p[b] = times[max(0, len(times)-1):]
		}
	}
	return p, nil
}

func (f sequencePool) Loops() op.Loops { return op.Bind(f, poolSteps, poolSteps) }

func poolSteps[F op.Float](f sequencePool, y []F, in op.Args[F]) error {
	s := in.Shapes[0]
	p, err := timesOf(f, in, s)
	if err != nil {
		return err
	}
	clear(y)
	for b, times := range p {
		row := y[b*s[2] : (b+1)*s[2]]
		for _, t := range times {
			for i, v := range in.Floats[0][(b*s[1]+t)*s[2] : (b*s[1]+t+1)*s[2]] {
				row[i] += v
			}
		}
		if len(times) > 1 {
			for i := range row {
				row[i] /= F(len(times))
			}
		}
	}
	return nil
}

func (f sequencePool) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 3 {
		return c.Stop()
	}
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(sequencePoolDiff{sequencePool: f, steps: s[1]}, append([]op.Operand{dy}, x[1:]...)...)
	return grads
}

// sequencePoolDiff :: (N, D) a → [(N, T) a] → (N, T, D) a
type sequencePoolDiff struct {
	sequencePool
	steps int
}

// Derive makes the calculus fail.
func (sequencePoolDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (f sequencePoolDiff) String() string { return f.sequencePool.String() + "'" }
func (f sequencePoolDiff) Rank() int      { return 3 }

func (f sequencePoolDiff) Inputs() []op.Input {
	in := f.sequencePool.Inputs()
	in[0] = op.Input{Name: "gradient of y", Rank: 2}
	return in
}

func (f sequencePoolDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := (tensor.Shape{in[0][0], f.steps}); f.masked && !in[1].Eq(want) {
		return nil, errors.Errorf("mask must have shape %v, got %v", want, in[1])
	}
	return tensor.Shape{in[0][0], f.steps, in[0][1]}, nil
}

func (f sequencePoolDiff) Loops() op.Loops { return op.Bind(f, spreadSteps, spreadSteps) }

func spreadSteps[F op.Float](f sequencePoolDiff, d []F, in op.Args[F]) error {
	width := in.Shapes[0][1]
	p, err := timesOf(f.sequencePool, in, tensor.Shape{in.Shapes[0][0], f.steps, width})
	if err != nil {
		return err
	}
	clear(d)
	for b, times := range p {
		for _, t := range times {
			row := d[(b*f.steps+t)*width:]
			for i, g := range in.Floats[0][b*width : (b+1)*width] {
				row[i] = g / F(len(times))
			}
		}
	}
	return nil
}
