package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ln 2 in float64, as portable has it.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// exp64 is portable.Exp where the result is a normal number.
func (v vector) exp64(x reg.VecVirtual) reg.VecVirtual {
	// A sum with this has a small whole number plus 1023, the exponent's bias, in its last
	// bits.
	const bias = 3<<51 + 1023
	k := v.new()
	t := v.add(v.mul(x, v.constant(math.Log2E)), v.constant(0.5))
	if v.width == 64 {
		VRNDSCALEPD(Imm(9), t, k)
	} else {
		VROUNDPD(Imm(9), t, k)
	}
	r := v.sub(v.sub(x, v.mul(k, v.constant(ln2High))), v.mul(k, v.constant(ln2Low)))
	z := v.mul(r, r)
	p := v.mul(v.polynomial(z, 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1), r)
	q := v.polynomial(z, 3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2)
	f := v.div(p, v.sub(q, p))
	power := v.add(k, v.constant(bias))
	VPSLLQ(Imm(52), power, power)
	return v.mul(v.add(v.add(f, f), v.constant(1)), power)
}

// log64 is portable.Log of a positive normal number.
func (v vector) log64(x reg.VecVirtual) reg.VecVirtual {
	const (
		// A number with the bits of this and a small whole one in its last bits is their
		// sum.
		whole    = 1 << 52
		mantissa = 1<<52 - 1
		halves   = 1022 << 52 // the exponent of the numbers from 1/2 to 1
	)
	k := v.new()
	VPSRLQ(Imm(52), x, k)
	k = v.sub(v.or(k, v.constant(whole)), v.constant(whole+1022))
	m := v.or(v.and(x, constantBits(mantissa)), constantBits(halves))
	small := v.compare(less, m, v.constant(math.Sqrt2/2))
	m = v.where(small, v.add(m, m), m)
	k = v.where(small, v.sub(k, v.constant(1)), k)
	f := v.sub(m, v.constant(1))
	s := v.div(f, v.add(f, v.constant(2)))
	z := v.mul(s, s)
	r := v.mul(v.polynomial(z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
		2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01), z)
	half := v.mul(v.mul(f, v.constant(0.5)), f)
	low := v.add(v.mul(s, v.add(half, r)), v.mul(k, v.constant(ln2Low)))
	return v.sub(v.mul(k, v.constant(ln2High)), v.sub(v.sub(half, low), f))
}

// erfc is portable.Erfc where |x| < 8.
func (v vector) erfc(x reg.VecVirtual) reg.VecVirtual {
	a := v.absolute(x)
	near := v.compare(less, a, v.constant(1))
	far, done := labels+"far", labels+"done"
	result := v.new()
	v.unless(near, far)
	v.Move(v.erfcNear(x), result)
	JMP(LabelRef(done))
	Label(far)
	v.Move(v.erfcFar(x, a), result)
	v.none(near, done)
	v.Move(v.where(near, v.erfcNear(x), result), result)
	Label(done)
	return result
}

func (v vector) erfcNear(x reg.VecVirtual) reg.VecVirtual {
	z := v.mul(x, x)
	p := v.polynomial(z, 9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3, 5.55923013010394962768e4)
	q := v.polynomial(z, 1, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4, 4.92673942608635921086e4)
	return v.sub(v.one(), v.div(v.mul(x, p), q))
}

func (v vector) erfcFar(x, a reg.VecVirtual) reg.VecVirtual {
	p := v.polynomial(a, 2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0, 4.86371970985681366614e1, 1.96520832956077098242e2,
		5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2)
	q := v.polynomial(a, 1, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2,
		1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2)
	// exp(-a^2) with the square in two parts, as portable has it.
	high := v.and(a, constantBits(^uint64(1<<32-1)))
	low := v.sub(a, high)
	square := v.mul(v.exp64(v.negated(v.mul(high, high))), v.exp64(v.negated(v.mul(low, v.add(a, high)))))
	tail := v.div(v.mul(square, p), q)
	negative := v.compare(less, x, v.constant(0))
	return v.where(negative, v.sub(v.loaded(v.constant(2)), tail), tail)
}

// geluBound is where x/sqrt(2) is still in the range of erfc.
const geluBound = 11

// scaled returns the argument of erfc in GELU, -x/sqrt(2).
func (v vector) scaled(x reg.VecVirtual) reg.VecVirtual {
	return v.div(v.negated(x), v.constant(math.Sqrt2))
}

func (v vector) gelu(in []reg.VecVirtual, stop string) reg.VecVirtual {
	x := v.within(in[0], -geluBound, geluBound, stop)
	return v.mul(v.mul(x, v.constant(0.5)), v.erfc(v.scaled(x)))
}

func (v vector) geluBack(in []reg.VecVirtual, stop string) reg.VecVirtual {
	x, dy := v.within(in[0], -geluBound, geluBound, stop), in[1]
	half := v.mul(v.erfc(v.scaled(x)), v.constant(0.5))
	density := v.exp64(v.mul(v.mul(v.negated(x), x), v.constant(0.5)))
	slope := v.add(half, v.div(v.mul(x, density), v.constant(math.Sqrt(2*math.Pi))))
	// Neither factor of 0 gives anything else, whatever the other.
	zero := v.loaded(v.constant(0))
	product := v.mul(slope, dy)
	for _, factor := range []reg.VecVirtual{slope, dy} {
		product = v.where(v.compare(equal, factor, zero), zero, product)
	}
	return product
}

// exp32 is the polynomial of exp32 in the package, where the result is a normal number.
func (v vector) exp32(x reg.VecVirtual) reg.VecVirtual {
	const (
		log2e   = 1.44269504088896341
		ln2High = 0.693359375
		ln2Low  = -2.12194440e-4
		round   = 3 << 22
	)
	t := v.add(v.mul(x, v.constant(log2e)), v.constant(round))
	n := v.sub(t, v.constant(round))
	r := v.sub(v.sub(x, v.mul(n, v.constant(ln2High))), v.mul(n, v.constant(ln2Low)))
	p := v.polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	p = v.add(v.add(v.mul(v.mul(p, r), r), r), v.constant(1))
	// t has the exponent in its last bits.
	VPSLLD(Imm(23), t, t)
	VPADDD(t, p, p)
	return p
}

func (v vector) tanh32(x reg.VecVirtual) reg.VecVirtual {
	z := v.mul(x, x)
	near := v.polynomial(z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
	near = v.add(v.mul(v.mul(near, z), x), x)
	far := v.sub(v.one(), v.div(v.loaded(v.constant(2)), v.add(v.exp32(v.add(x, x)), v.constant(1))))
	large := v.compare(less, v.loaded(v.constant(10)), x)
	far = v.where(large, v.one(), far)
	small := v.compare(less, v.and(x, constantBits(0x7fffffff7fffffff)), v.constant(0.625))
	return v.where(small, near, far)
}
