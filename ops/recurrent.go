package ops

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
)

// RecurrentNoise is what LSTM and GRU do to their states in training. Each field
// is a probability; the zero value does nothing. Masks are those of Dropout with
// the seed and step of the op, in three layers from its own on.
type RecurrentNoise struct {
	// Dropout drops units of the hidden state on their way into the gates, at all
	// times alike: the mask, of the op's layer, has shape (N, H). What the state
	// itself carries on is left alone. It is the identity at inference (Gal and
	// Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent
	// Neural Networks", NeurIPS 2016, section 4).
	Dropout float64
	// ZoneoutCell and ZoneoutHidden keep units of the cells and of the hidden state
	// as they were a time before, by masks of shape (N, T, H) in the next layer and
	// the one after that, where the old value is taken where Dropout drops. At
	// inference units are the mean of old and new with these weights (Krueger et
	// al., "Zoneout", ICLR 2017, section 3.1, who take 0.5 and 0.05). A GRU has no
	// cells.
	ZoneoutCell, ZoneoutHidden float64
}

// recurrentLayers is the number of layer ids that the noise takes.
const recurrentLayers = 3

// check returns an error where a field is no probability.
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

// A cell is what a recurrent layer does at one time in one example.
type cell interface {
	// name is the op's name in errors.
	name() string
	// gates is the number of values that the weights make for a unit, and kept the
	// number of values for a unit that the states hold: the hidden state, the rest
	// of the state and, from first on, the gates.
	gates() int
	kept() int
	first() int
}

// recurrent is what a recurrent layer shares with its derivatives.
type recurrent struct {
	cell
	noise RecurrentNoise
	drop  *recurrentDrop // nil: nothing is drawn
	mem   *memory
}

// recurrentDrop is how the noise is drawn.
type recurrentDrop struct {
	config
	training atomic.Bool
}

// newRecurrent applies a cell to x.
func newRecurrent(c cell, x, wih, whh, bih, bhh *gorgonia.Node, noise RecurrentNoise, opts []Option) (*gorgonia.Node, error) {
	r := &recurrent{cell: c, noise: noise, mem: new(memory)}
	if err := noise.check(); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", c.name())
	}
	var given config
	for _, opt := range opts {
		opt(&given)
	}
	if given.rate != nil || given.hasRateNode || given.hasNoiseShape || given.broadcast != nil {
		return nil, errors.Errorf("ops: %s: the noise has rates and shapes of its own, got WithRate, WithRateNode, WithNoiseShape or WithBroadcastAxes", c.name())
	}
	in := gorgonia.Nodes{x, wih, whh, bih, bhh}
	// A step that nothing reads would break gorgonia.Grad.
	if noise != (RecurrentNoise{}) && given.mode != Inference {
		own, err := configure(c.name(), x, opts, false)
		if err != nil {
			return nil, err
		}
		if own.layer > math.MaxUint32-recurrentLayers+1 {
			return nil, errors.Errorf("ops: %s: %d layers must fit in 32 bits from layer %d on", c.name(), recurrentLayers, own.layer)
		}
		r.drop = &recurrentDrop{config: *own}
		r.drop.training.Store(true)
		in = append(in, own.step)
	}
	states, err := applyFunction(recurrentStates{r}, in...)
	if err != nil {
		return nil, err
	}
	in = append(in[:5:5], append(gorgonia.Nodes{states}, in[5:]...)...)
	return applyFunction(recurrentOutput{r}, in...)
}

// layerID is the last of the noise's layers, for layers after it to be others.
func (r *recurrent) layerID() uint32 {
	if r.drop == nil {
		return 0
	}
	return r.drop.layer + recurrentLayers - 1
}

func (r *recurrent) setTraining(training bool) {
	if r.drop != nil {
		r.drop.training.Store(training)
	}
}

// describe tells the layer from others.
func (r *recurrent) describe(part string) string {
	s := fmt.Sprintf("%s%s{%v", r.name(), part, r.noise)
	if d := r.drop; d != nil {
		s += fmt.Sprintf(" seed=%d layer=%d mode=%v", d.seed, d.layer, d.mode)
	}
	return s + "}"
}

// step returns the slot of the step, if there is one.
func (r *recurrent) step() []slot {
	if r.drop == nil {
		return nil
	}
	return []slot{{name: "step", of: stepNumber}}
}

