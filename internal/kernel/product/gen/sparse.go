package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// strip is the number of vectors of a row of c whose sums are in registers at once, in the package
// too.
const strip = 12

// sparseRows writes the function that multiplies lists of elements with rows of b. Each row of
// c has its sums in registers while its list is read.
func (m machine) sparseRows() {
	t := m.String()
	m.function("sparseRows", "rows, vectors int, counts *uint32, values *"+t+", offsets *uint32, b, c *"+t+", cStep, add, last int) (minusZero int",
		"computes rows of c from lists of elements: see sparseFunc.")
	g := &sparseLoop{machine: m, rows: assembly.Argument("rows")}
	vectors := assembly.Argument("vectors")
	g.counts, g.values, g.offsets = assembly.Argument("counts"), assembly.Argument("values"), assembly.Argument("offsets")
	g.b, g.c, g.cStep = assembly.Argument("b"), assembly.Argument("c"), m.bytes("cStep")
	g.add, g.last = assembly.Argument("add"), assembly.Argument("last")
	g.x, g.minus, g.found, g.same = m.vector(strip), m.vector(strip+1), m.vector(strip+2), m.vector(strip+3)
	VXORPS(g.found, g.found, g.found)
	m.negativeZero(g.minus)
	for v := strip; v > 1; v-- {
		CMPQ(vectors, Imm(uint64(v)))
		JE(LabelRef(fmt.Sprintf("v%d", v)))
	}
	for v := 1; v <= strip; v++ {
		g.block(v)
	}
}

type sparseLoop struct {
	machine
	rows, counts, values, offsets reg.GPVirtual
	b, c, cStep, add, last        reg.GPVirtual
	x, minus, found, same         reg.VecPhysical
}

