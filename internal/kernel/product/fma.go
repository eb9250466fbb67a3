package product

import "math"

// fma32 returns a*b+c, rounded once.
//
// The product is exact in float64. The sum is rounded there, and again to float32, which
// may be a rounding too many where it is doubtful.
func fma32(a, b, c float32) float32 {
	sum := float64(float64(a)*float64(b)) + float64(c)
	if doubtful(sum) {
		return fma32Exact(a, b, c)
	}
	return float32(sum)
}

// doubtful tells whether a rounded number may lie halfway between two float32: its low 29
// bits do, or it is subnormal there. A sum of 0 is exact.
func doubtful(sum float64) bool {
	u := math.Float64bits(sum)
	return u&(1<<29-1) == 1<<28 || u<<1-1 < (1023-126)<<53-1
}

// fma32Exact is fma32 for all: the sum is rounded to odd before it is converted, which
// makes the second rounding right (Boldo and Melquiond, "Emulation of a FMA and
// Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd", IEEE Transactions
// on Computers 57, 2008). The error of the sum is that of Knuth's two-sum.
func fma32Exact(a, b, c float32) float32 {
	p, q := float64(float64(a)*float64(b)), float64(c)
	sum := p + q
	rest := sum - p
	e := (p - (sum - rest)) + (q - rest)
	u := math.Float64bits(sum)
	// e is NaN where the sum is not finite.
	if u&1 == 0 && (e > 0 || e < 0) {
		if (e > 0) == (sum > 0) {
			u++
		} else {
			u--
		}
	}
	return float32(math.Float64frombits(u))
}
