package elementary

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Each is for memory that may be on the stack.

// Exp64 is [Exp] in float64.
func Exp64(x []float64) { replace64(isa.Active(), x, exp64) }

// Sigmoid64 is [Sigmoid] in float64.
func Sigmoid64(x []float64) { replace64(isa.Active(), x, sigmoid64) }

// Log replaces each x by its natural logarithm: -Inf for 0, NaN for negative x.
func Log(x []float64) { replace64(isa.Active(), x, log64) }

// Expm1 replaces each x by portable.Expm1 of it: e^x - 1, exact even near 0.
func Expm1(x []float64) { expm1(isa.Active(), x) }

func expm1(set isa.Set, x []float64) {
	var exps, logs [piece]float64
	for ; len(x) > 0; x = x[min(piece, len(x)):] {
		some := x[:min(piece, len(x))]
		e, log := exps[:len(some)], logs[:len(some)]
		copy(e, some)
		replace64(set, e, exp64)
		copy(log, e)
		replace64(set, log, log64)
		for i, v := range some {
			switch {
			case e[i] == 1:
			case math.Abs(v) > 1:
				some[i] = e[i] - 1
			default:
				some[i] = float64((e[i]-1)*v) / log[i]
			}
		}
	}
}

// Log1p replaces each x by portable.Log1p of it: log(1+x), exact even near 0.
func Log1p(x []float64) { log1p(isa.Active(), x) }

func log1p(set isa.Set, x []float64) {
	var logs [piece]float64
	for ; len(x) > 0; x = x[min(piece, len(x)):] {
		some := x[:min(piece, len(x))]
		log := logs[:len(some)]
		for i, v := range some {
			log[i] = 1 + v
		}
		replace64(set, log, log64)
		for i, v := range some {
			switch u := 1 + v; {
			case u == 1:
			case math.IsInf(u, 1):
				some[i] = u
			default:
				some[i] = float64(log[i]*v) / (u - 1)
			}
		}
	}
}

// piece is how many elements are computed at a time where some are needed twice: few
// enough for the stack.
const piece = 512

// function64 is a function in float64. It is not a func, since what is given to one that
// the compiler does not know must be on the heap.
type function64 int

const (
	exp64 function64 = iota
	sigmoid64
	log64
)

func (f function64) of(x float64) float64 {
	switch f {
	case exp64:
		return portable.Exp(x)
	case sigmoid64:
		return 1 / (1 + portable.Exp(-x))
	default:
		return portable.Log(x)
	}
}

// vectors replaces the first elements of x, which is not empty, and returns how many.
func (f function64) vectors(set isa.Set, x []float64) int {
	switch f {
	case exp64:
		return exp64Vectors(set, x, x)
	case sigmoid64:
		return sigmoid64Vectors(set, x, x)
	default:
		return log64Vectors(set, x, x)
	}
}

func replace64(set isa.Set, x []float64, f function64) {
	for len(x) > 0 {
		n := len(x)
		if n > few {
			x = x[f.vectors(set, x):]
			n = left(set, len(x))
		}
		for i, v := range x[:n] {
			x[i] = f.of(v)
		}
		x = x[n:]
	}
}