// block writes the code for a number of vectors.
func (g *sparseLoop) block(vectors int) {
	at := func(what string) LabelRef { return LabelRef(fmt.Sprintf("v%d%s", vectors, what)) }
	label := func(what string) { Label(string(at(what))) }
	label("")
	TESTQ(g.add, g.add)
	JZ(at("zero"))
	for v := range vectors {
		g.Move(Mem{Base: g.c, Disp: v * g.width}, g.vector(v))
	}
	JMP(at("sums"))
	label("zero")
	for v := range vectors {
		VXORPS(g.vector(v), g.vector(v), g.vector(v))
	}
	label("sums")
	n, offset := GP64(), GP64()
	MOVL(Mem{Base: g.counts}, n.As32())
	ADDQ(Imm(4), g.counts)
	TESTQ(n, n)
	JZ(at("end"))
	label("element")
	MOVL(Mem{Base: g.offsets}, offset.As32())
	g.Op(VBROADCASTSS, VBROADCASTSD)(Mem{Base: g.values}, g.x)
	for v := range vectors {
		g.Op(VFMADD231PS, VFMADD231PD)(Mem{Base: g.b, Index: offset, Scale: 1, Disp: v * g.width}, g.x, g.vector(v))
	}
	ADDQ(Imm(4), g.offsets)
	ADDQ(Imm(uint64(g.Size)), g.values)
	DECQ(n)
	JNZ(at("element"))
	label("end")
	TESTQ(g.last, g.last)
	JZ(at("store"))
	for v := range vectors {
		g.Op(VPCMPEQD, VPCMPEQQ)(g.minus, g.vector(v), g.same)
		VPOR(g.same, g.found, g.found)
	}
	label("store")
	for v := range vectors {
		g.Move(g.vector(v), Mem{Base: g.c, Disp: v * g.width})
	}
	ADDQ(g.cStep, g.c)
	DECQ(g.rows)
	JNZ(at(""))
	minus := GP64()
	VPMOVMSKB(g.found, minus.As32())
	Store(minus, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// negativeZero sets v to copies of -0.
func (m machine) negativeZero(v reg.VecPhysical) {
	VPCMPEQD(v, v, v)
	if m.Size == 4 {
		VPSLLD(Imm(31), v, v)
	} else {
		VPSLLQ(Imm(63), v, v)
	}
}

// list writes the function that lists the elements of rows that are not 0.
func (m machine) list() {
	t := m.String()
	m.function("list", "rows, n int, src *"+t+", ld int, step uint32, counts *uint32, values *"+t+", offsets *uint32) (total int",
		"lists the elements of rows that are not 0: see listFunc.")
	rows, n := assembly.Argument("rows"), assembly.Argument("n")
	src, ld := assembly.Argument("src"), m.bytes("ld")
	counts, values, offsets := assembly.Argument("counts"), assembly.Argument("values"), assembly.Argument("offsets")
	// The last vector of a row, and the offsets of the first one.
	last := m.firstLanes(m.inLast(n))
	zero, first, more := reg.Y0, reg.Y1, reg.Y2
	step := GP32()
	Load(Param("step"), step)
	VMOVD(step, reg.X2)
	VPBROADCASTD(reg.X2, more)
	int32s := machine{"AVX2", 32, assembly.Float{Size: 4}, 0}
	VPMULLD(int32s.numbers(), more, first)
	VPSLLD(Imm(uint64(bits.TrailingZeros(uint(m.lanes())))), more, more)
	VXORPS(zero, zero, zero)
	table := GP64()
	LEAQ(m.permutations(), table)
	total, left, at, count := GP64(), GP64(), GP64(), GP64()
	XORQ(total, total)

	Label("row")
	MOVQ(src, at)
	MOVQ(n, left)
	VMOVDQU(first, reg.Y3)
	XORQ(count, count)
	Label("vector")
	CMPQ(left, Imm(uint64(m.lanes())))
	JLE(LabelRef("last"))
	m.Move(Mem{Base: at}, reg.Y4)
	m.append(reg.Y4, zero, table, values, offsets, count)
	VPADDD(more, reg.Y3, reg.Y3)
	ADDQ(Imm(uint64(m.width)), at)
	SUBQ(Imm(uint64(m.lanes())), left)
	JMP(LabelRef("vector"))
	Label("last")
	last(Mem{Base: at}, reg.Y4)
	m.append(reg.Y4, zero, table, values, offsets, count)
	MOVL(count.As32(), Mem{Base: counts})
	ADDQ(Imm(4), counts)
	ADDQ(count, total)
	ADDQ(ld, src)
	DECQ(rows)
	JNZ(LabelRef("row"))
	Store(total, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// append adds to the lists the elements of x that are not 0, and their offsets, which are in Y3.
func (m machine) append(x, zero reg.VecPhysical, table, values, offsets, count reg.GPVirtual) {
	const notEqual = 4 // or not ordered
	which, found := GP64(), GP64()
	m.Op(VCMPPS, VCMPPD)(Imm(notEqual), zero, x, reg.Y5)
	if m.Size == 4 {
		VMOVMSKPS(reg.Y5, which.As32())
	} else {
		VMOVMSKPD(reg.Y5, which.As32())
	}
	VPMOVZXBD(Mem{Base: table, Index: which, Scale: 8}, reg.Y6)
	VPERMD(x, reg.Y6, reg.Y7)
	VMOVDQU(reg.Y7, Mem{Base: values})
	if m.Size == 4 {
		VPERMD(reg.Y3, reg.Y6, reg.Y7)
		VMOVDQU(reg.Y7, Mem{Base: offsets})
	} else {
		// The even indices of pairs are twice those of offsets.
		VPSRLD(Imm(1), reg.Y6, reg.Y6)
		VPERMD(reg.Y3, reg.Y6, reg.Y7)
		VPSHUFD(Imm(0b1000), reg.Y7, reg.Y7)
		VPERMQ(Imm(0b1000), reg.Y7, reg.Y7)
		VMOVDQU(reg.X7, Mem{Base: offsets})
	}
	POPCNTQ(which, found)
	LEAQ(Mem{Base: values, Index: found, Scale: uint8(m.Size)}, values)
	LEAQ(Mem{Base: offsets, Index: found, Scale: 4}, offsets)
	ADDQ(found, count)
}

// permutations is a table of 8 bytes for each set of lanes: the numbers of the 32 bits
// that are moved to the front.
func (m machine) permutations() Mem {
	table := GLOBL("permutations"+m.String(), RODATA|NOPTR)
	each := 8 / m.lanes() // 32-bit parts of a lane
	for set := range 1 << m.lanes() {
		var p uint64
		at := 0
		for lane := range m.lanes() {
			if set>>lane&1 == 1 {
				for part := range each {
					p |= uint64(lane*each+part) << (8 * at)
					at++
				}
			}
		}
		DATA(8*set, U64(p))
	}
	return table
}
