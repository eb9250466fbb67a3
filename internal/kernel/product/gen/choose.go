package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// choose writes the function that brings together chosen elements. It loads them one by
// one, 16 bytes at a time: the processor's own gathering is no faster where it is good,
// and several times slower on many.
func (m machine) choose() {
	t := m.String()
	m.function("choose", "dst *"+t+", src *"+t+", units *int, n int", "sets dst[i] to src[units[i]].")
	dst, src, units, n := assembly.Argument("dst"), assembly.Argument("src"), assembly.Argument("units"), assembly.Argument("n")
	per := 16 / m.Size
	element := func(i int) Mem {
		u := GP64()
		MOVQ(Mem{Base: units, Disp: 8 * i}, u)
		return Mem{Base: src, Index: u, Scale: uint8(m.Size)}
	}
	const vectors = 2
	Label("wide")
	CMPQ(n, Imm(uint64(vectors*per)))
	JL(LabelRef("single"))
	for v, x := range []reg.VecPhysical{reg.X0, reg.X1} {
		if m.Size == 4 {
			VMOVSS(element(v*per), x)
			for i := 1; i < per; i++ {
				VINSERTPS(Imm(uint64(i<<4)), element(v*per+i), x, x)
			}
		} else {
			VMOVSD(element(v*per), x)
			VMOVHPD(element(v*per+1), x, x)
		}
		VMOVUPS(x, Mem{Base: dst, Disp: 16 * v})
	}
	ADDQ(Imm(16*vectors), dst)
	ADDQ(Imm(uint64(8*vectors*per)), units)
	SUBQ(Imm(uint64(vectors*per)), n)
	JMP(LabelRef("wide"))
	Label("single")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	m.Op(VMOVSS, VMOVSD)(element(0), reg.X0)
	m.Op(VMOVSS, VMOVSD)(reg.X0, Mem{Base: dst})
	ADDQ(Imm(uint64(m.Size)), dst)
	ADDQ(Imm(8), units)
	DECQ(n)
	JMP(LabelRef("single"))
	Label("done")
	RET()
}
