package models

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// An Init fills a new parameter of the given shape with values drawn from r. A
// weight's shape is (inputs, outputs) or, for convolutions, (outputs, inputs,
// height, width).
type Init func(values []float64, shape tensor.Shape, r *rand.Rand)

// or returns f, or usual if f is nil.
func (f Init) or(usual Init) Init {
	if f == nil {
		return usual
	}
	return f
}

// Zeros sets all values to zero.
func Zeros(values []float64, _ tensor.Shape, _ *rand.Rand) { clear(values) }

// Ones sets all values to one.
func Ones(values []float64, _ tensor.Shape, _ *rand.Rand) {
	for i := range values {
		values[i] = 1
	}
}

// Constant returns an Init that sets all values to v.
func Constant(v float64) Init {
	return func(values []float64, _ tensor.Shape, _ *rand.Rand) {
		for i := range values {
			values[i] = v
		}
	}
}

// HeNormal draws from N(0, 2/inputs), for layers before a ReLU (He et al.,
// "Delving Deep into Rectifiers", ICCV 2015, equation 10).
func HeNormal(values []float64, shape tensor.Shape, r *rand.Rand) {
	in, _ := fans(shape)
	normal(values, math.Sqrt(2/float64(in)), r)
}

// HeUniform draws from U(-a, a) with a = sqrt(6/inputs).
func HeUniform(values []float64, shape tensor.Shape, r *rand.Rand) {
	in, _ := fans(shape)
	uniform(values, math.Sqrt(6/float64(in)), r)
}

// GlorotNormal draws from N(0, 2/(inputs+outputs)) (Glorot and Bengio,
// AISTATS 2010, equation 12).
func GlorotNormal(values []float64, shape tensor.Shape, r *rand.Rand) {
	in, out := fans(shape)
	normal(values, math.Sqrt(2/float64(in+out)), r)
}

// GlorotUniform draws from U(-a, a) with a = sqrt(6/(inputs+outputs)) (Glorot
// and Bengio, AISTATS 2010, equation 16).
func GlorotUniform(values []float64, shape tensor.Shape, r *rand.Rand) {
	in, out := fans(shape)
	uniform(values, math.Sqrt(6/float64(in+out)), r)
}

// LecunNormal draws from N(0, 1/inputs), for SELU layers (Klambauer et al.,
// NeurIPS 2017).
func LecunNormal(values []float64, shape tensor.Shape, r *rand.Rand) {
	in, _ := fans(shape)
	normal(values, math.Sqrt(1/float64(in)), r)
}

// FanInUniform draws from U(-a, a) with a = 1/sqrt(inputs), as PyTorch's Linear
// and Conv2d do: a sixth of the variance of [HeNormal]. It suits networks with
// batch normalization, which keeps the scale that HeNormal is meant to keep;
// with HeNormal the dense layers after it would begin with large logits.
func FanInUniform(values []float64, shape tensor.Shape, r *rand.Rand) {
	in, _ := fans(shape)
	uniform(values, math.Sqrt(1/float64(in)), r)
}

// Normal returns an [Init] that draws from N(0, sigma²).
func Normal(sigma float64) Init {
	return func(values []float64, _ tensor.Shape, r *rand.Rand) { normal(values, sigma, r) }
}

func normal(values []float64, sigma float64, r *rand.Rand) {
	for i := range values {
		values[i] = sigma * r.NormFloat64()
	}
}

func uniform(values []float64, a float64, r *rand.Rand) {
	for i := range values {
		values[i] = a * (float64(2*float64(r.Float64())) - 1)
	}
}

// fans returns the number of inputs and outputs of a unit.
func fans(shape tensor.Shape) (in, out int) {
	switch len(shape) {
	case 0:
		return 1, 1
	case 1:
		return shape[0], shape[0]
	case 2:
		return shape[0], shape[1]
	}
	area := 1
	for _, d := range shape[2:] {
		area *= d
	}
	return shape[1] * area, shape[0] * area
}

// source returns the random numbers for the parameter called name: its own
// stream, so that adding a layer does not change how the others start.
func source(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
