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

// sides says which of the two tensors of a choice there are; the other is zero.
type sides uint8

const (
	fromBoth   sides = iota
	fromFirst        // what is taken where Dropout drops
	fromSecond       // what is taken where Dropout keeps
)

func (s sides) String() string { return [...]string{"both", "first", "second"}[s] }

// tensors is the number of tensors that there are.
func (s sides) tensors() int {
	if s == fromBoth {
		return 2
	}
	return 1
}

// choiceOp :: Tensor a → Tensor a → Int64 → Tensor a
//
// The inputs are one tensor or two, as from says, and the step; where a node
// holds the rate it is another input, a scalar. In training each element of the
// output is the first tensor's with probability p and else the second's; at
// inference it is their mean with weights p and 1-p. The op is linear: its
// derivatives are choices on the gradient and zero.
type choiceOp struct {
	config
	name     string
	from     sides
	dims     int
	shared   []bool // by axis; nil: none
	training *atomic.Bool
	*reused
}

// newChoice returns a choice of tensors like x.
func newChoice(name string, x *gorgonia.Node, p float64, opts []Option) (*choiceOp, error) {
	c, err := configure(name, x, opts, false)
	if err != nil {
		return nil, err
	}
	if err := checkRate(p); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	switch r := c.rate.(type) {
	case nil:
		c.rate = Constant(p)
	case Constant:
		if err := r.Validate(); err != nil {
			return nil, errors.Wrapf(err, "ops: %s", name)
		}
	default:
		return nil, errors.Errorf("ops: %s: rate must be Constant, since inference depends on it and has no step, got %T", name, r)
	}
	shared, err := c.sharedAxes(x.Shape(), nil)
	if err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	op := &choiceOp{config: *c, name: name, dims: x.Dims(), shared: shared, training: new(atomic.Bool), reused: new(reused)}
	op.training.Store(true)
	return op, nil
}

// apply returns the node of the op on its inputs. Each node has an op of its own,
// for the memory that it may keep.
func (op *choiceOp) apply(in gorgonia.Nodes) (*gorgonia.Node, error) {
	own := *op
	own.reused = new(reused)
	y, err := gorgonia.ApplyOp(&own, in...)
	return y, op.wrap(err)
}

func (op *choiceOp) wrap(err error) error { return errors.Wrap(err, "ops: "+op.name) }

func (op *choiceOp) layerID() uint32 { return op.layer }

// Arity, Type and InferShape tell Gorgonia how to connect the op.
func (op *choiceOp) Arity() int { return op.from.tensors() + len(op.inputs()) }

func (op *choiceOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	types := []hm.Type{a}
	if op.from == fromBoth {
		types = append(types, a)
	}
	types = append(types, tensor.Int64)
	if op.rateNode != nil {
		types = append(types, op.rateNode.Type())
	}
	return hm.NewFnType(append(types, a)...)
}

func (op *choiceOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: %s: want the shape of a tensor, got %T", op.name, in[0])
	}
	return s.Clone(), nil
}

// count returns an error unless the op has been given n inputs.
func (op *choiceOp) count(n int) error {
	if n != op.Arity() {
		return errors.Errorf("ops: %s: want %d inputs, got %d", op.name, op.Arity(), n)
	}
	return nil
}

// ReturnsPtr is false and OverwritesInput -1: the output is always memory of
// its own.
func (op *choiceOp) ReturnsPtr() bool     { return false }
func (op *choiceOp) OverwritesInput() int { return -1 }
func (op *choiceOp) CallsExtern() bool    { return false }

func (op *choiceOp) String() string {
	p := "node"
	if op.rateNode == nil {
		p = op.rate.String()
	}
	return fmt.Sprintf("%s{%v p=%s seed=%d layer=%d mode=%v shared=%v}",
		op.name, op.from, p, op.seed, op.layer, op.mode, op.shared)
}

func (op *choiceOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String()) }
func (op *choiceOp) Hashcode() uint32      { return hashOf(op) }

// SetTraining makes an Auto choice draw or take the mean. Machines call it when
// they are made.
func (op *choiceOp) SetTraining(training bool) error {
	op.training.Store(training)
	return nil
}

func (op *choiceOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.UsePreallocDo(nil, in...)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op *choiceOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	tensors, rest := in[:op.from.tensors()], in[op.from.tensors():]
	for _, v := range tensors {
		if v == nil || v.Shape().Dims() != op.dims {
			return nil, errors.Errorf("ops: %s: tensors must have %d axes as their nodes, got %s", op.name, op.dims, describe(v))
		}
	}
	step, err := stepIn(rest[0])
	if err != nil {
		return nil, op.wrap(err)
	}
	p := op.rate.At(step)
	if op.rateNode != nil {
		if p, err = scalarIn(rest[1]); err == nil {
			err = checkRate(p)
		}
		if err != nil {
			return nil, errors.Wrapf(err, "ops: %s: rate", op.name)
		}
	}
	prealloc = op.memory(prealloc)
	var y gorgonia.Value
	switch tensors[0].Dtype() {
	case tensor.Float32:
		y, err = choose(op, prealloc, tensors, step, p, mask.Bits.Float32)
	case tensor.Float64:
		y, err = choose(op, prealloc, tensors, step, p, mask.Bits.Float64)
	default:
		err = errors.Errorf("tensors must be of float32 or float64, got %v", tensors[0].Dtype())
	}
	op.keep(y)
	return y, op.wrap(err)
}

