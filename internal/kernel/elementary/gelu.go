package elementary

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// GELU sets y to x*Phi(x), where Phi is the distribution function of the standard normal
// distribution, computed in float64.
func GELU[F Float](y, x []F) { gelu(isa.Active(), y, x) }

func gelu[F Float](set isa.Set, y, x []F) {
	for len(x) > 0 {
		done := geluVectors(set, y, x)
		x, y = x[done:], y[done:]
		n := left(set, len(x))
		for i, v := range x[:n] {
			y[i] = F(geluOf(float64(v)))
		}
		x, y = x[n:], y[n:]
	}
}

// GELUBack sets dx to dy times the derivative of x*Phi(x), computed in float64, and to 0
// where either of them is 0, whatever the other.
func GELUBack[F Float](dx, x, dy []F) { geluBack(isa.Active(), dx, x, dy) }

func geluBack[F Float](set isa.Set, dx, x, dy []F) {
	for len(x) > 0 {
		done := geluBackVectors(set, dx, x, dy)
		dx, x, dy = dx[done:], x[done:], dy[done:]
		n := left(set, len(x))
		for i, v := range x[:n] {
			if s := geluSlope(float64(v)); s == 0 || dy[i] == 0 {
				dx[i] = 0
			} else {
				dx[i] = F(s * float64(dy[i]))
			}
		}
		dx, x, dy = dx[n:], x[n:], dy[n:]
	}
}

func geluOf(x float64) float64 {
	if x < -40 {
		return 0 // and not -Inf*0
	}
	return x / 2 * portable.Erfc(-x/math.Sqrt2)
}

func geluSlope(x float64) float64 {
	if x < -40 {
		return 0
	}
	if math.IsInf(x, 1) {
		return 1
	}
	return float64(portable.Erfc(-x/math.Sqrt2)/2) + float64(x*portable.Exp(-x*x/2)/math.Sqrt(2*math.Pi))
}
