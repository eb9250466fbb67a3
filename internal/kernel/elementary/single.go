package elementary

import "math"

// exp32 returns exp(x) to two units in the last place, in a quarter of the time
// of math.Exp: exp(x) = 2^n exp(r) with |r| <= log(2)/2 and the polynomial of
// Cephes' expf (Moshier, 1989) for exp(r). Results below the smallest normal
// number are 0.
func exp32(x float32) float32 {
	const (
		log2e = 1.44269504088896341
		// log(2) in two parts, of which the first has few bits.
		ln2High = 0.693359375
		ln2Low  = -2.12194440e-4
	)
	switch {
	case x > 88.722839:
		return float32(math.Inf(1))
	case x < -87.33654:
		return 0
	case x != x:
		return x
	}
	// Adding this rounds to a whole number in the low bits.
	const round = 3 << 22
	t := float32(x*log2e) + round
	n := t - round
	r := x - float32(n*ln2High)
	r -= float32(n * ln2Low)
	p := float32(1.9875691500e-4)
	p = float32(p*r) + 1.3981999507e-3
	p = float32(p*r) + 8.3334519073e-3
	p = float32(p*r) + 4.1665795894e-2
	p = float32(p*r) + 1.6666665459e-1
	p = float32(p*r) + 5.0000001201e-1
	p = float32(p*r*r) + r + 1
	// p is in [0.7, 1.5), so the exponent can be added except for 2^128.
	bits := math.Float32bits(p)
	half := int32(n) / 2
	p = math.Float32frombits(bits + uint32(half)<<23)
	return p * math.Float32frombits(uint32(127+int32(n)-half)<<23)
}

// tanh32 returns tanh(x) to two units in the last place, near 0 by the
// polynomial of Cephes' tanhf.
func tanh32(x float32) float32 {
	if x > -0.625 && x < 0.625 {
		z := x * x
		p := float32(-5.70498872745e-3)
		p = float32(p*z) + 2.06390887954e-2
		p = float32(p*z) - 5.37397155531e-2
		p = float32(p*z) + 1.33314422036e-1
		p = float32(p*z) - 3.33332819422e-1
		return float32(p*z*x) + x
	}
	if x > 10 {
		return 1
	}
	return 1 - 2/(exp32(2*x)+1)
}
