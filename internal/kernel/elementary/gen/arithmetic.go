package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tables are those that have been written, by name.
var tables = map[string]Mem{}

// constant is a vector of copies of x in memory.
func (v vector) constant(x float64) Mem {
	bits := math.Float64bits(x)
	if v.Size == 4 {
		bits = uint64(math.Float32bits(float32(x)))
		bits |= bits << 32
	}
	return constantBits(bits)
}

// constantBits is a vector of copies of 64 bits in memory.
func constantBits(bits uint64) Mem {
	name := fmt.Sprintf("c%016x", bits)
	if _, ok := tables[name]; !ok {
		tables[name] = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(bits))
		}
	}
	return tables[name]
}

// loaded is x in a register.
func (v vector) loaded(x Mem) reg.VecVirtual {
	r := v.new()
	v.Move(x, r)
	return r
}

func (v vector) one() reg.VecVirtual { return v.loaded(v.constant(1)) }

// binary returns a op b.
func (v vector) binary(single, double func(...Op), a, b Op) reg.VecVirtual {
	r := v.new()
	v.Op(single, double)(b, a, r)
	return r
}

func (v vector) add(a, b Op) reg.VecVirtual { return v.binary(VADDPS, VADDPD, a, b) }
func (v vector) sub(a, b Op) reg.VecVirtual { return v.binary(VSUBPS, VSUBPD, a, b) }
func (v vector) mul(a, b Op) reg.VecVirtual { return v.binary(VMULPS, VMULPD, a, b) }
func (v vector) div(a, b Op) reg.VecVirtual { return v.binary(VDIVPS, VDIVPD, a, b) }
func (v vector) and(a, b Op) reg.VecVirtual { return v.binary(VANDPS, VANDPD, a, b) }
func (v vector) or(a, b Op) reg.VecVirtual  { return v.binary(VORPS, VORPD, a, b) }
func (v vector) xor(a, b Op) reg.VecVirtual { return v.binary(VXORPS, VXORPD, a, b) }

func (v vector) negated(x Op) reg.VecVirtual {
	return v.xor(x, v.constant(math.Copysign(0, -1)))
}

// absolute needs elements of 64 bits.
func (v vector) absolute(x Op) reg.VecVirtual { return v.and(x, constantBits(1<<63-1)) }

// polynomial is portable's: c[0]*x^n + ... + c[n] by Horner's rule, each operation
// rounded.
func (v vector) polynomial(x reg.VecVirtual, c ...float64) reg.VecVirtual {
	var sum reg.VecVirtual
	if c[0] == 1 {
		sum = v.add(x, v.constant(c[1])) // 1*x is x
	} else {
		sum = v.add(v.mul(x, v.constant(c[0])), v.constant(c[1]))
	}
	for _, c := range c[2:] {
		sum = v.add(v.mul(sum, x), v.constant(c))
	}
	return sum
}

// mask is the outcome of a comparison: in a vector with AVX2, in a mask with AVX-512.
type mask struct {
	v reg.VecVirtual
	k reg.OpmaskVirtual
}

// The comparisons, false where an element is NaN.
const (
	equal = 0x00
	less  = 0x11
)

// compare returns where a op b.
func (v vector) compare(op uint64, a, b Op) mask {
	var m mask
	if v.width == 64 {
		m.k = K()
		v.Op(VCMPPS, VCMPPD)(Imm(op), b, a, m.k)
	} else {
		m.v = v.new()
		v.Op(VCMPPS, VCMPPD)(Imm(op), b, a, m.v)
	}
	return m
}

// bits returns those of m's lanes.
func (v vector) bits(m mask) reg.GPVirtual {
	r := GP32()
	switch {
	case v.width == 64:
		KMOVW(m.k, r)
	case v.Size == 4:
		VMOVMSKPS(m.v, r)
	default:
		VMOVMSKPD(m.v, r)
	}
	return r
}

// unless jumps if a lane is not in m.
func (v vector) unless(m mask, to string) {
	CMPL(v.bits(m), U32(1<<v.lanes()-1))
	JNE(LabelRef(to))
}

// none jumps if no lane is in m.
func (v vector) none(m mask, to string) {
	r := v.bits(m)
	TESTL(r, r)
	JZ(LabelRef(to))
}

// where returns yes in the lanes of m and no in the others.
func (v vector) where(m mask, yes, no reg.VecVirtual) reg.VecVirtual {
	r := v.new()
	switch {
	case v.width == 64:
		v.Op(VBLENDMPS, VBLENDMPD)(yes, no, m.k, r)
	case v.Size == 4:
		VBLENDVPS(m.v, yes, no, r)
	default:
		VBLENDVPD(m.v, yes, no, r)
	}
	return r
}

// within returns x after a jump to stop unless all its elements lie between two bounds.
func (v vector) within(x reg.VecVirtual, low, high float64, stop string) reg.VecVirtual {
	for _, bounds := range [][2]Op{{v.loaded(v.constant(low)), x}, {x, v.constant(high)}} {
		v.unless(v.compare(less, bounds[0], bounds[1]), stop)
	}
	return x
}
