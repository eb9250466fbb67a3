package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/ops"
)

// RecurrentNoise is what [LSTM] and [GRU] do to their states in training. Each
// field is a probability; the zero value does nothing. Masks are those of
// [ops.Dropout] with the op's seed and step, in three layers from its own on.
type RecurrentNoise struct {
	// Dropout drops units of the hidden state on their way into the gates, with
	// one mask for all time steps: it has shape (N, H) and is drawn in the op's
	// layer. The state that is carried on is left alone. It is the identity at
	// inference (Gal and Ghahramani, "A Theoretically Grounded Application of
	// Dropout in Recurrent Neural Networks", NeurIPS 2016, section 4).
	Dropout float64
	// ZoneoutCell and ZoneoutHidden keep units of the cells and of the hidden
	// state as they were at the previous time step, by masks of shape (N, T, H)
	// in the next layer and the one after that: the old value is taken where
	// Dropout drops. At inference units are the mean of old and new with these
	// weights (Krueger et al., "Zoneout", ICLR 2017, section 3.1, who use 0.5
	// and 0.05). A [GRU] has no cells.
	ZoneoutCell, ZoneoutHidden float64
}

// recurrentLayers is the number of layer ids that the noise takes.
const recurrentLayers = 3

// check returns an error if a field is not a probability.
func (n RecurrentNoise) check() error {
	for _, f := range []struct {
		name string
		p    float64
	}{{"Dropout", n.Dropout}, {"ZoneoutCell", n.ZoneoutCell}, {"ZoneoutHidden", n.ZoneoutHidden}} {
		if !(f.p >= 0 && f.p <= 1) {
			return errors.Errorf("%s must be in [0, 1], got %v", f.name, f.p)
		}
	}
	return nil
}

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
	noise  RecurrentNoise
	source *draw.Source // of the noise; nil: nothing is drawn
	mem    *parallel.Memory
}

