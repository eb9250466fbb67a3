// Package portable computes functions with the same bits on every machine.
//
// The functions of package math are partly in assembly and may be compiled to
// fused multiply-adds, so their last bits differ between processors. Here each
// addition, subtraction, multiplication, division and square root is rounded to
// float64 on its own, as IEEE 754 prescribes, in the order written; converting
// each product to float64 forbids fusion.
package portable

import "math"

const (
	ln2High = 6.93147180369123816490e-01 // the leading 32 bits of ln 2
	ln2Low  = 1.90821492927058770002e-10 // the rest
)

// Log returns the natural logarithm of x to within 1e-12 times the larger of 1 and
// the result, and near 1 to within 1e-15 times the result. It is -Inf of 0 and NaN
// of what is negative.
//
// x = m*2^e with sqrt(1/2) <= m < sqrt(2); with s = (m-1)/(m+1), ln m is the
// series 2*(s + s^3/3 + ... + s^17/17).
func Log(x float64) float64 {
	e := -1022
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case x < 0x1p-1022: // not normal
		x *= 0x1p54
		e -= 54
	}
	// As math.Frexp, for normal x.
	b := math.Float64bits(x)
	e += int(b >> 52)
	m := math.Float64frombits(b&(1<<52-1) | 1022<<52)
	if m < 0.70710678118654752440 {
		m *= 2
		e--
	}
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	sum := float64(1. / 17 * z)
	sum = float64((sum + 1./15) * z)
	sum = float64((sum + 1./13) * z)
	sum = float64((sum + 1./11) * z)
	sum = float64((sum + 1./9) * z)
	sum = float64((sum + 1./7) * z)
	sum = float64((sum + 1./5) * z)
	sum = float64((sum + 1./3) * z)
	fe := float64(e)
	return float64(fe*ln2High) + (float64(fe*ln2Low) + float64(2*s*(1+sum)))
}

// Log1p returns Log(1+x), for small x too to within 1e-15 times the result.
//
// What 1+x loses by rounding is made up for by a factor that is as far off
// (Goldberg, "What Every Computer Scientist Should Know About Floating-Point
// Arithmetic", 1991, theorem 4).
func Log1p(x float64) float64 {
	y := 1 + x
	if y == 1 || y > math.MaxFloat64 {
		return x
	}
	return float64(Log(y) * (x / (y - 1)))
}

// Exp returns e^x to within 4 units in the last place, +Inf if x > 709 and 0 if
// x < -708.
//
// x = k*ln 2 + r with |r| <= ln(2)/2; e^r is the Taylor series up to r^14/14!.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709:
		return math.Inf(1)
	case x < -708:
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := (x - float64(k*ln2High)) - float64(k*ln2Low)
	sum := 1.0
	for n := 14.0; n > 0; n-- {
		sum = 1 + float64(sum*r)/n
	}
	return math.Ldexp(sum, int(k))
}

// Normal returns the quantile of the standard normal distribution at (u +
// 1/2)/2^32. For uniform u the result is normally distributed, within ±6.34.
// Normal(^u) is exactly -Normal(u).
//
// It is PPND7 of Wichura, "Algorithm AS 241: The Percentage Points of the
// Normal Distribution", Applied Statistics 37, 1988, with Log for the
// logarithm. Its relative error is below 2e-7.
func Normal(u uint32) float64 {
	v := (float64(u) + 0.5) / (1 << 32)
	q := v - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		num := float64((float64((float64(59.109374720*r)+159.29113202)*r)+50.434271938)*r) + 3.3871327179
		den := float64((float64((float64(67.187563600*r)+78.757757664)*r)+17.895169469)*r) + 1
		return float64(q*num) / den
	}
	tail := v
	if q > 0 {
		tail = 1 - v
	}
	r := math.Sqrt(-Log(tail)) - 1.6
	num := float64((float64((float64(0.17023821103*r)+1.3067284816)*r)+2.7568153900)*r) + 1.4234372777
	den := float64((float64(0.12021132975*r)+0.73700164250)*r) + 1
	if q < 0 {
		return -num / den
	}
	return num / den
}
