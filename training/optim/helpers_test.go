package optim_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// parameter is a plain gorgonia.ValueGrad.
type parameter struct{ value, grad gorgonia.Value }

func (p *parameter) Value() gorgonia.Value         { return p.value }
func (p *parameter) Grad() (gorgonia.Value, error) { return p.grad, nil }

type float interface{ float32 | float64 }

// dense is a row-major tensor with values for its backing.
func dense[F float](shape []int, values []F) *tensor.Dense {
	if len(shape) == 0 {
		return tensor.New(tensor.FromScalar(values[0]))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))
}

func zeros[F float](shape []int) *tensor.Dense { return dense(shape, make([]F, size(shape))) }

// list is a model of one vector of values and its gradient.
func list[F float](values, gradient []F) []gorgonia.ValueGrad {
	return []gorgonia.ValueGrad{&parameter{dense([]int{len(values)}, values), dense([]int{len(gradient)}, gradient)}}
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// numbers are the elements of a value in memory order, as float64.
func numbers(v gorgonia.Value) []float64 {
	switch v := v.(type) {
	case *gorgonia.F32:
		return []float64{float64(*v)}
	case *gorgonia.F64:
		return []float64{float64(*v)}
	case *tensor.Dense:
		if v.Dtype() == tensor.Float64 {
			return slices.Clone(v.Float64s())
		}
		out := make([]float64, len(v.Float32s()))
		for i, x := range v.Float32s() {
			out[i] = float64(x)
		}
		return out
	}
	panic("no such value")
}

// assign sets the elements of a value in memory order.
func assign(v gorgonia.Value, to []float64) {
	switch v := v.(type) {
	case *gorgonia.F32:
		*v = gorgonia.F32(to[0])
	case *gorgonia.F64:
		*v = gorgonia.F64(to[0])
	case *tensor.Dense:
		if v.Dtype() == tensor.Float64 {
			copy(v.Float64s(), to)
			return
		}
		for i, x := range to {
			v.Float32s()[i] = float32(x)
		}
	}
}

// shapes are those of a model's parameters: a scalar, biases, matrices of odd
// sizes, a rank between and filters.
var shapes = [][]int{{}, {1}, {7}, {5, 3}, {33, 31}, {1, 9}, {513, 1}, {2, 3, 5}, {3, 2, 5, 3}}

// large has parameters that are spread over several tasks.
var large = [][]int{{131, 757}, {757}, {3, 5, 7, 601}}

// newModel returns parameters of float64 or float32 with gradients not yet
// set. Values lie away from 0, where L1 is not continuous.
func newModel(rng *rand.Rand, wide bool, shapes [][]int) []gorgonia.ValueGrad {
	var model []gorgonia.ValueGrad
	for _, shape := range shapes {
		var p parameter
		if wide {
			p = parameter{zeros[float64](shape), zeros[float64](shape)}
		} else {
			p = parameter{zeros[float32](shape), zeros[float32](shape)}
		}
		assign(p.value, draw(rng, size(shape), 0.5, 1))
		model = append(model, &p)
	}
	return model
}

// draw returns n numbers of either sign with absolute values in [lo, hi), each
// a float32.
func draw(rng *rand.Rand, n int, lo, hi float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		x := float64(float32(lo + (hi-lo)*rng.Float64()))
		if rng.IntN(2) == 0 {
			x = -x
		}
		out[i] = x
	}
	return out
}

// setGradients draws new gradients. The last element of each has always 0.
func setGradients(rng *rand.Rand, model []gorgonia.ValueGrad) {
	for _, m := range model {
		g := m.(*parameter).grad
		values := draw(rng, len(numbers(g)), 0, 1)
		values[len(values)-1] = 0
		assign(g, values)
	}
}

// train takes steps with gradients drawn from a seed.
func train(t *testing.T, solver optim.Solver, model []gorgonia.ValueGrad, rng *rand.Rand, steps int) {
	t.Helper()
	for range steps {
		setGradients(rng, model)
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
	}
}

// values are the numbers of all parameters.
func values(model []gorgonia.ValueGrad) [][]float64 {
	var out [][]float64
	for _, m := range model {
		out = append(out, numbers(m.Value()))
	}
	return out
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// near reports whether got is want up to a relative error, absolute below 0.1.
func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*max(math.Abs(want), 0.1)
}

// same reports whether a and b are equal bit for bit.
func same(a, b [][]float64) bool {
	return slices.EqualFunc(a, b, func(a, b []float64) bool {
		return slices.EqualFunc(a, b, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
	})
}

// wantError checks the whole text of an error.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
