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
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// A kind is what tells one dropout from another: which mask it draws for a rate
// and what that does to elements.
type kind interface {
	// check returns an error where p is not a rate of this kind.
	check(p float64) error
	// draw returns the mask of a stream for the rate p, which passed check.
	draw(l mask.Layout, s kernel.Stream, p float64) mask.Mask
	// derivative is the kind of the op's derivative with respect to x: the kind
	// itself where that is linear.
	derivative() kind
	// String names what distinguishes two ops of this kind, if anything.
	String() string
}

// probability is the check of kinds whose rate may be any probability.
type probability struct{}

func (probability) check(p float64) error { return checkRate(p) }

// A variant is a kind of dropout under the name by which it is known, with the
// tensors that it takes.
type variant struct {
	name string
	kind kind
	// shape describes the wanted shape and ranks is the range of ranks that
	// have it; a zero maximum is none.
	shape    string
	min, max int
	// shares reports whether the mask is shared over an axis; nil: never.
	shares func(axis int) bool
	// accepts returns an error for what else the variant cannot do; nil: nothing.
	accepts func(shape tensor.Shape, shared []bool) error
}

// maskedOp :: Tensor a → Int64 → Tensor a
//
// The inputs are x and the step. Where a node holds the rate it is the third
// input, a scalar of its type f: Tensor a → Int64 → f → Tensor a. At given inputs
// the op is affine in x with a diagonal matrix, so the gradient of x is the
// linear part of the same op, on the gradient of the output.
type maskedOp struct {
	config
	name   string
	kind   kind
	rank   int    // of x, where the mask depends on it
	shared []bool // by axis of x; nil: none
	// training belongs to the op and its derivative together, so that they
	// cannot disagree.
	training *atomic.Bool
	*reused
}

// newMasked applies a variant to x.
func newMasked(v variant, x *gorgonia.Node, p float64, opts []Option) (*gorgonia.Node, error) {
	c, err := configure(v.name, x, opts, false)
	if err != nil {
		return nil, err
	}
	if c.rate == nil {
		c.rate = Constant(p)
	}
	for _, err := range []error{v.kind.check(p), validate(c.rate, v.kind)} {
		if err != nil {
			return nil, errors.Wrapf(err, "ops: %s", v.name)
		}
	}
	if rank := x.Dims(); rank < v.min || v.max > 0 && rank > v.max {
		return nil, errors.Errorf("ops: %s: x must have shape %s, got %v", v.name, v.shape, x.Shape())
	}
	shared, err := c.sharedAxes(x.Shape(), v.shares)
	if err == nil && v.accepts != nil {
		err = v.accepts(x.Shape(), shared)
	}
	if err != nil {
		return nil, errors.Wrapf(err, "ops: %s", v.name)
	}
	op := &maskedOp{config: *c, name: v.name, kind: v.kind, shared: shared, training: new(atomic.Bool)}
	if v.min > 0 || shared != nil {
		op.rank = x.Dims()
	}
	op.training.Store(true)
	return op.apply(append(gorgonia.Nodes{x}, c.inputs()...))
}

// inputs are the op's inputs after x.
func (c *config) inputs() gorgonia.Nodes {
	if c.rateNode == nil {
		return gorgonia.Nodes{c.step}
	}
	return gorgonia.Nodes{c.step, c.rateNode}
}

// apply returns the node of the op on its inputs. Each node has an op of its own,
// for the memory that it may keep.
func (op *maskedOp) apply(in gorgonia.Nodes) (*gorgonia.Node, error) {
	own := *op
	own.reused = new(reused)
	y, err := gorgonia.ApplyOp(&own, in...)
	return y, op.wrap(err)
}

func (op *maskedOp) wrap(err error) error { return errors.Wrap(err, "ops: "+op.name) }

func (op *maskedOp) layerID() uint32 { return op.layer }

// Arity, Type and InferShape tell Gorgonia how to connect the op.
func (op *maskedOp) Arity() int { return 1 + len(op.inputs()) }

func (op *maskedOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	if op.rateNode == nil {
		return hm.NewFnType(a, tensor.Int64, a)
	}
	return hm.NewFnType(a, tensor.Int64, op.rateNode.Type(), a)
}

func (op *maskedOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: %s: want the shape of x, got %T", op.name, in[0])
	}
	return s.Clone(), nil
}

// count returns an error unless the op has been given n inputs.
func (op *maskedOp) count(n int) error {
	switch {
	case n == op.Arity():
		return nil
	case op.rateNode == nil:
		return errors.Errorf("ops: %s: want x and step, got %d inputs", op.name, n)
	}
	return errors.Errorf("ops: %s: want x, step and rate, got %d inputs", op.name, n)
}

// ReturnsPtr is false and OverwritesInput -1: the output is always memory of
// its own. Even the identity copies, since a later op may overwrite its input,
// and x may be a parameter that several graphs share.
func (op *maskedOp) ReturnsPtr() bool     { return false }
func (op *maskedOp) OverwritesInput() int { return -1 }
func (op *maskedOp) CallsExtern() bool    { return false }

