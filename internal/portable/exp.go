package portable

import "math"

// Exp returns e^x to within a unit in the last place or so, at the speed of math.Exp.
//
// x = k*ln 2 + r with |r| <= ln(2)/2; e^r = 1 + 2*r*P(r^2)/(Q(r^2) - r*P(r^2)) with P
// and Q of Cephes' exp (Moshier, 1989).
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.79:
		return math.Inf(1)
	case x < -745.14:
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := (x - float64(k*ln2High)) - float64(k*ln2Low)
	z := float64(r * r)
	p := float64(1.26177193074810590878e-4*z) + 3.02994407707441961300e-2
	p = float64(p*z) + 9.99999999999999999910e-1
	p = float64(p * r)
	q := float64(3.00198505138664455042e-6*z) + 2.52448340349684104192e-3
	q = float64(q*z) + 2.27265548208155028766e-1
	q = float64(q*z) + 2
	e := 1 + float64(2*(p/(q-p)))
	if k > -1022 && k < 1023 {
		// e is in [0.7, 1.5): this is a normal number.
		return e * math.Float64frombits(uint64(int64(k)+1023)<<52)
	}
	return math.Ldexp(e, int(k))
}

// Expm1 returns e^x - 1 to within a few units in the last place, even near 0
// (by Kahan's method: near 1, the error of e^x is also in its logarithm).
func Expm1(x float64) float64 {
	e := Exp(x)
	switch {
	case e == 1:
		return x
	case math.Abs(x) > 1:
		return e - 1
	}
	return float64((e-1)*x) / Log(e)
}

// Tanh returns the hyperbolic tangent of x to within a few units in the last place.
func Tanh(x float64) float64 {
	if x != x || x == 0 {
		return x // with its sign
	}
	t := 1.0
	if a := math.Abs(x); a < 22 {
		e := Expm1(2 * a)
		t = e / (e + 2)
	}
	return math.Copysign(t, x)
}
