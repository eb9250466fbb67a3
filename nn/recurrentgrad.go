package nn

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// recurrentGates :: states → recurrent weights → gradient of y → [mask] → [initial states] → [Int64] → (N', T, gates·H) a
//
// The result is the gradients of the input weights' sums, followed by those of
// the recurrent weights' sums if these differ: N' is N or 2N.
type recurrentGates struct {
	*recurrent
	op.NotDifferentiable
}

func (f recurrentGates) String() string { return f.describe("'") }
func (f recurrentGates) Rank() int      { return 3 }

func (f recurrentGates) Inputs() []op.Input { return f.backInputs() }

// backInputs are those of the way back through the sequences.
func (r *recurrent) backInputs() []op.Input {
	return slices.Concat([]op.Input{{Name: "states", Rank: 3}, {Name: "recurrent weights", Rank: 2}, {Name: "gradient of y", Rank: 3}},
		r.given(op.Floats), r.step())
}

// backSizes returns the sizes of the way back.
func (r *recurrent) backSizes(in []tensor.Shape) sizes {
	return r.sizes(in[2][0], in[2][1]-r.finals(), in[1][1])
}

// checkBack returns an error unless the inputs of the way back fit.
func (r *recurrent) checkBack(in []tensor.Shape) error {
	s := r.backSizes(in)
	if want := (tensor.Shape{s.n, s.times, s.row}); !in[0].Eq(want) || in[2][2] != s.units {
		return errors.Errorf("states and gradient of y must have shapes %v and %v, got %v and %v",
			want, tensor.Shape{s.n, s.times + r.finals(), s.units}, in[0], in[2])
	}
	return r.fits(in[3:], s.n, s.times, s.units)
}

func (f recurrentGates) Shape(in []tensor.Shape) (tensor.Shape, error) {
	s := f.backSizes(in)
	return tensor.Shape{s.n * f.sides(), s.times, s.gates}, f.checkBack(in)
}

// sides returns 2 if the recurrent weights' sums have their own gradients, and
// else 1.
func (r *recurrent) sides() int {
	if r.kept()-r.first() > r.gates() {
		return 2
	}
	return 1
}

func (f recurrentGates) Loops() op.Loops { return op.Bind(f.recurrent, recurrentDiff, recurrentDiff) }

func recurrentDiff[F op.Float](r *recurrent, d []F, in op.Args[F]) error {
	s := r.backSizes(in.Shapes)
	pool := parallel.ScratchOf[F](r.mem)
	memory := pool.Take(3 * s.n * s.units)
	defer pool.Give(memory)
	return recurrentBack(r, d, memory, in, s)
}

// recurrentBack sets d to the gradients of the gates. memory, of three times the size
// of a state, has the gradients of the hidden state, of the cells, and of the hidden
// state through the gates of the next time step; at the end those of the initial ones.
func recurrentBack[F op.Float](r *recurrent, d, memory []F, in op.Args[F], s sizes) error {
	states, whh, dy := in.Floats[0], in.Floats[1], in.Floats[2]
	given, err := givenOf(r, in, 3, s)
	if err != nil {
		return err
	}
	noise := drawNoise[F](r, in.Step, s)
	clear(memory)
	dh, dc, through := memory[:s.n*s.units], memory[s.n*s.units:2*s.n*s.units], memory[2*s.n*s.units:]
	// Rows of dy for an example: those of its times, and of its final states.
	rows := s.times + r.finals()
	for b := range s.n {
		final := dy[(b*rows+s.times)*s.units:]
		for state, to := range [][]F{dh, dc}[:r.finals()] {
			copy(to[b*s.units:(b+1)*s.units], final[state*s.units:])
		}
	}
	behind := d[len(d)-s.n*s.times*s.gates:] // gradients of the recurrent weights' sums
	for k := s.times - 1; k >= 0; k-- {
		time := s.time(k)
		parallel.Ranges(s.n, 16*s.units, func(from, to int) {
			for b := from; b < to; b++ {
				at := b*s.times + time
				row, old := states[at*s.row:(at+1)*s.row], given.before(states, b, k, s)
				h := dh[b*s.units : (b+1)*s.units]
				gates := d[at*s.gates : (at+1)*s.gates]
				if given.padding(at) {
					for u, g := range through[b*s.units : (b+1)*s.units] {
						h[u] += g
					}
					clear(gates)
					clear(behind[at*s.gates : (at+1)*s.gates])
					continue
				}
				for u, g := range dy[(b*rows+time)*s.units : (b*rows+time+1)*s.units] {
					h[u] += g + through[b*s.units+u]
				}
				switch r.cell.(type) {
				case lstm:
					lstmBack(gates, h, dc[b*s.units:(b+1)*s.units], row, old, noise, at*s.units)
				case gru:
					gruBack(gates, behind[at*s.gates:(at+1)*s.gates], h, row, old, noise, at*s.units)
				}
			}
		})
		if k > 0 || r.initial {
			gemm(s.n, s.units, s.gates, matrix[F]{data: behind[time*s.gates:], stride: s.times * s.gates},
				matrix[F]{data: whh, stride: s.units}, 0, through, s.units)
			if noise.drop != nil {
				noise.drop(through)
			}
		}
	}
	return nil
}

