package ops

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A function is what a fused op computes, apart from how an op fits into
// Gorgonia, which functionOp knows.
type function interface {
	// name is the op's name in errors.
	name() string
	// String tells the function from every other: Gorgonia merges ops that are
	// told apart by nothing.
	String() string
	// inputs describes the inputs, in order. One of them at least is of floats.
	inputs() []slot
	// rank is the rank of the output, which has the type of the inputs of floats.
	rank() int
	// shape returns the shape of the output for inputs of the given shapes, which
	// have the ranks of the slots, or an error where the shapes do not fit.
	shape(in []tensor.Shape) (tensor.Shape, error)
	// float32s and float64s compute the output y, whose old contents are
	// undefined, from inputs whose shapes fit.
	float32s(y []float32, in arguments[float32]) error
	float64s(y []float64, in arguments[float64]) error
	// derive returns the gradients of the inputs x, nil for those that have none,
	// given the output y and its gradient dy.
	derive(c *calculus, x []operand, y, dy operand) []operand
}

// A slot is the form of an input.
type slot struct {
	name string
	rank int
	of   content
}

// content is what an input holds.
type content uint8

const (
	floats     content = iota // differentiable
	constants                 // floats in which the output is not differentiated
	indices                   // int
	stepNumber                // int64 scalar
)

// Type is the slot's type, where a is the type of floats.
func (s slot) Type(a hm.Type) hm.Type {
	switch s.of {
	case indices:
		a = tensor.Int
	case stepNumber:
		return tensor.Int64
	}
	return typeOfRank(s.rank, a)
}

func typeOfRank(rank int, of hm.Type) hm.Type {
	if rank == 0 {
		return of
	}
	return gorgonia.TensorType{Dims: rank, Of: of}
}

// arguments are the values of a function's inputs.
type arguments[F float] struct {
	floats [][]F // by input, in row-major order; nil for inputs of other content
	shapes []tensor.Shape
	ints   [][]int // by input; nil for inputs of other content
	step   int64   // of the input of the step
}

// An operand is a *gorgonia.Node while a gradient is built as a graph, and a
// gorgonia.Value while a LispMachine computes one.
type operand any

// shapeOf returns the shape of an operand.
func shapeOf(x operand) tensor.Shape {
	if x, ok := x.(interface{ Shape() tensor.Shape }); ok {
		return x.Shape()
	}
	return nil
}

// calculus applies functions to operands of either kind. It holds on to the
// first error.
type calculus struct {
	apply func(f function, in []operand) (operand, error)
	err   error
}

// of returns f of the inputs.
func (c *calculus) of(f function, in ...operand) operand {
	if c.err != nil {
		return nil
	}
	var y operand
	y, c.err = c.apply(f, in)
	return y
}

// stop is for functions that are derivatives and have none themselves.
func (c *calculus) stop(f function) []operand {
	if c.err == nil {
		c.err = errors.Errorf("ops: %s: second derivative is not available", f.name())
	}
	return nil
}

// functionOp is a function as an op:
//
//	inputs of the slots' types → Tensor a
type functionOp struct {
	function
	*reused
}

func newFunctionOp(f function) functionOp { return functionOp{f, new(reused)} }

// applyFunction returns the node of f of the inputs.
func applyFunction(f function, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	op := newFunctionOp(f)
	shapes := make([]tensor.Shape, len(in))
	var dt tensor.Dtype
	for i, s := range f.inputs() {
		n := in[i]
		// Constants have no graph until they are used.
		if n == nil || n.Graph() == nil && (i == 0 || n.Value() == nil) {
			return nil, op.wrap(errors.Errorf("%s must be a node of a graph, got none", s.name))
		}
		if n.Graph() != nil && n.Graph() != in[0].Graph() {
			return nil, op.wrap(errors.Errorf("%s must be a node of the graph of %s, got one of another graph", s.name, f.inputs()[0].name))
		}
		of, err := dtypeOf(n)
		switch {
		case err != nil:
		case s.of == indices:
			if of != tensor.Int {
				err = errors.Errorf("want int, got %v", of)
			}
		case s.of == stepNumber:
			if of != tensor.Int64 {
				err = errors.Errorf("want int64, got %v", of)
			}
		case of != tensor.Float32 && of != tensor.Float64:
			err = errors.Errorf("want float32 or float64, got %v", of)
		case dt != tensor.Dtype{} && of != dt:
			err = errors.Errorf("want %v as the inputs before it, got %v", dt, of)
		default:
			dt = of
		}
		if err == nil && n.Dims() != s.rank {
			err = errors.Errorf("want rank %d, got shape %v", s.rank, n.Shape())
		}
		if err != nil {
			return nil, op.wrap(errors.Wrap(err, s.name))
		}
		shapes[i] = n.Shape()
	}
	if _, err := f.shape(shapes); err != nil {
		return nil, op.wrap(err)
	}
	y, err := gorgonia.ApplyOp(op, in...)
	return y, op.wrap(err)
}

