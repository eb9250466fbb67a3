package nn

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/dense"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/ops"
)

// An Activation is the function that a fused layer applies to its sums.
type Activation uint8

const (
	// ActivationNone leaves the sums as they are.
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

// Dense returns act(x·w + b) as one op: after the product, one pass adds the
// bias and applies the activation. x has shape (N, I), w (I, O) and b (O), or b
// is nil for none; y has shape (N, O). All are float32, or all float64, and no
// size may be 0. The product runs on the BLAS given to gorgonia.Use.
//
// The gradients are computed by similar ops, that of the bias in the pass that
// computes the gradient of the sums. They have no derivatives themselves: for
// second derivatives build the layer from Gorgonia's own ops.
func Dense(x, w, b *gorgonia.Node, act Activation) (*gorgonia.Node, error) {
	l := &linear{act: act, bias: b != nil}
	return l.apply(x, w, b)
}

// DenseDropout is [Dense] followed by [ops.Dropout] in the same pass. The
// result is, mask by mask, that of Dropout(Dense(x, w, b, act), p, opts...),
// and up to rounding so are the gradients.
func DenseDropout(x, w, b *gorgonia.Node, act Activation, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	l := &linear{act: act, bias: b != nil}
	var err error
	if l.drop, err = draw.Collect(opts).Fused(x, p); err != nil {
		return nil, errors.Wrap(err, "nn: DenseDropout")
	}
	return l.apply(x, w, b)
}

// ThinnedDense is [Dense] with only the kept units as outputs, scaled: it
// returns kept.Scale(Dense(x, w, b, act)) as one op, which scales as it applies
// the activation. w has a column and b an element for each kept unit; see
// [ops.Submatrix] and [ops.Subvector].
func ThinnedDense(x, w, b *gorgonia.Node, act Activation, kept *ops.Kept) (*gorgonia.Node, error) {
	if kept == nil {
		return nil, errors.New("nn: ThinnedDense: kept must be units, got nil")
	}
	l := &linear{act: act, bias: b != nil, kept: kept}
	return l.apply(x, w, b)
}

// linear is what a layer and its derivatives share.
type linear struct {
	act  Activation
	bias bool
	drop *draw.Fused // nil: none
	kept *ops.Kept   // the units of the outputs, which are scaled; nil: all, as they are
}

func (l *linear) apply(x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	if l.act > ActivationReLU {
		return nil, errors.Errorf("nn: %s: activation must be ActivationNone or ActivationReLU, got %d", l.Name(), l.act)
	}
	in := gorgonia.Nodes{x, w}
	if l.bias {
		in = append(in, b)
	}
	if l.kept != nil {
		in = append(in, l.kept.Units())
	}
	return apply(linearForward{l}, append(in, l.drop.Nodes()...)...)
}

func (l *linear) Name() string {
	switch {
	case l.drop != nil:
		return "DenseDropout"
	case l.kept != nil:
		return "ThinnedDense"
	}
	return "Dense"
}

// describe distinguishes the layer from others.
func (l *linear) describe(part string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s%s{activation=%v bias=%v", l.Name(), part, l.act, l.bias)
	s.WriteString(l.drop.String())
	if l.kept != nil {
		s.WriteString(" " + l.kept.String())
	}
	return s.String() + "}"
}

func (l *linear) SetTraining(training bool) { l.drop.SetTraining(training) }

// dropping returns the inputs that the dropout depends on, if there is one.
func (l *linear) dropping() []op.Input {
	switch {
	case l.drop != nil:
		return l.drop.Inputs()
	case l.kept != nil:
		return []op.Input{{Name: "units", Rank: 1, Of: op.IDs}}
	}
	return nil
}

// linearForward :: (N, I) a → (I, O) a → [(O) a] → [Int64 or Vector Int] → (N, O) a
type linearForward struct{ *linear }

func (f linearForward) String() string { return f.describe("") }
func (f linearForward) Rank() int      { return 2 }

func (f linearForward) Role() op.Role   { return op.RoleWeights }
func (f linearForward) Activated() bool { return f.act != ActivationNone }
func (f linearForward) Projection() int { return 1 }

// Draws describes the dropout after the layer.
func (f linearForward) Draws() draw.Drawing {
	if f.kept != nil {
		return f.kept.Draws()
	}
	return f.drop.Drawing(draw.Output)
}

func (f linearForward) Inputs() []op.Input {
	in := []op.Input{{Name: "x", Rank: 2}, {Name: "w", Rank: 2}}
	if f.bias {
		in = append(in, op.Input{Name: "b", Rank: 1})
	}
	return append(in, f.dropping()...)
}

func (f linearForward) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	for _, err := range []error{op.NotEmpty("x", x), op.NotEmpty("w", w)} {
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

func (f linearForward) Loops() op.Loops { return op.Bind(f.linear, linearDo, linearDo) }

func linearDo[F op.Float](l *linear, y []F, in op.Args[F]) error {
	s, threshold, err := l.drop.At(in.Step)
	if err != nil {
		return err
	}
	rows, inner, cols := in.Shapes[0][0], in.Shapes[0][1], in.Shapes[1][1]
	gemm(rows, cols, inner, matrix[F]{data: in.Floats[0], stride: inner}, matrix[F]{data: in.Floats[1], stride: cols}, 0, y, cols)
	by := 1.0
	if l.kept != nil {
		by = l.kept.Factor(cols)
	}
	if l.act == ActivationReLU && l.bias {
		if l.kept != nil {
			dense.BiasReLU(y, y, in.Floats[2], cols, by)
		} else {
			dense.BiasReLUDrop(y, y, in.Floats[2], cols, 0, s, threshold)
		}
		return nil
	}
	parallel.Ranges(rows, cols, func(from, to int) {
		for r := from; r < to; r++ {
			row := y[r*cols : (r+1)*cols]
			if l.bias {
				for i, b := range in.Floats[2] {
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
		drop.Apply(y, y, 0, s, threshold)
	}
	return nil
}

func (f linearForward) Derive(c *op.Calculus, x []op.Operand, y, dy op.Operand) []op.Operand {
	in := []op.Operand{y, dy}
	if len(f.dropping()) > 0 {
		in = append(in, x[len(x)-1])
	}
	dz := c.Of(linearGrad{linear: f.linear}, in...)
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(linearGradX{linear: f.linear}, dz, x[1])
	grads[1] = c.Of(linearGradW{linear: f.linear}, x[0], dz)
	if f.bias {
		grads[2] = c.Of(linearGradB{linear: f.linear}, dz)
	}
	return grads
}

// linearGrad :: (N, O) a → (N, O) a → [Int64 or Vector Int] → (N+1, O) a
//
// The inputs are the layer's output y, its gradient and the step or the units.
// The result is the gradient of the sums x·w + b and, in the last row, that of
// the bias: the column sums, computed in the same pass.
type linearGrad struct {
	*linear
	op.NotDifferentiable
}

func (f linearGrad) String() string { return f.describe("'") }
func (f linearGrad) Rank() int      { return 2 }

func (f linearGrad) Inputs() []op.Input {
	return append([]op.Input{{Name: "y", Rank: 2}, {Name: "gradient of y", Rank: 2}}, f.dropping()...)
}

func (f linearGrad) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, errors.Errorf("gradient of y must have the shape %v of y, got %v", in[0], in[1])
	}
	return tensor.Shape{in[0][0] + 1, in[0][1]}, nil
}

func (f linearGrad) Loops() op.Loops { return op.Bind(f.linear, linearDiff, linearDiff) }

func linearDiff[F op.Float](l *linear, dz []F, in op.Args[F]) error {
	s, threshold, err := l.drop.At(in.Step)
	if err != nil {
		return err
	}
	y, dy := in.Floats[0], in.Floats[1]
	cols := in.Shapes[0][1]
	dz, db := dz[:len(y)], dz[len(y):]
	if l.kept != nil && l.act == ActivationReLU {
		dense.BiasReLUBack(dz, db, dy, y, cols, l.kept.Factor(cols))
		return nil
	}
	if l.act == ActivationReLU {
		// y is positive exactly where the element was kept and its sum is
		// positive.
		dense.BiasReLUDropBack(dz, db, dy, y, cols, threshold)
		return nil
	}
	drop.Apply(dz, dy, 0, s, threshold)
	if l.kept != nil {
		by := F(l.kept.Factor(cols))
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

// linearGradX :: (N+1, O) a → (I, O) a → (N, I) a
type linearGradX struct {
	*linear
	op.NotDifferentiable
}

func (f linearGradX) String() string { return f.Name() + " x'" }
func (f linearGradX) Rank() int      { return 2 }
func (f linearGradX) Inputs() []op.Input {
	return []op.Input{{Name: "gradient of the sums", Rank: 2}, {Name: "w", Rank: 2}}
}

func (f linearGradX) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0] - 1, in[1][0]}, nil
}

func (f linearGradX) Loops() op.Loops { return op.LoopsOf(linearDiffX, linearDiffX) }

func linearDiffX[F op.Float](dx []F, in op.Args[F]) error {
	rows, inner, outer := in.Shapes[0][0]-1, in.Shapes[1][0], in.Shapes[1][1]
	gemm(rows, inner, outer, matrix[F]{data: in.Floats[0], stride: outer},
		matrix[F]{data: in.Floats[1], stride: outer, transposed: true}, 0, dx, inner)
	return nil
}

// linearGradW :: (N, I) a → (N+1, O) a → (I, O) a
type linearGradW struct {
	*linear
	op.NotDifferentiable
}

func (f linearGradW) String() string { return f.Name() + " w'" }
func (f linearGradW) Rank() int      { return 2 }
func (f linearGradW) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: 2}, {Name: "gradient of the sums", Rank: 2}}
}

func (f linearGradW) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][1], in[1][1]}, nil
}

func (f linearGradW) Loops() op.Loops { return op.LoopsOf(linearDiffW, linearDiffW) }

func linearDiffW[F op.Float](dw []F, in op.Args[F]) error {
	rows, inner, outer := in.Shapes[0][0], in.Shapes[0][1], in.Shapes[1][1]
	gemm(inner, outer, rows, matrix[F]{data: in.Floats[0], stride: inner, transposed: true},
		matrix[F]{data: in.Floats[1], stride: outer}, 0, dw, outer)
	return nil
}

// linearGradB :: (N+1, O) a → (O) a
type linearGradB struct {
	*linear
	op.NotDifferentiable
}

func (f linearGradB) String() string { return f.Name() + " b'" }
func (f linearGradB) Rank() int      { return 1 }
func (f linearGradB) Inputs() []op.Input {
	return []op.Input{{Name: "gradient of the sums", Rank: 2}}
}

func (f linearGradB) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][1]}, nil
}

func (f linearGradB) Loops() op.Loops { return op.LoopsOf(lastRow, lastRow) }

func lastRow[F op.Float](db []F, in op.Args[F]) error {
	copy(db, in.Floats[0][len(in.Floats[0])-len(db):])
	return nil
}