// recurrentDiffInitial computes the gradient of an initial state: 0 for the hidden
// one, 1 for the cells. It goes back through the sequences once more.
type recurrentDiffInitial struct {
	*recurrent
	op.NotDifferentiable
	state int
}

func (f recurrentDiffInitial) String() string {
	return f.describe(fmt.Sprintf(" initial %d'", f.state))
}
func (f recurrentDiffInitial) Rank() int          { return 2 }
func (f recurrentDiffInitial) Inputs() []op.Input { return f.backInputs() }

func (f recurrentDiffInitial) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[2][0], in[1][1]}, f.checkBack(in)
}

func (f recurrentDiffInitial) Loops() op.Loops {
	return op.Bind(f, recurrentBackInitial, recurrentBackInitial)
}

func recurrentBackInitial[F op.Float](f recurrentDiffInitial, d []F, in op.Args[F]) error {
	s := f.backSizes(in.Shapes)
	pool := parallel.ScratchOf[F](f.mem)
	gates := s.n * f.sides() * s.times * s.gates
	memory := pool.Take(gates + 3*len(d))
	defer pool.Give(memory)
	of := memory[gates:]
	if err := recurrentBack(f.recurrent, memory[:gates], of, in, s); err != nil {
		return err
	}
	copy(d, of[f.state*len(d):])
	if f.state == 0 {
		for i, g := range of[2*len(d):] {
			d[i] += g
		}
	}
	return nil
}

// recurrentDiffX computes the gradient of x from that of the gates and the
// input weights.
type recurrentDiffX struct {
	*recurrent
	op.NotDifferentiable
}

func (f recurrentDiffX) String() string { return f.describe(" x'") }
func (f recurrentDiffX) Rank() int      { return 3 }

func (f recurrentDiffX) Inputs() []op.Input {
	return []op.Input{{Name: "gradient of the gates", Rank: 3}, {Name: "input weights", Rank: 2}}
}

func (f recurrentDiffX) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0] / f.sides(), in[0][1], in[1][1]}, f.match(in[0], in[1][0])
}

// match returns an error unless the gradient of the gates has the given width.
func (r *recurrent) match(gates tensor.Shape, width int) error {
	if gates[2] != width {
		return errors.Errorf("gradient of the gates must have %d values at each time, got shape %v", width, gates)
	}
	return nil
}

func (f recurrentDiffX) Loops() op.Loops { return op.LoopsOf(recurrentBackX, recurrentBackX) }

func recurrentBackX[F op.Float](dx []F, in op.Args[F]) error {
	gates, depth := in.Shapes[1][0], in.Shapes[1][1]
	gemm(len(dx)/depth, depth, gates, matrix[F]{data: in.Floats[0], stride: gates},
		matrix[F]{data: in.Floats[1], stride: depth}, 0, dx, depth)
	return nil
}

// recurrentDiffInput computes the gradient of the input weights from x and that
// of the gates.
type recurrentDiffInput struct {
	*recurrent
	op.NotDifferentiable
}

func (f recurrentDiffInput) String() string { return f.describe(" wih'") }
func (f recurrentDiffInput) Rank() int      { return 2 }

func (f recurrentDiffInput) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: 3}, {Name: "gradient of the gates", Rank: 3}}
}

func (f recurrentDiffInput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := (tensor.Shape{in[0][0] * f.sides(), in[0][1], in[1][2]}); !in[1].Eq(want) {
		return nil, errors.Errorf("gradient of the gates must have shape %v, got %v", want, in[1])
	}
	return tensor.Shape{in[1][2], in[0][2]}, nil
}