// weights are the slots of x and the parameters.
func (r *recurrent) weights(of content) []slot {
	return []slot{
		{"x", 3, of}, {"input weights", 2, of}, {"recurrent weights", 2, of},
		{"input bias", 1, of}, {"recurrent bias", 1, of},
	}
}

// check returns an error unless x and the parameters fit.
func (r *recurrent) check(in []tensor.Shape) error {
	for i, s := range r.weights(floats) {
		if err := positive(s.name, in[i]); err != nil {
			return err
		}
	}
	units := in[2][1]
	rows := r.gates() * units
	for i, want := range []tensor.Shape{{rows, in[0][2]}, {rows, units}, {rows}, {rows}} {
		if !in[i+1].Eq(want) {
			return errors.Errorf("%s must have shape %v for %d units and x of shape %v, got %v",
				r.weights(floats)[i+1].name, want, units, in[0], in[i+1])
		}
	}
	return nil
}

// statesShape is the shape of the states for x and the parameters.
func (r *recurrent) statesShape(in []tensor.Shape) tensor.Shape {
	return tensor.Shape{in[0][0], in[0][1], r.kept() * in[2][1]}
}

// sizes are those of a run: n examples, times steps, units, and the widths of a
// row of the states and of one of the gates.
type sizes struct{ n, times, units, row, gates int }

func (r *recurrent) sizes(n, times, units int) sizes {
	return sizes{n, times, units, r.kept() * units, r.gates() * units}
}

// draw is the noise of a step.
type draw[F float] struct {
	drop         func(h []F) // of a state of shape (N, H), in place; nil: none
	cell, hidden zone[F]
}

// A zone says which units stay as they were.
type zone[F float] struct {
	bits []uint64 // set where a unit is new; nil: weights
	p    F        // the weight of the old value
}

// at is the weight of the old value of an element.
func (z zone[F]) at(i int) F {
	if z.bits == nil {
		return z.p
	}
	return F(^z.bits[i/64] >> (i % 64) & 1)
}

// blend is the mean of old and new with weights p and 1-p. What has no weight is
// left out, even NaN.
func blend[F float](p, old, new F) F {
	switch p {
	case 0:
		return new
	case 1:
		return old
	}
	return F(p*old) + F((1-p)*new)
}

// drawNoise returns the noise of a step.
func drawNoise[F float](r *recurrent, step int64, s sizes) (d draw[F]) {
	active := r.drop != nil && r.drop.active(step, r.drop.training.Load())
	zoneOf := func(p float64, layer uint32) (z zone[F]) {
		t := kernel.Threshold(p)
		z.p = F(t) / kernel.Always
		if active && p > 0 {
			stream := r.drop.stream(step)
			stream.Layer += layer
			z.bits = make([]uint64, (s.n*s.times*s.units+kernel.GroupSize-1)/kernel.GroupSize)
			kernel.Bits(z.bits, 0, stream, t)
		}
		return z
	}
	d.cell, d.hidden = zoneOf(r.noise.ZoneoutCell, 1), zoneOf(r.noise.ZoneoutHidden, 2)
	if active && r.noise.Dropout > 0 {
		stream, t := r.drop.stream(step), kernel.Threshold(r.noise.Dropout)
		d.drop = func(h []F) {
			switch h := any(h).(type) {
			case []float32:
				kernel.Float32(h, h, 0, stream, t)
			case []float64:
				kernel.Float64(h, h, 0, stream, t)
			}
		}
	}
	return d
}

// before sets h, of shape (N, H), to the hidden states that enter the gates at a
// time after the first: those of the time before, without what is dropped.
func (d draw[F]) before(h, states []F, time int, s sizes) {
	for b := range s.n {
		copy(h[b*s.units:(b+1)*s.units], states[(b*s.times+time-1)*s.row:])
	}
	if d.drop != nil {
		d.drop(h)
	}
}

// recurrentStates :: x → weights and biases → [Int64] → (N, T, kept·H) a
//
// The result is all that the derivatives need. It is an op of its own, which is
// not differentiated, so that forward and backward share it by data.
type recurrentStates struct{ *recurrent }

func (f recurrentStates) String() string { return f.describe(" states") }
func (f recurrentStates) rank() int      { return 3 }
func (f recurrentStates) inputs() []slot { return append(f.weights(constants), f.step()...) }

func (f recurrentStates) shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in); err != nil {
		return nil, err
	}
	return f.statesShape(in), nil
}

func (f recurrentStates) float32s(y []float32, in arguments[float32]) error {
	return recurrentDo(f.recurrent, y, in)
}