// newRecurrent applies a cell to x.
func newRecurrent(c cell, x, wih, whh, bih, bhh *gorgonia.Node, noise RecurrentNoise, opts []ops.StreamOption) (*gorgonia.Node, error) {
	r := &recurrent{cell: c, noise: noise, mem: new(parallel.Memory)}
	if err := noise.check(); err != nil {
		return nil, errors.Wrapf(err, "nn: %s", c.Name())
	}
	in := gorgonia.Nodes{x, wih, whh, bih, bhh}
	// A step that nothing reads would break gorgonia.Grad.
	if settings := draw.Collect(opts); noise != (RecurrentNoise{}) && settings.Mode() != ops.Inference {
		var err error
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
	in = append(in[:5:5], append(gorgonia.Nodes{states}, in[5:]...)...)
	return apply(recurrentOutput{r}, in...)
}

func (r *recurrent) SetTraining(training bool) {
	if r.source != nil {
		r.source.SetTraining(training)
	}
}

// describe distinguishes the layer from others.
func (r *recurrent) describe(part string) string {
	s := fmt.Sprintf("%s%s{%v", r.Name(), part, r.noise)
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

// weights returns the inputs for x and the parameters.
func (r *recurrent) weights(of op.Content) []op.Input {
	return []op.Input{
		{Name: "x", Rank: 3, Of: of}, {Name: "input weights", Rank: 2, Of: of}, {Name: "recurrent weights", Rank: 2, Of: of},
		{Name: "input bias", Rank: 1, Of: of}, {Name: "recurrent bias", Rank: 1, Of: of},
	}
}

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
	return nil
}

// statesShape returns the shape of the states for x and the parameters.
func (r *recurrent) statesShape(in []tensor.Shape) tensor.Shape {
	return tensor.Shape{in[0][0], in[0][1], r.kept() * in[2][1]}
}

// sizes are those of a run: n examples, times steps, units, and the widths of a
// row of the states and of one of the gates.
type sizes struct{ n, times, units, row, gates int }

func (r *recurrent) sizes(n, times, units int) sizes {
	return sizes{n, times, units, r.kept() * units, r.gates() * units}
}

// noiseAt is the noise of a step.
type noiseAt[F op.Float] struct {
	drop         func(h []F) // of a state of shape (N, H), in place; nil: none
	cell, hidden zone[F]
}

// A zone says which units keep their old values.
type zone[F op.Float] struct {
	bits []uint64 // set where a unit is new; nil: weights
	p    F        // the weight of the old value
}

// at returns the weight of an element's old value.
func (z zone[F]) at(i int) F {
	if z.bits == nil {
		return z.p
	}
	return F(^z.bits[i/64] >> (i % 64) & 1)
}

// blend returns the mean of old and new with weights p and 1-p. A side without
// weight is left out, even if it is NaN.
func blend[F op.Float](p, old, new F) F {
	switch p {
	case 0:
		return new
	case 1:
		return old
	}
	return F(p*old) + F((1-p)*new)
}

// drawNoise returns the noise of a step.
func drawNoise[F op.Float](r *recurrent, step int64, s sizes) (d noiseAt[F]) {
	active := r.source != nil && r.source.Active(step)
	zoneOf := func(p float64, layer uint32) (z zone[F]) {
		t := drop.Threshold(p)
		z.p = F(t) / drop.Always
		if active && p > 0 {
			stream := r.source.Stream(step)
			stream.Layer += layer
			z.bits = make([]uint64, (s.n*s.times*s.units+drop.GroupSize-1)/drop.GroupSize)
			drop.Bits(z.bits, 0, stream, t)
		}
		return z
	}
	d.cell, d.hidden = zoneOf(r.noise.ZoneoutCell, 1), zoneOf(r.noise.ZoneoutHidden, 2)
	if active && r.noise.Dropout > 0 {
		stream, t := r.source.Stream(step), drop.Threshold(r.noise.Dropout)
		d.drop = func(h []F) { drop.Apply(h, h, 0, stream, t) }
	}
	return d
}

// before sets h, of shape (N, H), to the hidden states that enter the gates at
// a time step after the first: those of the previous step, without what is
// dropped.
func (d noiseAt[F]) before(h, states []F, time int, s sizes) {
	for b := range s.n {
		copy(h[b*s.units:(b+1)*s.units], states[(b*s.times+time-1)*s.row:])
	}
	if d.drop != nil {
		d.drop(h)
	}
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
	noise := drawNoise[F](r, in.Step, s)
	x, wih, whh, depth := in.Floats[0], in.Floats[1], in.Floats[2], in.Shapes[0][2]
	first := r.first() * s.units
	gemm(s.n*s.times, s.gates, depth, matrix[F]{data: x, stride: depth}, matrix[F]{wih, depth, true}, 0, states[first:], s.row)
	pool := parallel.ScratchOf[F](r.mem)
	h, start := pool.Take(s.n*s.units), make([]F, s.row)
	defer pool.Give(h)
	for time := range s.times {
		if time > 0 {
			noise.before(h, states, time, s)
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
				row, old := states[at*s.row:(at+1)*s.row], start
				if time > 0 {
					old = states[(at-1)*s.row : at*s.row]
				}
				switch r.cell.(type) {
				case lstm:
					lstmStep(row, old, in.Floats[3], in.Floats[4], noise, at*s.units)
				case gru:
					if time == 0 {
						clear(row[4*s.units:])
					}
					gruStep(row, old, in.Floats[3], in.Floats[4], noise, at*s.units)
				}
			}
		})
	}
	return nil
}

// recurrentOutput :: x → weights and biases → states → [Int64] → (N, T, H) a
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
	if want := f.statesShape(in); !in[5].Eq(want) {
		return nil, errors.Errorf("states must have shape %v, got %v", want, in[5])
	}
	return tensor.Shape{in[0][0], in[0][1], in[2][1]}, nil
}

func (f recurrentOutput) Loops() op.Loops { return op.LoopsOf(hidden, hidden) }

func hidden[F op.Float](y []F, in op.Args[F]) error {
	units, row := in.Shapes[2][1], in.Shapes[5][2]
	for at, states := 0, in.Floats[5]; at < len(y); at, states = at+units, states[row:] {
		copy(y[at:at+units], states)
	}
	return nil
}

func (f recurrentOutput) Derive(c *op.Calculus, in []op.Operand, _, dy op.Operand) []op.Operand {
	x, wih, whh, states, step := in[0], in[1], in[2], in[5], in[6:]
	gates := c.Of(recurrentGates{recurrent: f.recurrent}, append([]op.Operand{states, whh, dy}, step...)...)
	return append([]op.Operand{
		c.Of(recurrentDiffX{recurrent: f.recurrent}, gates, wih),
		c.Of(recurrentDiffInput{recurrent: f.recurrent}, x, gates),
		c.Of(recurrentDiffHidden{recurrent: f.recurrent}, append([]op.Operand{states, gates}, step...)...),
		// Two nodes, since a solver may change a gradient in place.
		c.Of(recurrentDiffBias{recurrent: f.recurrent, which: 0}, gates),
		c.Of(recurrentDiffBias{recurrent: f.recurrent, which: 1}, gates),
		nil,
	}, make([]op.Operand, len(step))...)
}

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
