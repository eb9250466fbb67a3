package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A cell is what a recurrent layer does at one time step of one example.
type cell interface {
	// Name is the op's name in errors.
	Name() string
	// gates returns the number of values that the weights produce for a unit,
	// and kept the number of values that the states hold for a unit: the hidden
	// state, the rest of the state and, from first on, the gates.
	gates() int
	kept() int
	first() int
}

// recurrent is what a recurrent layer and its derivatives share.
type recurrent struct {
	cell
	sequence
	noise  RecurrentNoise
	source *draw.Source // of the noise; nil: nothing is drawn
	mem    *parallel.Memory
}

// newRecurrent applies a cell to x.
func newRecurrent(c cell, x, wih, whh, bih, bhh *gorgonia.Node, with Recurrence, final bool, opts []ops.StreamOption) (*gorgonia.Node, error) {
	r := &recurrent{cell: c, noise: with.Noise, mem: new(parallel.Memory)}
	if err := with.Noise.check(); err != nil {
		return nil, errors.Wrapf(err, "nn: %s", c.Name())
	}
	in := gorgonia.Nodes{x, wih, whh, bih, bhh}
	given, err := r.begin(with, final)
	if err != nil {
		return nil, errors.Wrapf(err, "nn: %s", c.Name())
	}
	in = append(in, given...)
	inputs := len(in)
	// A step that nothing reads would break gorgonia.Grad.
	if settings := draw.Collect(opts); r.noise != (RecurrentNoise{}) && settings.Mode() != ops.Eval {
		if r.source, err = settings.Source(x); err != nil {
			return nil, errors.Wrapf(err, "nn: %s", c.Name())
		}
		if r.source.Layer > math.MaxUint32-recurrentLayers+1 {
			return nil, errors.Errorf("nn: %s: %d layers must fit in 32 bits from layer %d on", c.Name(), recurrentLayers, r.source.Layer)
		}
		in = append(in, r.source.Step())
	}
	states, err := apply(recurrentStates{recurrent: r}, in...)
	if err != nil {
		return nil, err
	}
	return apply(recurrentOutput{r}, slices.Insert(in, inputs, states)...)
}

func (r *recurrent) SetTraining(training bool) {
	if r.source != nil {
		r.source.SetTraining(training)
	}
}

// describe distinguishes the layer from others.
func (r *recurrent) describe(part string) string {
	s := fmt.Sprintf("%s%s{%v%v", r.Name(), part, r.noise, r.sequence)
	if r.source != nil {
		s += " " + r.source.String()
	}
	return s + "}"
}

// step returns the input of the step, if there is one.
func (r *recurrent) step() []op.Input {
	if r.source == nil {
		return nil
	}
	return []op.Input{draw.StepInput()}
}

// weights returns the inputs for x, the parameters, and what the sequence is given.
func (r *recurrent) weights(of op.Content) []op.Input {
	return append([]op.Input{
		{Name: "x", Rank: 3, Of: of}, {Name: "input weights", Rank: 2, Of: of}, {Name: "recurrent weights", Rank: 2, Of: of},
		{Name: "input bias", Rank: 1, Of: of}, {Name: "recurrent bias", Rank: 1, Of: of},
	}, r.given(of)...)
}

// parameters is the number of inputs before those of the sequence.
const parameters = 5

// check returns an error unless x and the parameters fit.
func (r *recurrent) check(in []tensor.Shape) error {
	for i, s := range r.weights(op.Floats) {
		if err := op.NotEmpty(s.Name, in[i]); err != nil {
			return err
		}
	}
	units := in[2][1]
	rows := r.gates() * units
	for i, want := range []tensor.Shape{{rows, in[0][2]}, {rows, units}, {rows}, {rows}} {
		if !in[i+1].Eq(want) {
			return errors.Errorf("%s must have shape %v for %d units and x of shape %v, got %v",
				r.weights(op.Floats)[i+1].Name, want, units, in[0], in[i+1])
		}
	}
	return r.fits(in[parameters:], in[0][0], in[0][1], units)
}

// statesShape returns the shape of the states for x and the parameters.
func (r *recurrent) statesShape(in []tensor.Shape) tensor.Shape {
	return tensor.Shape{in[0][0], in[0][1], r.kept() * in[2][1]}
}

// sizes are those of a run: n examples, times steps, units, and the widths of a
// row of the states and of one of the gates.
type sizes struct {
	n, times, units, row, gates int
	reverse                     bool
}

func (r *recurrent) sizes(n, times, units int) sizes {
	return sizes{n, times, units, r.kept() * units, r.gates() * units, r.reverse}
}

// time returns the time of step k of the layer's way through the sequences.
func (s sizes) time(k int) int {
	if s.reverse {
		return s.times - 1 - k
	}
	return k
}

// recurrentStates :: x → weights and biases → [Int64] → (N, T, kept·H) a
//
// The result is all that the derivatives need. It is a separate op, which is
// not differentiated, so that the forward and backward passes share it as data.
type recurrentStates struct {
	*recurrent
	op.NoGradient // those of the output account for all
}

func (f recurrentStates) String() string     { return f.describe(" states") }
func (f recurrentStates) Rank() int          { return 3 }
func (f recurrentStates) Inputs() []op.Input { return append(f.weights(op.Constants), f.step()...) }

func (f recurrentStates) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in); err != nil {
		return nil, err
	}
	return f.statesShape(in), nil
}

func (f recurrentStates) Loops() op.Loops { return op.Bind(f.recurrent, recurrentDo, recurrentDo) }