func (f recurrentStates) float64s(y []float64, in arguments[float64]) error {
	return recurrentDo(f.recurrent, y, in)
}

// derive returns no gradients: those of the output account for all.
func (f recurrentStates) derive(_ *calculus, x []operand, _, _ operand) []operand {
	return make([]operand, len(x))
}

func recurrentDo[F float](r *recurrent, states []F, in arguments[F]) error {
	s := r.sizes(in.shapes[0][0], in.shapes[0][1], in.shapes[2][1])
	noise := drawNoise[F](r, in.step, s)
	x, wih, whh, depth := in.floats[0], in.floats[1], in.floats[2], in.shapes[0][2]
	first := r.first() * s.units
	gemm(s.n*s.times, s.gates, depth, matrix[F]{data: x, stride: depth}, matrix[F]{wih, depth, true}, 0, states[first:], s.row)
	pool := scratchOf[F](r.mem)
	h, start := pool.take(s.n*s.units), make([]F, s.row)
	defer pool.give(h)
	for time := range s.times {
		if time > 0 {
			noise.before(h, states, time, s)
			prev := matrix[F]{data: h, stride: s.units}
			at, stride := time*s.row, s.times*s.row
			// The gates that add up, and those that are kept apart, if any.
			apart := s.row - first - s.gates
			gemm(s.n, s.gates-apart, s.units, prev, matrix[F]{whh, s.units, true}, 1, states[at+first:], stride)
			if apart > 0 {
				gemm(s.n, apart, s.units, prev, matrix[F]{whh[(s.gates-apart)*s.units:], s.units, true}, 0, states[at+first+s.gates:], stride)
			}
		}
		ranges(s.n, 16*s.units, func(from, to int) {
			for b := from; b < to; b++ {
				at := b*s.times + time
				row, old := states[at*s.row:(at+1)*s.row], start
				if time > 0 {
					old = states[(at-1)*s.row : at*s.row]
				}
				switch r.cell.(type) {
				case lstm:
					lstmStep(row, old, in.floats[3], in.floats[4], noise, at*s.units)
				case gru:
					if time == 0 {
						clear(row[4*s.units:])
					}
					gruStep(row, old, in.floats[3], in.floats[4], noise, at*s.units)
				}
			}
		})
	}
	return nil
}

// recurrentOutput :: x → weights and biases → states → [Int64] → (N, T, H) a
type recurrentOutput struct{ *recurrent }

func (f recurrentOutput) String() string { return f.describe("") }
func (f recurrentOutput) rank() int      { return 3 }

func (f recurrentOutput) inputs() []slot {
	return append(append(f.weights(floats), slot{"states", 3, constants}), f.step()...)
}

func (f recurrentOutput) shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in); err != nil {
		return nil, err
	}
	if want := f.statesShape(in); !in[5].Eq(want) {
		return nil, errors.Errorf("states must have shape %v, got %v", want, in[5])
	}
	return tensor.Shape{in[0][0], in[0][1], in[2][1]}, nil
}

func (f recurrentOutput) float32s(y []float32, in arguments[float32]) error { return hidden(y, in) }
func (f recurrentOutput) float64s(y []float64, in arguments[float64]) error { return hidden(y, in) }

func hidden[F float](y []F, in arguments[F]) error {
	units, row := in.shapes[2][1], in.shapes[5][2]
	for at, states := 0, in.floats[5]; at < len(y); at, states = at+units, states[row:] {
		copy(y[at:at+units], states)
	}
	return nil
}

func (f recurrentOutput) derive(c *calculus, in []operand, _, dy operand) []operand {
	x, wih, whh, states, step := in[0], in[1], in[2], in[5], in[6:]
	gates := c.of(recurrentGates(f), append([]operand{states, whh, dy}, step...)...)
	return append([]operand{
		c.of(recurrentDiffX(f), gates, wih),
		c.of(recurrentDiffInput(f), x, gates),
		c.of(recurrentDiffHidden(f), append([]operand{states, gates}, step...)...),
		// Two nodes: a solver may change a gradient in place.
		c.of(recurrentDiffBias{f.recurrent, 0}, gates),
		c.of(recurrentDiffBias{f.recurrent, 1}, gates),
		nil,
	}, make([]operand, len(step))...)
}

// recurrentGates :: states → recurrent weights → gradient of y → [Int64] → (N', T, gates·H) a
//
// The result is the gradients of the sums that the input weights make and, where
// those that the recurrent weights make have others, these behind them: N' is N or
// 2N.
type recurrentGates struct{ *recurrent }