func (op *maskedOp) String() string {
	s := op.name + "{" + op.kind.String()
	if op.rateNode != nil {
		s += "p=node"
	} else if p, ok := op.rate.(Constant); ok {
		s += fmt.Sprintf("p=%v", float64(p))
	} else {
		s += fmt.Sprintf("p=%T:%v", op.rate, op.rate)
	}
	s += fmt.Sprintf(" seed=%d layer=%d mode=%v", op.seed, op.layer, op.mode)
	for axis, shared := range op.shared {
		if shared {
			s += fmt.Sprintf(" shared=%d", axis)
		}
	}
	return s + "}"
}

// WriteHash hashes all that tells one dropout from another, but not whether it
// trains just now: that may change while the graph lives.
func (op *maskedOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String()) }
func (op *maskedOp) Hashcode() uint32      { return hashOf(op) }

// SetTraining makes an Auto dropout active or the identity. Machines call it
// when they are made.
func (op *maskedOp) SetTraining(training bool) error {
	op.training.Store(training)
	return nil
}

func (op *maskedOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.do(nil, in)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op *maskedOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.do(prealloc, in)
}

func (op *maskedOp) do(prealloc gorgonia.Value, in []gorgonia.Value) (gorgonia.Value, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	if in[0] == nil {
		return nil, errors.Errorf("ops: %s: x must be a value, got none", op.name)
	}
	if op.rank > 0 && op.rank != in[0].Shape().Dims() {
		return nil, errors.Errorf("ops: %s: x must have %d axes as its node, got %s", op.name, op.rank, describe(in[0]))
	}
	m, err := op.mask(in)
	if err != nil {
		return nil, op.wrap(err)
	}
	prealloc = op.memory(prealloc)
	var y gorgonia.Value
	switch in[0].Dtype() {
	case tensor.Float32:
		y, err = applyMask(prealloc, in[0], m.Float32)
	case tensor.Float64:
		y, err = applyMask(prealloc, in[0], m.Float64)
	default:
		err = errors.Errorf("x must be of float32 or float64, got %v", in[0].Dtype())
	}
	op.keep(y)
	return y, op.wrap(err)
}

// mask draws the mask for the op's inputs.
func (op *maskedOp) mask(in []gorgonia.Value) (mask.Mask, error) {
	step, err := stepIn(in[1])
	if err != nil {
		return nil, err
	}
	if !op.active(step, op.training.Load()) {
		return mask.Identity{}, nil
	}
	var p float64
	if op.rateNode != nil {
		if p, err = scalarIn(in[2]); err != nil {
			return nil, errors.Wrap(err, "rate")
		}
	} else {
		p = op.rate.At(step)
	}
	if err := op.kind.check(p); err != nil {
		return nil, errors.Wrapf(err, "rate at step %d", step)
	}
	if p == 0 {
		return mask.Identity{}, nil
	}
	return op.kind.draw(mask.NewLayout(in[0].Shape(), op.shared), op.stream(step), p), nil
}

// applyMask applies a mask to x, into prealloc where that has the right form.
func applyMask[F float](prealloc, x gorgonia.Value, apply func(dst, src []F)) (gorgonia.Value, error) {
	src, err := values[F](x)
	if err != nil {
		return nil, err
	}
	dst, y := output[F](prealloc, x)
	apply(dst, src)
	return y, nil
}

// DiffWRT says that the op is differentiable in x alone.
func (op *maskedOp) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	if inputs > 0 {
		wrt[0] = true
	}
	return wrt
}

// linear is the op's derivative with respect to x, as an op on the gradient of
// the output.
func (op *maskedOp) linear() *maskedOp {
	d := op.kind.derivative()
	if d == op.kind {
		return op
	}
	l := *op
	l.kind = d
	return &l
}

// SymDiff returns the gradient node of x: the linear part of the op, on the
// gradient of the output and the same step and rate.
func (op *maskedOp) SymDiff(inputs gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if err := op.count(len(inputs)); err != nil {
		return nil, err
	}
	dx, err := op.linear().apply(append(gorgonia.Nodes{grad}, inputs[1:]...))
	if err != nil {
		return nil, err
	}
	grads := make(gorgonia.Nodes, len(inputs))
	grads[0] = dx
	return grads, nil
}

// DoDiff adds the gradient of x for a LispMachine.
func (op *maskedOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if err := op.count(len(inputs)); err != nil {
		return err
	}
	dy, err := output.Grad()
	if err != nil {
		return errors.Wrapf(err, "ops: %s: gradient of the output", op.name)
	}
	in := []gorgonia.Value{dy}
	for _, n := range inputs[1:] {
		in = append(in, n.Value())
	}
	// An op of its own, since this one's memory may hold the output.
	linear := *op.linear()
	linear.reused = new(reused)
	dx, err := linear.Do(in...)
	if err != nil {
		return err
	}
	return errors.Wrapf(accumulate(inputs[0], dx), "ops: %s: gradient of x", op.name)
}

var (
	_ gorgonia.SDOp            = (*maskedOp)(nil)
	_ gorgonia.ADOp            = (*maskedOp)(nil)
	_ gorgonia.TrainModeOp     = (*maskedOp)(nil)
	_ gorgonia.UsePreallocDoer = (*maskedOp)(nil)
)
