package op

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Do computes the op into new memory.
func (op Op) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return op.UsePreallocDo(nil, in...) }

// UsePreallocDo is [Op.Do], but reuses the memory of prealloc if it fits.
func (op Op) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	for i, input := range op.inputs {
		if in[i] == nil {
			return nil, op.wrap(errors.Errorf("%s must be a value, got none", input.Name))
		}
	}
	prealloc = op.memory(prealloc)
	var y gorgonia.Value
	var err error
	switch loops, dt := op.loops, op.dtype(in); {
	case loops.Step != nil:
		var step int64
		step, err = loops.Step()
		y = stepValue(prealloc, step)
	case loops.IDs != nil && (dt == tensor.Dtype{} || dt == tensor.Float32):
		y, err = evaluate(op, loops.IDs, outputIDs, prealloc, in)
	case dt == tensor.Float32 && loops.Float32 != nil:
		y, err = evaluate(op, loops.Float32, output[float32], prealloc, in)
	case dt == tensor.Float64 && loops.Float64 != nil:
		y, err = evaluate(op, loops.Float64, output[float64], prealloc, in)
	default:
		err = errors.Errorf("inputs must be of float32 or float64, got %v", dt)
	}
	if err != nil {
		return nil, op.wrap(err)
	}
	op.keep(y)
	return y, nil
}

// dtype returns the type of the first float input that does not fix its own
// type.
func (op Op) dtype(in []gorgonia.Value) (dt tensor.Dtype) {
	for i, input := range op.inputs {
		if (input.Of == Floats || input.Of == Constants) && input.Dtype == (tensor.Dtype{}) {
			return in[i].Dtype()
		}
	}
	return dt
}

// evaluate computes the op, with float inputs of type F, into prealloc if that
// fits.
func evaluate[E any, F Float](op Op, compute func([]E, Args[F]) error,
	output func(prealloc gorgonia.Value, shape tensor.Shape) ([]E, gorgonia.Value),
	prealloc gorgonia.Value, in []gorgonia.Value) (gorgonia.Value, error) {
	args := Args[F]{Floats: make([][]F, len(in)), Shapes: make([]tensor.Shape, len(in))}
	for i, input := range op.inputs {
		args.Shapes[i] = in[i].Shape()
		if err := args.read(i, input, in[i]); err != nil {
			return nil, errors.Errorf("%s %v", input.Name, err)
		}
	}
	if err := op.sameRanks(args.Shapes); err != nil {
		return nil, err
	}
	shape, err := op.Shape(args.Shapes)
	if err != nil {
		return nil, err
	}
	if f, ok := op.Function.(Resizer); ok {
		shape = f.RunShape(args.Step)
	}
	y, value := output(prealloc, shape)
	if err := compute(y, args); err != nil {
		return nil, err
	}
	return value, nil
}

// read reads input i from its value. Its errors continue the input's name.
func (a *Args[F]) read(i int, input Input, v gorgonia.Value) (err error) {
	switch {
	case input.Of == Step:
		a.Step, err = StepIn(v)
	case input.Of == Scalar:
		a.Scalar, err = scalarOf(v)
	case input.Rank != AnyRank && a.Shapes[i].Dims() != input.Rank:
		return errors.Errorf("must have rank %d as its node, got %s", input.Rank, Describe(v))
	case input.Of == IDs:
		if a.IDs == nil {
			a.IDs = make([][]int, len(a.Shapes))
		}
		a.IDs[i], err = Integers(v)
	default:
		a.Floats[i], err = Values[F](v)
	}
	return err
}

// sameRanks returns an error unless all inputs of AnyRank have the same rank.
func (op Op) sameRanks(shapes []tensor.Shape) error {
	first := -1
	for i, input := range op.inputs {
		switch {
		case input.Rank != AnyRank:
		case first < 0:
			first = i
		case shapes[i].Dims() != shapes[first].Dims():
			return errors.Errorf("%s must have the rank of %s, of shape %v, got %v",
				input.Name, op.inputs[first].Name, shapes[first], shapes[i])
		}
	}
	return nil
}

// Integers returns the elements of v, a dense tensor of int, in row-major order.
func Integers(v gorgonia.Value) ([]int, error) {
	if v, ok := v.(*tensor.Dense); ok && v.Dtype() == tensor.Int {
		if RowMajor(v) {
			return v.Ints()[:Size(v.Shape())], nil
		}
		return gather(v.Ints(), v.Shape(), v.Strides())
	}
	return nil, errors.Errorf("must be a dense tensor of int, got %s", Describe(v))
}

// output returns memory for a result of the given shape and the value that
// holds it: prealloc if that fits, or else a new one. The memory's contents are
// undefined.
func output[F Float](prealloc gorgonia.Value, shape tensor.Shape) ([]F, gorgonia.Value) {
	// Even if x was fed as a tensor: a machine's checks for NaN and Inf panic
	// on float tensors without axes.
	if shape.Dims() == 0 {
		v := scalar(F(0))
		return scalarMemory[F](v), v
	}
	if p, ok := prealloc.(*tensor.Dense); ok && p.Shape().Eq(shape) && RowMajor(p) {
		if data, ok := backing[F](p); ok {
			return data[:Size(shape)], prealloc
		}
	}
	data := make([]F, Size(shape))
	return data, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// outputIDs is output for ids.
func outputIDs(prealloc gorgonia.Value, shape tensor.Shape) ([]int, gorgonia.Value) {
	if p, ok := prealloc.(*tensor.Dense); ok && p.Dtype() == tensor.Int && p.Shape().Eq(shape) && RowMajor(p) {
		return p.Ints()[:Size(shape)], prealloc
	}
	data := make([]int, Size(shape))
	return data, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}
