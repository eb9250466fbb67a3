package ops

import (
	"fmt"
	"hash"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
)

// Dropout zeroes each element of x with probability p, independently, and
// multiplies the others by 1/(1-p), so that the mean is unchanged (inverted
// dropout). A new mask is drawn on each run of the machine. Gradients pass the
// same mask: nothing is updated through a dropped element. At inference x
// passes unchanged; see Mode.
//
// x is a float32 or float64 node of any shape, and the result has its shape and
// type. p is the drop probability, rounded to a multiple of 1/65536; the factor
// of kept elements is the reciprocal of the rounded keep probability. At p = 0
// x passes unchanged, at p = 1 everything is zero, gradients included. It is an
// error if p is outside [0, 1] or NaN, whatever the mode.
//
// Source: Hinton et al., "Improving neural networks by preventing co-adaptation
// of feature detectors", 2012; Srivastava et al., JMLR 15, 2014, equations in
// section 4. The op is its own derivative with respect to x, so that it can be
// differentiated any number of times.
func Dropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	c, err := configure("Dropout", x, p, opts)
	if err != nil {
		return nil, err
	}
	op := &dropoutOp{config: *c, p: p, threshold: kernel.Threshold(p)}
	op.training.Store(true)
	return op.apply(x, c.step)
}

// dropoutOp :: Tensor a → Int64 → Tensor a
//
// The inputs are x and the step. The op is linear in x with a symmetric matrix,
// so the gradient of x is the same op on the gradient of the output.
type dropoutOp struct {
	config
	p         float64
	threshold uint32
	training  atomic.Bool
}

func (op *dropoutOp) apply(x, step *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := gorgonia.ApplyOp(op, x, step)
	return y, errors.Wrap(err, "ops: Dropout")
}

func (op *dropoutOp) layerID() uint32 { return op.layer }

// Arity, Type and InferShape tell Gorgonia how to connect the op.
func (op *dropoutOp) Arity() int { return 2 }

func (op *dropoutOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(a, tensor.Int64, a)
}

func (op *dropoutOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if len(in) != 2 {
		return nil, errors.Errorf("ops: Dropout: want x and step, got %d inputs", len(in))
	}
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: Dropout: want the shape of x, got %T", in[0])
	}
	return s.Clone(), nil
}

// ReturnsPtr is false and OverwritesInput -1: the output is always memory of
// its own. Even the identity copies, since a later op may overwrite its input,
// and x may be a parameter that several graphs share.
func (op *dropoutOp) ReturnsPtr() bool     { return false }
func (op *dropoutOp) OverwritesInput() int { return -1 }
func (op *dropoutOp) CallsExtern() bool    { return false }

func (op *dropoutOp) String() string {
	return fmt.Sprintf("Dropout{p=%v seed=%d layer=%d mode=%v}", op.p, op.seed, op.layer, op.mode)
}

// WriteHash hashes all that tells one dropout from another, but not whether it
// trains just now: that may change while the graph lives.
func (op *dropoutOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String()) }
func (op *dropoutOp) Hashcode() uint32      { return hashOf(op) }

// SetTraining makes an Auto dropout active or the identity. Machines call it
// when they are made.
func (op *dropoutOp) SetTraining(training bool) error {
	op.training.Store(training)
	return nil
}

func (op *dropoutOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.do(nil, in)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op *dropoutOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.do(prealloc, in)
}

func (op *dropoutOp) do(prealloc gorgonia.Value, in []gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 2 {
		return nil, errors.Errorf("ops: Dropout: want x and step, got %d inputs", len(in))
	}
	step, err := stepIn(in[1])
	if err != nil {
		return nil, errors.Wrap(err, "ops: Dropout")
	}
	threshold := op.threshold
	if !op.active(step) {
		threshold = 0
	}
	if in[0] == nil {
		return nil, errors.New("ops: Dropout: x must be a value, got none")
	}
	var y gorgonia.Value
	switch in[0].Dtype() {
	case tensor.Float32:
		y, err = mask(prealloc, in[0], op.stream(step), threshold, kernel.Float32)
	case tensor.Float64:
		y, err = mask(prealloc, in[0], op.stream(step), threshold, kernel.Float64)
	default:
		err = errors.Errorf("x must be of float32 or float64, got %v", in[0].Dtype())
	}
	return y, errors.Wrap(err, "ops: Dropout")
}

// active reports whether elements are dropped at a step.
func (op *dropoutOp) active(step int64) bool {
	switch op.mode {
	case Sampling:
		return true
	case Inference:
		return false
	}
	return op.training.Load() && step >= 0
}

// mask applies a kernel to x, into prealloc where that has the right form.
func mask[F float](prealloc, x gorgonia.Value, s kernel.Stream, threshold uint32,
	apply func(dst, src []F, offset uint64, s kernel.Stream, t uint32)) (gorgonia.Value, error) {
	src, err := values[F](x)
	if err != nil {
		return nil, err
	}
	dst, y := output[F](prealloc, x)
	apply(dst, src, 0, s, threshold)
	return y, nil
}

// DiffWRT says that the op is differentiable in x and not in the step.
func (op *dropoutOp) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	if inputs > 0 {
		wrt[0] = true
	}
	return wrt
}

// SymDiff returns the gradient node of x: the same op, on the gradient of the
// output and the same step.
func (op *dropoutOp) SymDiff(inputs gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if len(inputs) != 2 {
		return nil, errors.Errorf("ops: Dropout: want x and step, got %d inputs", len(inputs))
	}
	dx, err := op.apply(grad, inputs[1])
	if err != nil {
		return nil, err
	}
	return gorgonia.Nodes{dx, nil}, nil
}

// DoDiff adds the gradient of x for a LispMachine.
func (op *dropoutOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if len(inputs) != 2 {
		return errors.Errorf("ops: Dropout: want x and step, got %d inputs", len(inputs))
	}
	dy, err := output.Grad()
	if err != nil {
		return errors.Wrap(err, "ops: Dropout: gradient of the output")
	}
	dx, err := op.Do(dy, inputs[1].Value())
	if err != nil {
		return err
	}
	return errors.Wrap(accumulate(inputs[0], dx), "ops: Dropout: gradient of x")
}

var (
	_ gorgonia.SDOp            = (*dropoutOp)(nil)
	_ gorgonia.ADOp            = (*dropoutOp)(nil)
	_ gorgonia.TrainModeOp     = (*dropoutOp)(nil)
	_ gorgonia.UsePreallocDoer = (*dropoutOp)(nil)
)
