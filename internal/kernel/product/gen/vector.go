package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// chainBytes is the size of all chains of a sum.
const chainBytes = 256

// sums writes the functions that add n elements, a multiple of the number of chains, to
// the chains of a sum: products of two vectors or absolute values of one.
func (m machine) sums() {
	t := m.String()
	m.function("dot", "sums, x, y *"+t+", n int", "adds x[i]*y[i] to chain i modulo their number.")
	m.chains(2, func(sum reg.VecPhysical, x, y Mem) {
		v := m.vector(chainBytes/m.width + 1)
		m.Move(x, v)
		m.Op(VFMADD231PS, VFMADD231PD)(y, v, sum)
	})
	m.function("absolute", "sums, x *"+t+", n int", "adds |x[i]| to chain i modulo their number.")
	m.chains(1, func(sum reg.VecPhysical, x, _ Mem) {
		v := m.vector(chainBytes/m.width + 1)
		m.Op(VANDPS, VANDPD)(x, m.vector(chainBytes/m.width), v)
		m.Op(VADDPS, VADDPD)(v, sum, sum)
	})
}

func (m machine) chains(operands int, add func(sum reg.VecPhysical, x, y Mem)) {
	sums, x, n := assembly.Argument("sums"), assembly.Argument("x"), m.bytes("n")
	y := x
	if operands == 2 {
		y = assembly.Argument("y")
	} else {
		// All bits but the sign.
		mask := m.vector(chainBytes / m.width)
		m.Op(VPCMPEQD, VPCMPEQQ)(mask, mask, mask)
		m.Op(VPSRLD, VPSRLQ)(Imm(1), mask, mask)
	}
	chain := func(i int) Mem { return Mem{Base: sums, Disp: i * m.width} }
	for i := range chainBytes / m.width {
		m.Move(chain(i), m.vector(i))
	}
	at := GP64()
	XORQ(at, at)
	Label("next")
	CMPQ(at, n)
	JGE(LabelRef("end"))
	for i := range chainBytes / m.width {
		add(m.vector(i), Mem{Base: x, Index: at, Scale: 1, Disp: i * m.width}, Mem{Base: y, Index: at, Scale: 1, Disp: i * m.width})
	}
	ADDQ(Imm(chainBytes/2), at)
	ADDQ(Imm(chainBytes/2), at)
	JMP(LabelRef("next"))
	Label("end")
	for i := range chainBytes / m.width {
		m.Move(m.vector(i), chain(i))
	}
	VZEROUPPER()
	RET()
}

// elementwise writes the functions that change a vector element by element, n a multiple
// of the lanes of a vector.
func (m machine) elementwise() {
	t := m.String()
	m.function("axpy", "alpha "+t+", x, y *"+t+", n int", "adds alpha*x to y.")
	m.along(func(alpha reg.VecPhysical, v int, x, y Mem) {
		sum, e := m.vector(v), m.vector(v+4)
		m.Move(y, sum)
		m.Move(x, e)
		m.Op(VFMADD231PS, VFMADD231PD)(e, alpha, sum)
		m.Move(sum, y)
	}, true)
	m.function("scale", "alpha "+t+", x *"+t+", n int", "multiplies x by alpha.")
	m.along(func(alpha reg.VecPhysical, v int, x, _ Mem) {
		e := m.vector(v)
		m.Op(VMULPS, VMULPD)(x, alpha, e)
		m.Move(e, x)
	}, false)
}

func (m machine) along(f func(alpha reg.VecPhysical, v int, x, y Mem), two bool) {
	alpha := m.vector(8)
	m.Op(VBROADCASTSS, VBROADCASTSD)(assembly.Address("alpha"), alpha)
	x, n := assembly.Argument("x"), assembly.Argument("n")
	y := x
	if two {
		y = assembly.Argument("y")
	}
	for _, vectors := range []int{4, 1} {
		loop := [...]string{1: "by1", 4: "by4"}[vectors]
		Label(loop)
		CMPQ(n, Imm(uint64(vectors*m.lanes())))
		JL(LabelRef(loop + "end"))
		for v := range vectors {
			f(alpha, v, Mem{Base: x, Disp: v * m.width}, Mem{Base: y, Disp: v * m.width})
		}
		ADDQ(I32(int32(vectors*m.width)), x)
		if two {
			ADDQ(I32(int32(vectors*m.width)), y)
		}
		SUBQ(Imm(uint64(vectors*m.lanes())), n)
		JMP(LabelRef(loop))
		Label(loop + "end")
	}
	VZEROUPPER()
	RET()
}
