package op

import "gorgonia.org/tensor"

// A Function is what an op computes, independent of how ops fit into Gorgonia.
//
// A Function with a method SetTraining(bool) is told whether the machine trains.
type Function interface {
	// Name is the op's name in errors.
	Name() string
	// String distinguishes the function from every other: Gorgonia merges ops
	// with equal hashes.
	String() string
	// Inputs describes the inputs, in order.
	Inputs() []Input
	// Rank is the rank of the output; AnyRank means that of the inputs of
	// AnyRank.
	Rank() int
	// Shape returns the shape of the output for inputs of the given shapes,
	// whose ranks have been checked, or an error if the shapes do not fit.
	Shape(in []tensor.Shape) (tensor.Shape, error)
	// Loops returns the loops that compute the output.
	Loops() Loops
	// Derive returns the gradients of the inputs x, given the output y and its
	// gradient dy. The gradient of an input without one is nil.
	Derive(c *Calculus, x []Operand, y, dy Operand) []Operand
}

// A Resizer is a function whose output in some runs has a shape other than its
// node's: that of RunShape.
type Resizer interface{ RunShape(step int64) tensor.Shape }

// AnyRank stands for any rank, the same for all inputs that have it.
const AnyRank = -1

// An Input is the form of an input.
type Input struct {
	Name string
	Rank int
	Of   Content
	// Dtype is the type of a float input whose type may differ from that of the
	// others; the zero value means theirs.
	Dtype tensor.Dtype
}

// Content is what an input holds.
type Content uint8

const (
	Floats    Content = iota // differentiable
	Constants                // floats without a gradient
	IDs                      // int
	Step                     // int64 scalar
	Scalar                   // a float scalar without a gradient
)

// Float is the element types that ops compute in.
type Float interface{ float32 | float64 }

// Args are the values of a function's inputs. Slices have one entry for each
// input, nil for inputs of other content.
type Args[F Float] struct {
	Floats [][]F // in row-major order
	Shapes []tensor.Shape
	IDs    [][]int
	Step   int64   // of the input of the step
	Scalar float64 // of the input of content Scalar
}

// Loops compute a function's output y, whose old contents are undefined, from
// inputs whose shapes fit. Float outputs need both of the first two, other
// outputs the one of their type.
type Loops struct {
	Float32 func(y []float32, in Args[float32]) error
	Float64 func(y []float64, in Args[float64]) error
	IDs     func(y []int, in Args[float32]) error // float inputs, if any, are float32
	Step    func() (int64, error)                 // without inputs
}

// Bind returns the loops of f. Both arguments are usually the same generic
// function.
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

// Elementwise is embedded by functions whose output has the shape of their
// first input.
type Elementwise struct{}

// Rank returns [AnyRank].
func (Elementwise) Rank() int { return AnyRank }

// Shape returns the shape of the first input.
func (Elementwise) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

// NotDifferentiable is embedded by functions without a derivative, such as the
// gradients of other functions. Asking for one is an error.
type NotDifferentiable struct{}

// Derive makes the calculus fail.
func (NotDifferentiable) Derive(c *Calculus, _ []Operand, _, _ Operand) []Operand {
	return c.Stop()
}

// NoGradient is embedded by functions through which no gradient flows.
type NoGradient struct{}

// Derive returns no gradients.
func (NoGradient) Derive(_ *Calculus, x []Operand, _, _ Operand) []Operand {
	return make([]Operand, len(x))
}
