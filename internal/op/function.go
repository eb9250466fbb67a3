package op

import "gorgonia.org/tensor"

// A Function is what an op computes, apart from how an op fits into Gorgonia.
//
// A Function with a method SetTraining(bool) is told whether the machine trains.
type Function interface {
	// Name is the op's name in errors.
	Name() string
	// String tells the function from every other: Gorgonia merges ops that nothing
	// tells apart.
	String() string
	// Inputs describes the inputs, in order.
	Inputs() []Input
	// Rank is the rank of the output, or AnyRank for that of the inputs of AnyRank.
	Rank() int
	// Shape returns the shape of the output for inputs of the given shapes, which
	// have the ranks of the inputs, or an error where the shapes do not fit.
	Shape(in []tensor.Shape) (tensor.Shape, error)
	// Loops returns what computes the output.
	Loops() Loops
	// Derive returns the gradients of the inputs x, nil for those that have none,
	// given the output y and its gradient dy.
	Derive(c *Calculus, x []Operand, y, dy Operand) []Operand
}

// A Resizer is a function whose output has another shape in some runs than its node
// has: that of RunShape.
type Resizer interface{ RunShape(step int64) tensor.Shape }

// AnyRank is the rank of inputs that may have any, all of them the same one.
const AnyRank = -1

// An Input is the form of an input.
type Input struct {
	Name string
	Rank int
	Of   Content
	// Dtype is the type of an input of floats that need not be that of the others;
	// the zero value is theirs.
	Dtype tensor.Dtype
}

// Content is what an input holds.
type Content uint8

const (
	Floats    Content = iota // differentiable
	Constants                // floats in which the output is not differentiated
	IDs                      // int
	Step                     // int64 scalar
	Scalar                   // a float scalar that is not differentiated
)

// Float is what ops compute in.
type Float interface{ float32 | float64 }

// Args are the values of a function's inputs. Slices are by input, and hold nil
// for inputs of other content.
type Args[F Float] struct {
	Floats [][]F // in row-major order
	Shapes []tensor.Shape
	IDs    [][]int
	Step   int64   // of the input of the step
	Scalar float64 // of the input of content Scalar
}

// Loops are what computes a function's output y, whose old contents are undefined,
// from inputs whose shapes fit: for outputs of floats both of the first two, for
// others the one of their type.
type Loops struct {
	Float32 func(y []float32, in Args[float32]) error
	Float64 func(y []float64, in Args[float64]) error
	IDs     func(y []int, in Args[float32]) error // inputs of floats, if any, are float32
	Step    func() (int64, error)                 // without inputs
}

// Bind returns the loops of f: both are usually one generic function.
func Bind[T any](f T,
	float32s func(f T, y []float32, in Args[float32]) error,
	float64s func(f T, y []float64, in Args[float64]) error,
) Loops {
	return Loops{
		Float32: func(y []float32, in Args[float32]) error { return float32s(f, y, in) },
		Float64: func(y []float64, in Args[float64]) error { return float64s(f, y, in) },
	}
}

// LoopsOf returns the loops of a function without settings.
func LoopsOf(
	float32s func(y []float32, in Args[float32]) error,
	float64s func(y []float64, in Args[float64]) error,
) Loops {
	return Loops{Float32: float32s, Float64: float64s}
}

// Elementwise is embedded by functions whose output has the shape of their first
// input, whatever that is.
type Elementwise struct{}

// Rank is AnyRank.
func (Elementwise) Rank() int { return AnyRank }

// Shape returns the shape of the first input.
func (Elementwise) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

// NotDifferentiable is embedded by functions that have no derivative, such as the
// gradients of other functions: to ask for one is an error.
type NotDifferentiable struct{}

// Derive makes the calculus fail.
func (NotDifferentiable) Derive(c *Calculus, _ []Operand, _, _ Operand) []Operand {
	return c.Stop()
}

// NoGradient is embedded by functions of which no gradient flows into the inputs.
type NoGradient struct{}

// Derive returns no gradients.
func (NoGradient) Derive(_ *Calculus, x []Operand, _, _ Operand) []Operand {
	return make([]Operand, len(x))
}
