package ops

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
)

// An Activation is what a fused layer does to its sums.
type Activation uint8

const (
	// ActivationNone leaves them as they are.
	ActivationNone Activation = iota
	// ActivationReLU is max(x, 0). NaN stays NaN. Its derivative at 0 is 0.
	ActivationReLU
)

func (a Activation) String() string {
	if a == ActivationReLU {
		return "ReLU"
	}
	return "none"
}

// Dense returns act(x·w + b) as one op: after the product, one pass adds the bias
// and applies the activation. x has shape (N, I), w (I, O) and b (O), or b is nil
// for none; y has shape (N, O). All are of float32 or of float64, and no size may
// be 0. The product runs on the BLAS that gorgonia.Use was given.
//
// The gradients are computed by ops of the same kind, that of the bias in the pass
// that makes the gradient of the sums. They have no derivatives themselves: for
// second derivatives build the layer of Gorgonia's own ops.
func Dense(x, w, b *gorgonia.Node, act Activation) (*gorgonia.Node, error) {
	l := &linear{act: act, bias: b != nil}
	return l.apply(x, w, b)
}

// DenseDropout is Dense with Dropout behind it in the same pass: the result is,
// mask by mask, that of Dropout(Dense(x, w, b, act), p, opts...), and within
// rounding so are the gradients. WithRateNode, WithNoiseShape and
// WithBroadcastAxes are errors: such a dropout is not fused.
func DenseDropout(x, w, b *gorgonia.Node, act Activation, p float64, opts ...Option) (*gorgonia.Node, error) {
	const name = "DenseDropout"
	c, err := configure(name, x, opts, false)
	if err != nil {
		return nil, err
	}
	if c.rate == nil {
		c.rate = Constant(p)
	}
	for _, err := range []error{checkRate(p), validate(c.rate, bernoulli{})} {
		if err != nil {
			return nil, errors.Wrapf(err, "ops: %s", name)
		}
	}
	if c.hasRateNode || c.hasNoiseShape || c.broadcast != nil {
		return nil, errors.Errorf("ops: %s: dropout must be of a Rate and by element, got WithRateNode, WithNoiseShape or WithBroadcastAxes", name)
	}
	l := &linear{act: act, bias: b != nil, drop: &linearDrop{config: *c}}
	l.drop.training.Store(true)
	return l.apply(x, w, b)
}

// linear is what a layer shares with its derivatives.
type linear struct {
	act  Activation
	bias bool
	drop *linearDrop // nil: none
	kept *keptOp     // the units of the outputs, which are scaled; nil: all, as they are
}

// linearDrop is the dropout behind a layer.
type linearDrop struct {
	config
	training atomic.Bool
}

func (d *linearDrop) layerID() uint32 { return d.layer }

// mask returns the stream and the threshold of a step; 0 where dropout is not
// active.
func (d *linearDrop) mask(step int64) (s kernel.Stream, threshold uint32, err error) {
	if d == nil || !d.active(step, d.training.Load()) {
		return s, 0, nil
	}
	p := d.rate.At(step)
	if err := checkRate(p); err != nil {
		return s, 0, errors.Wrapf(err, "rate at step %d", step)
	}
	return d.stream(step), kernel.Threshold(p), nil
}

func (l *linear) apply(x, w, b *gorgonia.Node, more ...*gorgonia.Node) (*gorgonia.Node, error) {
	if l.act > ActivationReLU {
		return nil, errors.Errorf("ops: %s: activation must be ActivationNone or ActivationReLU, got %d", l.name(), l.act)
	}
	in := gorgonia.Nodes{x, w}
	if l.bias {
		in = append(in, b)
	}
	if l.drop != nil {
		in = append(in, l.drop.step)
	}
	return applyFunction(linearForward{l}, append(in, more...)...)
}

func (l *linear) name() string {
	switch {
	case l.drop != nil:
		return "DenseDropout"
	case l.kept != nil:
		return "Kept.Dense"
	}
	return "Dense"
}