func recurrentDo[F op.Float](r *recurrent, states []F, in op.Args[F]) error {
	s := r.sizes(in.Shapes[0][0], in.Shapes[0][1], in.Shapes[2][1])
	given, err := givenOf(r, in, parameters, s)
	if err != nil {
		return err
	}
	noise := drawNoise[F](r, in.Step, s)
	x, wih, whh, depth := in.Floats[0], in.Floats[1], in.Floats[2], in.Shapes[0][2]
	first := r.first() * s.units
	gemm(s.n*s.times, s.gates, depth, matrix[F]{data: x, stride: depth}, matrix[F]{wih, depth, true}, 0, states[first:], s.row)
	pool := parallel.ScratchOf[F](r.mem)
	h := pool.Take(s.n * s.units)
	defer pool.Give(h)
	for k := range s.times {
		time := s.time(k)
		entered := k > 0 || r.initial
		if entered {
			noise.enter(h, given, states, k, s)
			prev := matrix[F]{data: h, stride: s.units}
			at, stride := time*s.row, s.times*s.row
			// The gates that add up, and those that are kept separate, if any.
			apart := s.row - first - s.gates
			gemm(s.n, s.gates-apart, s.units, prev, matrix[F]{whh, s.units, true}, 1, states[at+first:], stride)
			if apart > 0 {
				gemm(s.n, apart, s.units, prev, matrix[F]{whh[(s.gates-apart)*s.units:], s.units, true}, 0, states[at+first+s.gates:], stride)
			}
		}
		parallel.Ranges(s.n, 16*s.units, func(from, to int) {
			for b := from; b < to; b++ {
				at := b*s.times + time
				row, old := states[at*s.row:(at+1)*s.row], given.before(states, b, k, s)
				if given.padding(at) {
					copy(row[:first], old)
					clear(row[first:])
					continue
				}
				switch r.cell.(type) {
				case lstm:
					lstmStep(row, old, in.Floats[3], in.Floats[4], noise, at*s.units)
				case gru:
					if !entered {
						clear(row[4*s.units:])
					}
					gruStep(row, old, in.Floats[3], in.Floats[4], noise, at*s.units)
				}
			}
		})
	}
	return nil
}

// recurrentOutput :: x → weights and biases → [mask] → [initial states] → states → [Int64] → (N, T, H) a
//
// With final states the result has rows for them behind the times.
type recurrentOutput struct{ *recurrent }

func (f recurrentOutput) String() string { return f.describe("") }

// Draws describes the noise, which has several layers.
func (f recurrentOutput) Draws() draw.Drawing {
	return draw.Drawing{Source: f.source, Layers: recurrentLayers, Dropped: draw.Output, Drops: true}
}

func (recurrentOutput) Role() op.Role { return op.RoleRecurrent }

func (f recurrentOutput) Rank() int { return 3 }

func (f recurrentOutput) Inputs() []op.Input {
	return append(append(f.weights(op.Floats), op.Input{Name: "states", Rank: 3, Of: op.Constants}), f.step()...)
}

func (f recurrentOutput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in); err != nil {
		return nil, err
	}
	at := len(f.weights(op.Floats))
	if want := f.statesShape(in); !in[at].Eq(want) {
		return nil, errors.Errorf("states must have shape %v, got %v", want, in[at])
	}
	return tensor.Shape{in[0][0], in[0][1] + f.finals(), in[2][1]}, nil
}

func (f recurrentOutput) Loops() op.Loops { return op.Bind(f.recurrent, hidden, hidden) }

func hidden[F op.Float](r *recurrent, y []F, in op.Args[F]) error {
	s := r.sizes(in.Shapes[0][0], in.Shapes[0][1], in.Shapes[2][1])
	given, err := givenOf(r, in, parameters, s)
	if err != nil {
		return err
	}
	states := in.Floats[len(r.weights(op.Floats))]
	for b := range s.n {
		for time := range s.times {
			at := b*s.times + time
			if given.padding(at) {
				clear(y[:s.units])
			} else {
				copy(y[:s.units], states[at*s.row:])
			}
			y = y[s.units:]
		}
		last := states[(b*s.times+s.time(s.times-1))*s.row:]
		y = y[copy(y, last[:r.finals()*s.units]):]
	}
	return nil
}

func (f recurrentOutput) Derive(c *op.Calculus, in []op.Operand, _, dy op.Operand) []op.Operand {
	n := len(f.weights(op.Floats))
	x, wih, whh, given, states, step := in[0], in[1], in[2], in[parameters:n], in[n], in[n+1:]
	back := slices.Concat([]op.Operand{states, whh, dy}, given, step)
	gates := c.Of(recurrentGates{recurrent: f.recurrent}, back...)
	grads := []op.Operand{
		c.Of(recurrentDiffX{recurrent: f.recurrent}, gates, wih),
		c.Of(recurrentDiffInput{recurrent: f.recurrent}, x, gates),
		c.Of(recurrentDiffHidden{recurrent: f.recurrent}, slices.Concat([]op.Operand{states, gates}, entering(f.recurrent, given), step)...),
		// Two nodes, since a solver may change a gradient in place.
		c.Of(recurrentDiffBias{recurrent: f.recurrent, which: 0}, gates),
		c.Of(recurrentDiffBias{recurrent: f.recurrent, which: 1}, gates),
	}
	if f.masked {
		grads = append(grads, nil)
	}
	if f.initial {
		for state := range f.first() {
			grads = append(grads, c.Of(recurrentDiffInitial{recurrent: f.recurrent, state: state}, back...))
		}
	}
	return append(grads, make([]op.Operand, 1+len(step))...)
}
