package portable

import "math"

// SeriesLog returns the natural logarithm of a positive normal x to within 1e-12
// times the larger of 1 and the result.
//
// x = m*2^e with sqrt(1/2) <= m < sqrt(2); with s = (m-1)/(m+1), ln m is the
// series 2*(s + s^3/3 + ... + s^17/17).
func SeriesLog(x float64) float64 {
	// As math.Frexp, for normal x.
	b := math.Float64bits(x)
	e := int(b>>52) - 1022
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

// Normal returns the quantile of the standard normal distribution at
// (u + 1/2)/2^32, so that a uniform u has a normal Normal(u), within ±6.34.
// Normal(^u) is -Normal(u) to the bit.
//
// It is PPND7 of Wichura, "Algorithm AS 241: The Percentage Points of the
// Normal Distribution", Applied Statistics 37, 1988, with SeriesLog for the
// logarithm. Its relative error is below 2e-7.
func Normal(u uint32) float64 {
	v := float64((float64(u) + 0.5) / (1 << 32))
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
	r := math.Sqrt(-SeriesLog(tail)) - 1.6
	num := float64((float64((float64(0.17023821103*r)+1.3067284816)*r)+2.7568153900)*r) + 1.4234372777
	den := float64((float64(0.12021132975*r)+0.73700164250)*r) + 1
	if q < 0 {
		return -num / den
	}
	return num / den
}