// describe tells the layer from others.
func (l *linear) describe(part string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s%s{activation=%v bias=%v", l.name(), part, l.act, l.bias)
	if d := l.drop; d != nil {
		if p, ok := d.rate.(Constant); ok {
			fmt.Fprintf(&s, " p=%v", float64(p))
		} else {
			fmt.Fprintf(&s, " p=%T:%v", d.rate, d.rate)
		}
		fmt.Fprintf(&s, " seed=%d layer=%d mode=%v", d.seed, d.layer, d.mode)
	}
	if l.kept != nil {
		s.WriteString(" " + l.kept.String())
	}
	return s.String() + "}"
}

func (l *linear) setTraining(training bool) {
	if l.drop != nil {
		l.drop.training.Store(training)
	}
}

// dropping returns the slot of what the dropout depends on, if there is one.
func (l *linear) dropping() []slot {
	switch {
	case l.drop != nil:
		return []slot{{name: "step", of: stepNumber}}
	case l.kept != nil:
		return []slot{{name: "units", rank: 1, of: indices}}
	}
	return nil
}

// linearForward :: (N, I) a → (I, O) a → [(O) a] → [Int64 or Vector Int] → (N, O) a
type linearForward struct{ *linear }

func (f linearForward) String() string { return f.describe("") }
func (f linearForward) rank() int      { return 2 }

// layerID is for counting layers: 0 where there is no dropout.
func (f linearForward) layerID() uint32 {
	switch {
	case f.drop != nil:
		return f.drop.layer
	case f.kept != nil:
		return f.kept.layer
	}
	return 0
}

func (f linearForward) inputs() []slot {
	in := []slot{{name: "x", rank: 2}, {name: "w", rank: 2}}
	if f.bias {
		in = append(in, slot{name: "b", rank: 1})
	}
	return append(in, f.dropping()...)
}

func (f linearForward) shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	for _, err := range []error{positive("x", x), positive("w", w)} {
		if err != nil {
			return nil, err
		}
	}
	if w[0] != x[1] {
		return nil, errors.Errorf("w must have shape (%d, O) for x of shape %v, got %v", x[1], x, w)
	}
	if f.bias && in[2][0] != w[1] {
		return nil, errors.Errorf("b must have shape (%d) for w of shape %v, got %v", w[1], w, in[2])
	}
	if units := in[len(in)-1]; f.kept != nil && units[0] != w[1] {
		return nil, errors.Errorf("w must have shape (%d, %d), got %v", x[1], units[0], w)
	}
	return tensor.Shape{x[0], w[1]}, nil
}

func (f linearForward) float32s(y []float32, in arguments[float32]) error {
	return linearDo(f.linear, y, in, kernel.BiasReLUDropFloat32, kernel.Float32)
}

func (f linearForward) float64s(y []float64, in arguments[float64]) error {
	return linearDo(f.linear, y, in, kernel.BiasReLUDropFloat64, kernel.Float64)
}

func linearDo[F float](l *linear, y []F, in arguments[F],
	fused func(dst, src, bias []F, cols int, offset uint64, s kernel.Stream, t uint32),
	drop func(dst, src []F, offset uint64, s kernel.Stream, t uint32)) error {
	s, threshold, err := l.drop.mask(in.step)
	if err != nil {
		return err
	}
	rows, inner, cols := in.shapes[0][0], in.shapes[0][1], in.shapes[1][1]
	gemm(rows, cols, inner, matrix[F]{data: in.floats[0], stride: inner}, matrix[F]{data: in.floats[1], stride: cols}, 0, y, cols)
	by := 1.0
	if l.kept != nil {
		by = l.kept.scale(cols)
	}
	if l.act == ActivationReLU && l.bias {
		if l.kept != nil {
			kernel.BiasReLU(y, y, in.floats[2], cols, by)
		} else {
			fused(y, y, in.floats[2], cols, 0, s, threshold)
		}
		return nil
	}
	ranges(rows, cols, func(from, to int) {
		for r := from; r < to; r++ {
			row := y[r*cols : (r+1)*cols]
			if l.bias {
				for i, b := range in.floats[2] {
					row[i] += b
				}
			}
			if l.act == ActivationReLU {
				for i, v := range row {
					row[i] = max(v, 0)
				}
			}
			if l.kept != nil {
				for i := range row {
					row[i] *= F(by)
				}
			}
		}
	})
	if threshold > 0 {
		drop(y, y, 0, s, threshold)
	}
	return nil
}

func (f linearForward) derive(c *calculus, x []operand, y, dy operand) []operand {
	in := []operand{y, dy}
	if len(f.dropping()) > 0 {
		in = append(in, x[len(x)-1])
	}
	dz := c.of(linearGrad(f), in...)
	grads := make([]operand, len(x))
	grads[0] = c.of(linearGradX(f), dz, x[1])
	grads[1] = c.of(linearGradW(f), x[0], dz)
	if f.bias {
		grads[2] = c.of(linearGradB(f), dz)
	}
	return grads
}

// linearGrad :: (N, O) a → (N, O) a → [Int64 or Vector Int] → (N+1, O) a
//
// The inputs are the layer's output y, its gradient and the step or the units. The
// result is
// the gradient of the sums x·w + b, and in the last row that of the bias: its
// column sums, made in the same pass.
type linearGrad struct{ *linear }

func (f linearGrad) String() string { return f.describe("'") }
func (f linearGrad) rank() int      { return 2 }

func (f linearGrad) inputs() []slot {
	return append([]slot{{name: "y", rank: 2}, {name: "gradient of y", rank: 2}}, f.dropping()...)
}