func (op functionOp) wrap(err error) error { return errors.Wrap(err, "ops: "+op.name()) }

// Arity, Type and InferShape tell Gorgonia how to connect the op.
func (op functionOp) Arity() int { return len(op.inputs()) }

func (op functionOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	var types []hm.Type
	for _, s := range op.inputs() {
		types = append(types, s.Type(a))
	}
	return hm.NewFnType(append(types, typeOfRank(op.rank(), a))...)
}

func (op functionOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	shapes := make([]tensor.Shape, len(in))
	for i, s := range in {
		shape, ok := s.(tensor.Shape)
		if !ok || len(shape) != op.inputs()[i].rank {
			return nil, op.wrap(errors.Errorf("%s: want a shape of rank %d, got %v", op.inputs()[i].name, op.inputs()[i].rank, s))
		}
		shapes[i] = shape
	}
	shape, err := op.shape(shapes)
	return shape, op.wrap(err)
}

func (op functionOp) count(n int) error {
	if want := op.Arity(); n != want {
		return op.wrap(errors.Errorf("want %d inputs, got %d", want, n))
	}
	return nil
}

// layerID is the id of the function's dropout, 0 where it has none.
func (op functionOp) layerID() uint32 {
	if f, ok := op.function.(layered); ok {
		return f.layerID()
	}
	return 0
}

// ReturnsPtr is false and OverwritesInput -1: the output is always memory of
// its own, since a later op may overwrite its input.
func (op functionOp) ReturnsPtr() bool     { return false }
func (op functionOp) OverwritesInput() int { return -1 }
func (op functionOp) CallsExtern() bool    { return false }

// WriteHash hashes the ranks too: they are part of the op's type.
func (op functionOp) WriteHash(h hash.Hash) {
	fmt.Fprint(h, op.String(), op.rank())
	for _, s := range op.inputs() {
		fmt.Fprint(h, ",", s.rank)
	}
}

func (op functionOp) Hashcode() uint32 { return hashOf(op) }

// SetTraining tells the function whether the machine trains, where it cares.
func (op functionOp) SetTraining(training bool) error {
	if f, ok := op.function.(interface{ setTraining(bool) }); ok {
		f.setTraining(training)
	}
	return nil
}

func (op functionOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.UsePreallocDo(nil, in...)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op functionOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	var y gorgonia.Value
	var err error
	for i, s := range op.inputs() {
		if in[i] == nil {
			return nil, op.wrap(errors.Errorf("%s must be a value, got none", s.name))
		}
	}
	prealloc = op.memory(prealloc)
	switch dt := op.dtype(in); dt {
	case tensor.Float32:
		y, err = evaluate(op.function, op.float32s, prealloc, in)
	case tensor.Float64:
		y, err = evaluate(op.function, op.float64s, prealloc, in)
	default:
		err = errors.Errorf("want inputs of float32 or float64, got %v", dt)
	}
	op.keep(y)
	return y, op.wrap(err)
}

// dtype is the type of the first input of floats.
func (op functionOp) dtype(in []gorgonia.Value) (dt tensor.Dtype) {
	for i, s := range op.inputs() {
		if s.of == floats || s.of == constants {
			return in[i].Dtype()
		}
	}
	return dt
}