func (f recurrentGates) String() string { return f.describe("'") }
func (f recurrentGates) rank() int      { return 3 }

func (f recurrentGates) inputs() []slot {
	return append([]slot{{"states", 3, floats}, {"recurrent weights", 2, floats}, {"gradient of y", 3, floats}}, f.step()...)
}

func (f recurrentGates) shape(in []tensor.Shape) (tensor.Shape, error) {
	n, times, units := in[2][0], in[2][1], in[1][1]
	if want := (tensor.Shape{n, times, f.kept() * units}); !in[0].Eq(want) || in[2][2] != units {
		return nil, errors.Errorf("states and gradient of y must have shapes %v and %v, got %v and %v",
			want, tensor.Shape{n, times, units}, in[0], in[2])
	}
	return tensor.Shape{n * f.sides(), times, f.gates() * units}, nil
}

// sides is 2 where the recurrent weights' sums have gradients of their own.
func (r *recurrent) sides() int {
	if r.kept()-r.first() > r.gates() {
		return 2
	}
	return 1
}

func (f recurrentGates) float32s(d []float32, in arguments[float32]) error {
	return recurrentDiff(f.recurrent, d, in)
}

func (f recurrentGates) float64s(d []float64, in arguments[float64]) error {
	return recurrentDiff(f.recurrent, d, in)
}

func recurrentDiff[F float](r *recurrent, d []F, in arguments[F]) error {
	states, whh, dy := in.floats[0], in.floats[1], in.floats[2]
	s := r.sizes(in.shapes[2][0], in.shapes[2][1], in.shapes[1][1])
	noise := drawNoise[F](r, in.step, s)
	pool := scratchOf[F](r.mem)
	memory := pool.take(3 * s.n * s.units)
	defer pool.give(memory)
	clear(memory)
	// Gradients of the hidden state, of the cells, and of the hidden state through
	// the gates of the next time.
	dh, dc, through := memory[:s.n*s.units], memory[s.n*s.units:2*s.n*s.units], memory[2*s.n*s.units:]
	start := make([]F, s.row)
	behind := d[len(d)-s.n*s.times*s.gates:] // gradients of the recurrent weights' sums
	for time := s.times - 1; time >= 0; time-- {
		ranges(s.n, 16*s.units, func(from, to int) {
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

func (f recurrentGates) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// recurrentDiffX is the gradient of x from that of the gates and the input weights.
type recurrentDiffX struct{ *recurrent }

func (f recurrentDiffX) String() string { return f.describe(" x'") }
func (f recurrentDiffX) rank() int      { return 3 }

func (f recurrentDiffX) inputs() []slot {
	return []slot{{"gradient of the gates", 3, floats}, {"input weights", 2, floats}}
}

func (f recurrentDiffX) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0] / f.sides(), in[0][1], in[1][1]}, f.match(in[0], in[1][0])
}

// match returns an error unless gradients of gates have the given width.
func (r *recurrent) match(gates tensor.Shape, width int) error {
	if gates[2] != width {
		return errors.Errorf("gradient of the gates must have %d values at each time, got shape %v", width, gates)
	}
	return nil
}

func (f recurrentDiffX) float32s(dx []float32, in arguments[float32]) error {
	return recurrentBackX(dx, in)
}

func (f recurrentDiffX) float64s(dx []float64, in arguments[float64]) error {
	return recurrentBackX(dx, in)
}

func recurrentBackX[F float](dx []F, in arguments[F]) error {
	gates, depth := in.shapes[1][0], in.shapes[1][1]
	gemm(len(dx)/depth, depth, gates, matrix[F]{data: in.floats[0], stride: gates},
		matrix[F]{data: in.floats[1], stride: depth}, 0, dx, depth)
	return nil
}

func (f recurrentDiffX) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// recurrentDiffInput is the gradient of the input weights from x and that of the
// gates.
type recurrentDiffInput struct{ *recurrent }

func (f recurrentDiffInput) String() string { return f.describe(" wih'") }
func (f recurrentDiffInput) rank() int      { return 2 }

func (f recurrentDiffInput) inputs() []slot {
	return []slot{{"x", 3, floats}, {"gradient of the gates", 3, floats}}
}

func (f recurrentDiffInput) shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := (tensor.Shape{in[0][0] * f.sides(), in[0][1], in[1][2]}); !in[1].Eq(want) {
		return nil, errors.Errorf("gradient of the gates must have shape %v, got %v", want, in[1])
	}
	return tensor.Shape{in[1][2], in[0][2]}, nil
}

