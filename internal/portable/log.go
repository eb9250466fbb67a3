package portable

import "math"

// Log returns the natural logarithm of x to within a unit in the last place or so, -Inf
// for 0 and NaN for negative x.
//
// x = 2^k*(1+f) with 1+f in [sqrt(1/2), sqrt(2)); with s = f/(2+f), log(1+f) is
// f - (f^2/2 - s*(f^2/2 + R(s^2))), where R is a polynomial by Remez, of FreeBSD's msun.
func Log(x float64) float64 {
	switch {
	case x != x || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		k--
	}
	f := m - 1
	s := f / (2 + f)
	z := float64(s * s)
	r := float64(z * polynomial(z,
		1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
		2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01))
	half := float64(0.5 * f * f)
	n := float64(k)
	return float64(n*ln2High) - ((half - (float64(s*(half+r)) + float64(n*ln2Low))) - f)
}

// Log1p returns log(1+x) to within a few units in the last place, even near 0
// (by Kahan's method, as in [Expm1]).
func Log1p(x float64) float64 {
	u := 1 + x
	switch {
	case u == 1:
		return x
	case math.IsInf(u, 1):
		return u
	}
	return float64(Log(u)*x) / (u - 1)
}
