package op

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An Op makes a [Function] an op of Gorgonia:
//
//	inputs → output
//
// Each node has its own Op, which may keep memory for it.
type Op struct {
	Function
	pkg    string // of the function, for errors
	inputs []Input
	loops  Loops
	*reused
}

// New returns the op of a function of package pkg, which errors name.
func New(pkg string, f Function) Op { return Op{f, pkg, f.Inputs(), f.Loops(), new(reused)} }

// FunctionOf returns the function that computes n, or nil if n's op is not an
// [Op].
func FunctionOf(n *gorgonia.Node) Function {
	if op, ok := n.Op().(Op); ok {
		return op.Function
	}
	return nil
}

// Again returns the op of a function in the place of that of n, whose op must be
// an [Op], with memory of its own.
func Again(n *gorgonia.Node, f Function) Op {
	op, _ := n.Op().(Op)
	return New(op.pkg, f)
}

func (op Op) wrap(err error) error { return errors.Wrap(err, op.pkg+": "+op.Name()) }

// Arity, Type and InferShape tell Gorgonia how to connect the op.
func (op Op) Arity() int { return len(op.inputs) }

// Type returns the function's type, in which a is the float type or, for inputs
// of AnyRank, the type of the whole tensor.
func (op Op) Type() hm.Type {
	a := hm.TypeVariable('a')
	types := make([]hm.Type, 0, len(op.inputs)+1)
	for _, in := range op.inputs {
		types = append(types, in.typ(a))
	}
	output := typeOfRank(op.Rank(), a)
	switch {
	case op.loops.IDs != nil:
		output = typeOfRank(op.Rank(), tensor.Int)
	case op.loops.Step != nil:
		output = tensor.Int64
	}
	if len(types) == 0 {
		return output
	}
	return hm.NewFnType(append(types, output)...)
}

func (in Input) typ(a hm.Type) hm.Type {
	switch {
	case in.Of == Step:
		return tensor.Int64
	case in.Of == IDs:
		a = tensor.Int
	case in.Dtype != tensor.Dtype{}:
		a = in.Dtype
	}
	return typeOfRank(in.Rank, a)
}

func typeOfRank(rank int, of hm.Type) hm.Type {
	if rank == 0 || rank == AnyRank {
		return of
	}
	return gorgonia.TensorType{Dims: rank, Of: of}
}

// InferShape returns the shape of the output.
func (op Op) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	shapes := make([]tensor.Shape, len(in))
	for i, s := range in {
		input := op.inputs[i]
		shape, ok := s.(tensor.Shape)
		if !ok || input.Rank != AnyRank && len(shape) != input.Rank {
			return nil, op.wrap(errors.Errorf("%s must have a shape of rank %d, got %v", input.Name, input.Rank, s))
		}
		shapes[i] = shape
	}
	shape, err := op.Shape(shapes)
	return shape, op.wrap(err)
}

func (op Op) count(n int) error {
	if want := op.Arity(); n != want {
		return op.wrap(errors.Errorf("there must be %d inputs, got %d", want, n))
	}
	return nil
}

// ReturnsPtr returns false, and OverwritesInput -1: the output always has its
// own memory. Even an identity copies, since a later op may overwrite its
// input, and x may be a parameter that several graphs share.
func (op Op) ReturnsPtr() bool { return false }

// OverwritesInput returns -1; see [Op.ReturnsPtr].
func (op Op) OverwritesInput() int { return -1 }

// CallsExtern returns false.
func (op Op) CallsExtern() bool { return false }

// WriteHash also writes the ranks, which are part of the op's type.
func (op Op) WriteHash(h hash.Hash) {
	fmt.Fprint(h, op.String(), op.Rank())
	for _, in := range op.inputs {
		fmt.Fprint(h, ",", in.Rank)
	}
}

// Hashcode returns the 32-bit FNV-1a hash of what WriteHash writes.
func (op Op) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// SetTraining tells the function whether the machine trains, if it has a method
// for that. Machines call it when they are created.
func (op Op) SetTraining(training bool) error {
	if f, ok := op.Function.(interface{ SetTraining(bool) }); ok {
		f.SetTraining(training)
	}
	return nil
}

// DiffWRT reports that the op is differentiable with respect to its float
// inputs.
func (op Op) DiffWRT(int) []bool {
	wrt := make([]bool, 0, op.Arity())
	for _, in := range op.inputs {
		wrt = append(wrt, in.Of == Floats)
	}
	return wrt
}

// SymDiff returns the nodes of the inputs' gradients.
func (op Op) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	c := &Calculus{wrap: op.wrap, apply: func(f Function, in []Operand) (Operand, error) {
		nodes := make(gorgonia.Nodes, len(in))
		for i, x := range in {
			nodes[i], _ = x.(*gorgonia.Node)
		}
		y, err := gorgonia.ApplyOp(New(op.pkg, f), nodes...)
		return y, op.wrap(err)
	}}
	x := make([]Operand, len(inputs))
	for i, n := range inputs {
		x[i] = n
	}
	derived, err := op.derive(c, x, output, grad)
	if err != nil {
		return nil, err
	}
	grads := make(gorgonia.Nodes, len(inputs))
	for i, d := range derived {
		grads[i], _ = d.(*gorgonia.Node)
	}
	return grads, nil
}

// DoDiff adds the gradients of the inputs for a LispMachine.
func (op Op) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	dy, err := output.Grad()
	if err != nil {
		return op.wrap(errors.Wrap(err, "gradient of the output"))
	}
	c := &Calculus{wrap: op.wrap, apply: func(f Function, in []Operand) (Operand, error) {
		vs := make([]gorgonia.Value, len(in))
		for i, x := range in {
			vs[i], _ = x.(gorgonia.Value)
		}
		return New(op.pkg, f).Do(vs...)
	}}
	x := make([]Operand, len(inputs))
	for i, n := range inputs {
		x[i] = n.Value()
	}
	derived, err := op.derive(c, x, output.Value(), dy)
	if err != nil {
		return err
	}
	for i, d := range derived {
		if d, ok := d.(gorgonia.Value); ok {
			if err := accumulate(inputs[i], d); err != nil {
				return op.wrap(errors.Wrapf(err, "gradient of %s", op.inputs[i].Name))
			}
		}
	}
	return nil
}

// derive returns the function's gradients.
func (op Op) derive(c *Calculus, x []Operand, y, dy Operand) ([]Operand, error) {
	if err := op.count(len(x)); err != nil {
		return nil, err
	}
	derived := op.Derive(c, x, y, dy)
	return derived, c.err
}

var (
	_ gorgonia.SDOp            = Op{}
	_ gorgonia.ADOp            = Op{}
	_ gorgonia.TrainModeOp     = Op{}
	_ gorgonia.UsePreallocDoer = Op{}
)
