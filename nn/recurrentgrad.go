package nn

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// recurrentGates :: states → recurrent weights → gradient of y → [Int64] → (N', T, gates·H) a
//
// The result is the gradients of the input weights' sums, followed by those of
// the recurrent weights' sums if these differ: N' is N or 2N.
type recurrentGates struct {
	*recurrent
	op.NotDifferentiable
}

func (f recurrentGates) String() string { return f.describe("'") }
func (f recurrentGates) Rank() int      { return 3 }

func (f recurrentGates) Inputs() []op.Input {
	return append([]op.Input{{Name: "states", Rank: 3}, {Name: "recurrent weights", Rank: 2}, {Name: "gradient of y", Rank: 3}}, f.step()...)
}

func (f recurrentGates) Shape(in []tensor.Shape) (tensor.Shape, error) {
	n, times, units := in[2][0], in[2][1], in[1][1]
	if want := (tensor.Shape{n, times, f.kept() * units}); !in[0].Eq(want) || in[2][2] != units {
		return nil, errors.Errorf("states and gradient of y must have shapes %v and %v, got %v and %v",
			want, tensor.Shape{n, times, units}, in[0], in[2])
	}
	return tensor.Shape{n * f.sides(), times, f.gates() * units}, nil
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
	states, whh, dy := in.Floats[0], in.Floats[1], in.Floats[2]
	s := r.sizes(in.Shapes[2][0], in.Shapes[2][1], in.Shapes[1][1])
	noise := drawNoise[F](r, in.Step, s)
	pool := parallel.ScratchOf[F](r.mem)
	memory := pool.Take(3 * s.n * s.units)
	defer pool.Give(memory)
	clear(memory)
	// Gradients of the hidden state, of the cells, and of the hidden state
	// through the gates of the next time step.
	dh, dc, through := memory[:s.n*s.units], memory[s.n*s.units:2*s.n*s.units], memory[2*s.n*s.units:]
	start := make([]F, s.row)
	behind := d[len(d)-s.n*s.times*s.gates:] // gradients of the recurrent weights' sums
	for time := s.times - 1; time >= 0; time-- {
		parallel.Ranges(s.n, 16*s.units, func(from, to int) {
			for b := from; b < to; b++ {
				at := b*s.times + time
				row, old := states[at*s.row:(at+1)*s.row], start
				if time > 0 {
					old = states[(at-1)*s.row : at*s.row]
				}
				h := dh[b*s.units : (b+1)*s.units]
				for u, g := range dy[at*s.units : (at+1)*s.units] {
					h[u] += g + through[b*s.units+u]
				}
				gates := d[at*s.gates : (at+1)*s.gates]
				switch r.cell.(type) {
				case lstm:
					lstmBack(gates, h, dc[b*s.units:(b+1)*s.units], row, old, noise, at*s.units)
				case gru:
					gruBack(gates, behind[at*s.gates:(at+1)*s.gates], h, row, old, noise, at*s.units)
				}
			}
		})
		if time > 0 {
			gemm(s.n, s.units, s.gates, matrix[F]{data: behind[time*s.gates:], stride: s.times * s.gates},
				matrix[F]{data: whh, stride: s.units}, 0, through, s.units)
			if noise.drop != nil {
				noise.drop(through)
			}
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
	return append([]op.Input{{Name: "states", Rank: 3}, {Name: "gradient of the gates", Rank: 3}}, f.step()...)
}

func (f recurrentDiffHidden) Shape(in []tensor.Shape) (tensor.Shape, error) {
	units := in[0][2] / f.kept()
	if want := (tensor.Shape{in[0][0] * f.sides(), in[0][1], units * f.gates()}); !in[1].Eq(want) {
		return nil, errors.Errorf("gradient of the gates must have shape %v, got %v", want, in[1])
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
	// What entered the gates, in the order of their gradients: nothing at the
	// first time step.
	entered, h := memory[:rows*s.units], memory[rows*s.units:]
	for time := range s.times {
		if time == 0 {
			clear(h)
		} else {
			noise.before(h, in.Floats[0], time, s)
		}
		for b := range s.n {
			copy(entered[(b*s.times+time)*s.units:], h[b*s.units:(b+1)*s.units])
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