func (f recurrentDiffInput) Loops() op.Loops {
	return op.LoopsOf(recurrentBackInput, recurrentBackInput)
}

func recurrentBackInput[F op.Float](dw []F, in op.Args[F]) error {
	gates, depth := in.Shapes[1][2], in.Shapes[0][2]
	gemm(gates, depth, len(in.Floats[0])/depth, matrix[F]{in.Floats[1], gates, true},
		matrix[F]{data: in.Floats[0], stride: depth}, 0, dw, depth)
	return nil
}

// recurrentDiffHidden computes the gradient of the recurrent weights from the
// states and the gradient of the gates.
type recurrentDiffHidden struct {
	*recurrent
	op.NotDifferentiable
}

func (f recurrentDiffHidden) String() string { return f.describe(" whh'") }
func (f recurrentDiffHidden) Rank() int      { return 2 }

func (f recurrentDiffHidden) Inputs() []op.Input {
	return slices.Concat([]op.Input{{Name: "states", Rank: 3}, {Name: "gradient of the gates", Rank: 3}}, entering(f.recurrent, f.given(op.Floats)), f.step())
}

func (f recurrentDiffHidden) Shape(in []tensor.Shape) (tensor.Shape, error) {
	units := in[0][2] / f.kept()
	if want := (tensor.Shape{in[0][0] * f.sides(), in[0][1], units * f.gates()}); !in[1].Eq(want) {
		return nil, errors.Errorf("gradient of the gates must have shape %v, got %v", want, in[1])
	}
	if want := (tensor.Shape{in[0][0], units}); f.initial && !in[2].Eq(want) {
		return nil, errors.Errorf("initial state must have shape %v, got %v", want, in[2])
	}
	return tensor.Shape{in[1][2], units}, nil
}

func (f recurrentDiffHidden) Loops() op.Loops {
	return op.Bind(f.recurrent, recurrentBackHidden, recurrentBackHidden)
}

func recurrentBackHidden[F op.Float](r *recurrent, dw []F, in op.Args[F]) error {
	s := r.sizes(in.Shapes[0][0], in.Shapes[0][1], in.Shapes[0][2]/r.kept())
	noise := drawNoise[F](r, in.Step, s)
	rows := s.n * s.times
	pool := parallel.ScratchOf[F](r.mem)
	memory := pool.Take((rows + s.n) * s.units)
	defer pool.Give(memory)
	given := givenStates[F]{}
	if r.initial {
		given.starts, given.width = in.Floats[2], s.units
	}
	// What entered the gates, in the order of their gradients: nothing at the
	// first time step, unless there is an initial state.
	entered, h := memory[:rows*s.units], memory[rows*s.units:]
	for k := range s.times {
		if k == 0 && !r.initial {
			clear(h)
		} else {
			noise.enter(h, given, in.Floats[0], k, s)
		}
		for b := range s.n {
			copy(entered[(b*s.times+s.time(k))*s.units:], h[b*s.units:(b+1)*s.units])
		}
	}
	gates := in.Floats[1][len(in.Floats[1])-rows*s.gates:]
	gemm(s.gates, s.units, rows, matrix[F]{gates, s.gates, true}, matrix[F]{data: entered, stride: s.units}, 0, dw, s.units)
	return nil
}

// recurrentDiffBias computes the gradient of the input bias (0) or of the
// recurrent one (1) from that of the gates.
type recurrentDiffBias struct {
	op.NotDifferentiable
	*recurrent
	which int
}

func (f recurrentDiffBias) String() string { return f.describe(fmt.Sprintf(" b%d'", f.which)) }
func (f recurrentDiffBias) Rank() int      { return 1 }
func (f recurrentDiffBias) Inputs() []op.Input {
	return []op.Input{{Name: "gradient of the gates", Rank: 3}}
}

func (f recurrentDiffBias) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][2]}, nil
}

func (f recurrentDiffBias) Loops() op.Loops { return op.Bind(f, recurrentBackBias, recurrentBackBias) }

func recurrentBackBias[F op.Float](f recurrentDiffBias, db []F, in op.Args[F]) error {
	gates := in.Floats[0]
	if half := len(gates) / f.sides(); f.which == 0 {
		gates = gates[:half]
	} else {
		gates = gates[len(gates)-half:]
	}
	clear(db)
	for ; len(gates) > 0; gates = gates[len(db):] {
		for i, g := range gates[:len(db)] {
			db[i] += g
		}
	}
	return nil
}