func (f linearGrad) shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, errors.Errorf("gradient of y must have the shape %v of y, got %v", in[0], in[1])
	}
	return tensor.Shape{in[0][0] + 1, in[0][1]}, nil
}

func (f linearGrad) float32s(dz []float32, in arguments[float32]) error {
	return linearDiff(f.linear, dz, in, kernel.BiasReLUDropBackFloat32, kernel.Float32)
}

func (f linearGrad) float64s(dz []float64, in arguments[float64]) error {
	return linearDiff(f.linear, dz, in, kernel.BiasReLUDropBackFloat64, kernel.Float64)
}

func linearDiff[F float](l *linear, dz []F, in arguments[F],
	fused func(dx, dbias, dy, y []F, cols int, t uint32),
	drop func(dst, src []F, offset uint64, s kernel.Stream, t uint32)) error {
	s, threshold, err := l.drop.mask(in.step)
	if err != nil {
		return err
	}
	y, dy := in.floats[0], in.floats[1]
	cols := in.shapes[0][1]
	dz, db := dz[:len(y)], dz[len(y):]
	if l.kept != nil && l.act == ActivationReLU {
		kernel.BiasReLUBack(dz, db, dy, y, cols, l.kept.scale(cols))
		return nil
	}
	if l.act == ActivationReLU {
		// y is positive exactly where its element was kept and its sum positive.
		fused(dz, db, dy, y, cols, threshold)
		return nil
	}
	drop(dz, dy, 0, s, threshold)
	if l.kept != nil {
		by := F(l.kept.scale(cols))
		for i := range dz {
			dz[i] *= by
		}
	}
	clear(db)
	for ; len(dz) > 0; dz = dz[cols:] {
		for i, d := range dz[:cols] {
			db[i] += d
		}
	}
	return nil
}

func (f linearGrad) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// linearGradX :: (N+1, O) a → (I, O) a → (N, I) a
type linearGradX struct{ *linear }

func (f linearGradX) String() string { return f.name() + " x'" }
func (f linearGradX) rank() int      { return 2 }
func (f linearGradX) inputs() []slot {
	return []slot{{name: "gradient of the sums", rank: 2}, {name: "w", rank: 2}}
}

func (f linearGradX) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0] - 1, in[1][0]}, nil
}

func (f linearGradX) float32s(dx []float32, in arguments[float32]) error {
	return linearDiffX(dx, in)
}

func (f linearGradX) float64s(dx []float64, in arguments[float64]) error {
	return linearDiffX(dx, in)
}

func linearDiffX[F float](dx []F, in arguments[F]) error {
	rows, inner, outer := in.shapes[0][0]-1, in.shapes[1][0], in.shapes[1][1]
	gemm(rows, inner, outer, matrix[F]{data: in.floats[0], stride: outer},
		matrix[F]{data: in.floats[1], stride: outer, transposed: true}, 0, dx, inner)
	return nil
}

func (f linearGradX) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// linearGradW :: (N, I) a → (N+1, O) a → (I, O) a
type linearGradW struct{ *linear }

func (f linearGradW) String() string { return f.name() + " w'" }
func (f linearGradW) rank() int      { return 2 }
func (f linearGradW) inputs() []slot {
	return []slot{{name: "x", rank: 2}, {name: "gradient of the sums", rank: 2}}
}

func (f linearGradW) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][1], in[1][1]}, nil
}

func (f linearGradW) float32s(dw []float32, in arguments[float32]) error {
	return linearDiffW(dw, in)
}

func (f linearGradW) float64s(dw []float64, in arguments[float64]) error {
	return linearDiffW(dw, in)
}

func linearDiffW[F float](dw []F, in arguments[F]) error {
	rows, inner, outer := in.shapes[0][0], in.shapes[0][1], in.shapes[1][1]
	gemm(inner, outer, rows, matrix[F]{data: in.floats[0], stride: inner, transposed: true},
		matrix[F]{data: in.floats[1], stride: outer}, 0, dw, outer)
	return nil
}

func (f linearGradW) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// linearGradB :: (N+1, O) a → (O) a
type linearGradB struct{ *linear }

func (f linearGradB) String() string { return f.name() + " b'" }
func (f linearGradB) rank() int      { return 1 }
func (f linearGradB) inputs() []slot {
	return []slot{{name: "gradient of the sums", rank: 2}}
}

func (f linearGradB) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][1]}, nil
}

func (f linearGradB) float32s(db []float32, in arguments[float32]) error {
	copy(db, in.floats[0][len(in.floats[0])-len(db):])
	return nil
}

func (f linearGradB) float64s(db []float64, in arguments[float64]) error {
	copy(db, in.floats[0][len(in.floats[0])-len(db):])
	return nil
}

func (f linearGradB) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
