package nn

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// timeRange :: (N, T, D) a → (N, to-from, D) a
//
// It is the times from from on, before to.
type timeRange struct {
	name     string // of the op that it is a part of
	from, to int
}

func (f timeRange) Name() string       { return f.name }
func (f timeRange) String() string     { return fmt.Sprintf("%s times{%d %d}", f.name, f.from, f.to) }
func (f timeRange) Rank() int          { return 3 }
func (f timeRange) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 3}} }
func (timeRange) Role() op.Role        { return op.RoleShape }

func (f timeRange) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][1] < f.to {
		return nil, errors.Errorf("x must have at least %d times, got shape %v", f.to, in[0])
	}
	return tensor.Shape{in[0][0], f.to - f.from, in[0][2]}, nil
}

func (f timeRange) Loops() op.Loops { return op.Bind(f, takeTimes, takeTimes) }

func takeTimes[F op.Float](f timeRange, y []F, in op.Args[F]) error {
	each, depth := in.Shapes[0][1]*in.Shapes[0][2], in.Shapes[0][2]
	for x := in.Floats[0]; len(x) > 0; x = x[each:] {
		y = y[copy(y, x[f.from*depth:f.to*depth]):]
	}
	return nil
}

func (f timeRange) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 3 {
		return c.Stop()
	}
	return []op.Operand{c.Of(padTimes{f, s[1]}, dy)}
}

// padTimes is the gradient of timeRange: zeros around the times.
type padTimes struct {
	timeRange
	times int
}

func (f padTimes) String() string {
	return fmt.Sprintf("%s times'{%d %d %d}", f.name, f.from, f.to, f.times)
}

func (f padTimes) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0], f.times, in[0][2]}, nil
}

func (f padTimes) Loops() op.Loops { return op.Bind(f, putTimes, putTimes) }

func putTimes[F op.Float](f padTimes, y []F, in op.Args[F]) error {
	depth := in.Shapes[0][2]
	clear(y)
	for x := in.Floats[0]; len(x) > 0; y = y[f.times*depth:] {
		x = x[copy(y[f.from*depth:f.to*depth], x):]
	}
	return nil
}

func (f padTimes) Derive(c *op.Calculus, _ []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(f.timeRange, dy)}
}

// timeStep :: (N, T, D) a → (N, D) a
type timeStep struct {
	name string
	at   int
}

func (f timeStep) Name() string       { return f.name }
func (f timeStep) String() string     { return fmt.Sprintf("%s time{%d}", f.name, f.at) }
func (f timeStep) Rank() int          { return 2 }
func (f timeStep) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 3}} }
func (timeStep) Role() op.Role        { return op.RoleShape }

func (f timeStep) of() timeRange { return timeRange{f.name, f.at, f.at + 1} }

func (f timeStep) Shape(in []tensor.Shape) (tensor.Shape, error) {
	s, err := f.of().Shape(in)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[0], s[2]}, nil
}

func (f timeStep) Loops() op.Loops { return op.Bind(f.of(), takeTimes, takeTimes) }

func (f timeStep) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 3 {
		return c.Stop()
	}
	return []op.Operand{c.Of(padTimes{f.of(), s[1]}, c.Of(sequences{1}, dy))}
}
