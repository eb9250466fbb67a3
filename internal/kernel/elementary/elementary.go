// Package elementary computes elementary functions of many numbers at a time, and what
// networks make of them. All instruction sets give the bits of the functions in Go, which
// are those of package portable or, in float32, faster ones of this package.
package elementary

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

//go:generate go -C gen run . -out ../elementary_amd64.s -stubs ../stubs_amd64.go -pkg elementary

// Float is the type of an element.
type Float interface{ float32 | float64 }

// few is how many elements are not worth a call.
const few = 3

// exceptional is how many elements are computed in Go where a vector has one for which
// the vector instructions do not hold: NaN, or one whose function is near overflow.
const exceptional = 16

// Exp replaces each x by e^x.
func Exp[F Float](x []F) { exp(isa.Active(), x) }

func exp[F Float](set isa.Set, x []F) {
	switch x := any(x).(type) {
	case []float32:
		replace(set, x, exp32Vectors, exp32)
	case []float64:
		replace64(set, x, exp64)
	}
}

// Sigmoid replaces each x by 1/(1+e^-x).
func Sigmoid[F Float](x []F) { sigmoid(isa.Active(), x) }

func sigmoid[F Float](set isa.Set, x []F) {
	switch x := any(x).(type) {
	case []float32:
		replace(set, x, sigmoid32Vectors, func(x float32) float32 { return 1 / (1 + exp32(-x)) })
	case []float64:
		replace64(set, x, sigmoid64)
	}
}

// Tanh replaces each x by its hyperbolic tangent.
func Tanh[F Float](x []F) { tanh(isa.Active(), x) }

func tanh[F Float](set isa.Set, x []F) {
	switch x := any(x).(type) {
	case []float32:
		replace(set, x, tanh32Vectors, tanh32)
	case []float64:
		for i, v := range x {
			x[i] = portable.Tanh(v)
		}
	}
}

// replace replaces x by a function, of which vectors computes the first elements and
// returns how many.
func replace[F Float](set isa.Set, x []F, vectors func(set isa.Set, y, x []F) int, one func(F) F) {
	for len(x) > 0 {
		x = x[vectors(set, x, x):]
		n := left(set, len(x))
		for i, v := range x[:n] {
			x[i] = one(v)
		}
		x = x[n:]
	}
}

// left is how many of n elements are computed in Go where vectors stopped.
func left(set isa.Set, n int) int {
	if set == isa.AVX2 || set == isa.AVX512 {
		return min(n, exceptional)
	}
	return n
}