// choose computes the op on tensors of F; apply applies bits to them.
func choose[F float](op *choiceOp, prealloc gorgonia.Value, tensors []gorgonia.Value, step int64, p float64,
	apply func(b mask.Bits, dst, src []F)) (gorgonia.Value, error) {
	x := make([][]F, len(tensors))
	for i, v := range tensors {
		var err error
		if x[i], err = values[F](v); err != nil {
			return nil, err
		}
		if !v.Shape().Eq(tensors[0].Shape()) {
			return nil, errors.Errorf("tensors must be of one shape, got %v and %v", tensors[0].Shape(), v.Shape())
		}
	}
	dst, y := output[F](prealloc, tensors[0])
	t := kernel.Threshold(p)
	dropped := F(t) / kernel.Always
	switch active := op.active(step, op.training.Load()); {
	case !active && op.from == fromBoth:
		weightedMean(dst, x[0], x[1], dropped)
	case !active && op.from == fromFirst:
		scaleTo(dst, x[0], dropped)
	case !active:
		scaleTo(dst, x[0], 1-dropped)
	default:
		l := mask.NewLayout(tensors[0].Shape(), op.shared)
		b := mask.Bits{Layout: l, Kept: mask.Draw(l, op.stream(step), t), Form: mask.Scaled(1)}
		switch op.from {
		case fromFirst:
			for i, w := range b.Kept {
				b.Kept[i] = ^w
			}
			apply(b, dst, x[0])
		case fromSecond:
			apply(b, dst, x[0])
		default:
			for i := range dst {
				dst[i] = 1
			}
			apply(b, dst, dst)
			for i, kept := range dst {
				// Looked up, since a random branch costs more.
				pair := [2]F{x[0][i], x[1][i]}
				dst[i] = pair[int(kept)&1]
			}
		}
	}
	return y, nil
}

// weightedMean sets dst to p*a + (1-p)*b. What has no weight is left out, even
// NaN.
func weightedMean[F float](dst, a, b []F, p F) {
	switch p {
	case 0:
		copy(dst, b)
	case 1:
		copy(dst, a)
	default:
		for i := range dst {
			// Products are rounded by themselves, so that all machines agree.
			dst[i] = F(p*a[i]) + F((1-p)*b[i])
		}
	}
}

// scaleTo sets dst to factor*x, and to +0 where the factor is 0.
func scaleTo[F float](dst, x []F, factor F) {
	if factor == 0 {
		clear(dst)
		return
	}
	for i, v := range x {
		dst[i] = factor * v
	}
}

// DiffWRT says that the op is differentiable in its tensors.
func (op *choiceOp) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	for i := range min(inputs, op.from.tensors()) {
		wrt[i] = true
	}
	return wrt
}

// derivatives are the op's derivatives with respect to its tensors, as ops on
// the gradient of the output.
func (op *choiceOp) derivatives() (ds []*choiceOp) {
	from := []sides{op.from}
	if op.from == fromBoth {
		from = []sides{fromFirst, fromSecond}
	}
	for _, side := range from {
		d := *op
		d.from, d.reused = side, new(reused)
		ds = append(ds, &d)
	}
	return ds
}

// SymDiff returns the gradient nodes of the tensors: the gradient of the output,
// chosen or zero, at the same step and rate.
func (op *choiceOp) SymDiff(inputs gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if err := op.count(len(inputs)); err != nil {
		return nil, err
	}
	grads := make(gorgonia.Nodes, len(inputs))
	for i, d := range op.derivatives() {
		dx, err := d.apply(append(gorgonia.Nodes{grad}, inputs[op.from.tensors():]...))
		if err != nil {
			return nil, err
		}
		grads[i] = dx
	}
	return grads, nil
}

// DoDiff adds the gradients of the tensors for a LispMachine.
func (op *choiceOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if err := op.count(len(inputs)); err != nil {
		return err
	}
	dy, err := output.Grad()
	if err != nil {
		return errors.Wrapf(err, "ops: %s: gradient of the output", op.name)
	}
	in := []gorgonia.Value{dy}
	for _, n := range inputs[op.from.tensors():] {
		in = append(in, n.Value())
	}
	for i, d := range op.derivatives() {
		dx, err := d.Do(in...)
		if err != nil {
			return err
		}
		if err := accumulate(inputs[i], dx); err != nil {
			return errors.Wrapf(err, "ops: %s: gradient of tensor %d", op.name, i)
		}
	}
	return nil
}

var (
	_ gorgonia.SDOp            = (*choiceOp)(nil)
	_ gorgonia.ADOp            = (*choiceOp)(nil)
	_ gorgonia.TrainModeOp     = (*choiceOp)(nil)
	_ gorgonia.UsePreallocDoer = (*choiceOp)(nil)
)