// evaluate computes f of the inputs, into prealloc where that fits.
func evaluate[F float](f function, compute func([]F, arguments[F]) error, prealloc gorgonia.Value, in []gorgonia.Value) (gorgonia.Value, error) {
	slots := f.inputs()
	args := arguments[F]{floats: make([][]F, len(slots)), ints: make([][]int, len(slots)), shapes: make([]tensor.Shape, len(slots))}
	for i, s := range slots {
		args.shapes[i] = in[i].Shape()
		var err error
		switch {
		case s.of == stepNumber:
			args.step, err = stepIn(in[i])
		case args.shapes[i].Dims() != s.rank:
			err = errors.Errorf("want rank %d as its node, got %s", s.rank, describe(in[i]))
		case s.of == indices:
			args.ints[i], err = integers(in[i])
		default:
			args.floats[i], err = values[F](in[i])
		}
		if err != nil {
			return nil, errors.Wrap(err, s.name)
		}
	}
	shape, err := f.shape(args.shapes)
	if err != nil {
		return nil, err
	}
	y, out := outputOf[F](prealloc, shape)
	return out, compute(y, args)
}

// integers returns the elements of v, a dense tensor of int, in row-major order.
func integers(v gorgonia.Value) ([]int, error) {
	if v, ok := v.(*tensor.Dense); ok && v.Dtype() == tensor.Int {
		if rowMajor(v) {
			return v.Ints()[:size(v.Shape())], nil
		}
		return gather(v.Ints(), v.Shape(), v.Strides())
	}
	return nil, errors.Errorf("want a dense tensor of int, got %s", describe(v))
}

// outputOf is output for a result of the given shape.
func outputOf[F float](prealloc gorgonia.Value, shape tensor.Shape) ([]F, gorgonia.Value) {
	if shape.Dims() == 0 {
		return output[F](prealloc, nil)
	}
	if p, ok := prealloc.(*tensor.Dense); ok && p.Shape().Eq(shape) && rowMajor(p) {
		if data, ok := backing[F](p); ok {
			return data[:size(shape)], prealloc
		}
	}
	data := make([]F, size(shape))
	return data, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// DiffWRT says that the op is differentiable in its inputs of floats.
func (op functionOp) DiffWRT(int) []bool {
	wrt := make([]bool, 0, op.Arity())
	for _, s := range op.inputs() {
		wrt = append(wrt, s.of == floats)
	}
	return wrt
}

// SymDiff returns the nodes of the inputs' gradients.
func (op functionOp) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if err := op.count(len(inputs)); err != nil {
		return nil, err
	}
	c := &calculus{apply: func(f function, in []operand) (operand, error) {
		nodes := make(gorgonia.Nodes, len(in))
		for i, x := range in {
			nodes[i], _ = x.(*gorgonia.Node)
		}
		y, err := gorgonia.ApplyOp(newFunctionOp(f), nodes...)
		return y, op.wrap(err)
	}}
	x := make([]operand, len(inputs))
	for i, n := range inputs {
		x[i] = n
	}
	derived := op.derive(c, x, output, grad)
	if c.err != nil {
		return nil, c.err
	}
	grads := make(gorgonia.Nodes, len(inputs))
	for i, d := range derived {
		grads[i], _ = d.(*gorgonia.Node)
	}
	return grads, nil
}

// DoDiff adds the gradients of the inputs for a LispMachine.
func (op functionOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if err := op.count(len(inputs)); err != nil {
		return err
	}
	dy, err := output.Grad()
	if err != nil {
		return op.wrap(errors.Wrap(err, "gradient of the output"))
	}
	c := &calculus{apply: func(f function, in []operand) (operand, error) {
		vs := make([]gorgonia.Value, len(in))
		for i, x := range in {
			vs[i], _ = x.(gorgonia.Value)
		}
		return newFunctionOp(f).Do(vs...)
	}}
	x := make([]operand, len(inputs))
	for i, n := range inputs {
		x[i] = n.Value()
	}
	derived := op.derive(c, x, output.Value(), dy)
	if c.err != nil {
		return c.err
	}
	for i, d := range derived {
		if d, ok := d.(gorgonia.Value); ok {
			if err := accumulate(inputs[i], d); err != nil {
				return op.wrap(errors.Wrapf(err, "gradient of %s", op.inputs()[i].name))
			}
		}
	}
	return nil
}

var (
	_ gorgonia.SDOp            = functionOp{}
	_ gorgonia.ADOp            = functionOp{}
	_ gorgonia.TrainModeOp     = functionOp{}
	_ gorgonia.UsePreallocDoer = functionOp{}
)