func (f recurrentDiffInput) float32s(dw []float32, in arguments[float32]) error {
	return recurrentBackInput(dw, in)
}

func (f recurrentDiffInput) float64s(dw []float64, in arguments[float64]) error {
	return recurrentBackInput(dw, in)
}

func recurrentBackInput[F float](dw []F, in arguments[F]) error {
	gates, depth := in.shapes[1][2], in.shapes[0][2]
	gemm(gates, depth, len(in.floats[0])/depth, matrix[F]{in.floats[1], gates, true},
		matrix[F]{data: in.floats[0], stride: depth}, 0, dw, depth)
	return nil
}

func (f recurrentDiffInput) derive(c *calculus, _ []operand, _, _ operand) []operand {
	return c.stop(f)
}

// recurrentDiffHidden is the gradient of the recurrent weights from the states and
// the gradient of the gates.
type recurrentDiffHidden struct{ *recurrent }

func (f recurrentDiffHidden) String() string { return f.describe(" whh'") }
func (f recurrentDiffHidden) rank() int      { return 2 }

func (f recurrentDiffHidden) inputs() []slot {
	return append([]slot{{"states", 3, floats}, {"gradient of the gates", 3, floats}}, f.step()...)
}

func (f recurrentDiffHidden) shape(in []tensor.Shape) (tensor.Shape, error) {
	units := in[0][2] / f.kept()
	if want := (tensor.Shape{in[0][0] * f.sides(), in[0][1], units * f.gates()}); !in[1].Eq(want) {
		return nil, errors.Errorf("gradient of the gates must have shape %v, got %v", want, in[1])
	}
	return tensor.Shape{in[1][2], units}, nil
}

func (f recurrentDiffHidden) float32s(dw []float32, in arguments[float32]) error {
	return recurrentBackHidden(f.recurrent, dw, in)
}

func (f recurrentDiffHidden) float64s(dw []float64, in arguments[float64]) error {
	return recurrentBackHidden(f.recurrent, dw, in)
}

func recurrentBackHidden[F float](r *recurrent, dw []F, in arguments[F]) error {
	s := r.sizes(in.shapes[0][0], in.shapes[0][1], in.shapes[0][2]/r.kept())
	noise := drawNoise[F](r, in.step, s)
	rows := s.n * s.times
	pool := scratchOf[F](r.mem)
	memory := pool.take((rows + s.n) * s.units)
	defer pool.give(memory)
	// What entered the gates, in the order of their gradients: nothing at first.
	entered, h := memory[:rows*s.units], memory[rows*s.units:]
	for time := range s.times {
		if time == 0 {
			clear(h)
		} else {
			noise.before(h, in.floats[0], time, s)
		}
		for b := range s.n {
			copy(entered[(b*s.times+time)*s.units:], h[b*s.units:(b+1)*s.units])
		}
	}
	gates := in.floats[1][len(in.floats[1])-rows*s.gates:]
	gemm(s.gates, s.units, rows, matrix[F]{gates, s.gates, true}, matrix[F]{data: entered, stride: s.units}, 0, dw, s.units)
	return nil
}

func (f recurrentDiffHidden) derive(c *calculus, _ []operand, _, _ operand) []operand {
	return c.stop(f)
}

// recurrentDiffBias is the gradient of the input bias, 0, or of the recurrent one,
// 1, from that of the gates.
type recurrentDiffBias struct {
	*recurrent
	which int
}

func (f recurrentDiffBias) String() string { return f.describe(fmt.Sprintf(" b%d'", f.which)) }
func (f recurrentDiffBias) rank() int      { return 1 }
func (f recurrentDiffBias) inputs() []slot { return []slot{{"gradient of the gates", 3, floats}} }

func (f recurrentDiffBias) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][2]}, nil
}

func (f recurrentDiffBias) float32s(db []float32, in arguments[float32]) error {
	return recurrentBackBias(f, db, in)
}

func (f recurrentDiffBias) float64s(db []float64, in arguments[float64]) error {
	return recurrentBackBias(f, db, in)
}

func recurrentBackBias[F float](f recurrentDiffBias, db []F, in arguments[F]) error {
	gates := in.floats[0]
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

func (f recurrentDiffBias) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
