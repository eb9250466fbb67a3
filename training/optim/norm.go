package optim

import "math"

// vanishing is a bound so small that the squares of elements that matter to it
// may be 0.
const vanishing = 1e-140

// A norm is the L2 norm of numbers whose squares may overflow or vanish. Like
// BLAS's nrm2 it divides the numbers by the largest before it sums their
// squares. It must see all of them before it adds them.
type norm struct{ largest, sum float64 }

func (n *norm) see(x float64) { n.largest = max(n.largest, math.Abs(x)) }

func (n *norm) add(x float64) {
	x /= n.largest
	n.sum += float64(x * x)
}

// exceeds reports whether the norm is larger than c, false for NaN.
func (n *norm) exceeds(c float64) bool {
	return math.IsInf(n.largest, 1) || math.Sqrt(n.sum) > c/n.largest
}

// factor returns the factor that scales the norm to c.
func (n *norm) factor(c float64) float64 {
	if math.IsInf(n.largest, 1) {
		return 0
	}
	return c / n.largest / math.Sqrt(n.sum)
}

// scale returns x times the factor, even if that is too small for a float64.
func (n *norm) scale(x, c float64) float64 {
	if math.IsInf(n.largest, 1) {
		return x * 0
	}
	return x / n.largest * (c / math.Sqrt(n.sum))
}

// gradientFactor returns the factor by which ClipNorm scales gradients whose
// squares overflow.
func (c *core) gradientFactor() float64 {
	each := func(f func(x float64)) {
		clipped := func(x float64) float64 {
			if limit := c.reg.ClipValue; limit > 0 {
				x = min(max(x, -limit), limit)
			}
			return x
		}
		for i := range c.params {
			for _, x := range c.params[i].f32.g {
				f(clipped(float64(x)))
			}
			for _, x := range c.params[i].f64.g {
				f(clipped(x))
			}
		}
	}
	var n norm
	each(n.see)
	each(n.add)
	return n.factor(c.reg.ClipNorm)
}
