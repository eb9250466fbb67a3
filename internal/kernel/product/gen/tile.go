package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// tiles writes the function that computes a tile of c of any number of rows and one or
// two vectors, all in registers.
func (m machine) tiles() {
	t := m.String()
	m.function("tile", "rows, vectors, k int, a *"+t+", aStep int, b *"+t+", bStep int, c *"+t+", cStep, cols, add int",
		"computes a tile of c: see tileFunc.")
	g := &tile{machine: m}
	rows, vectors := assembly.Argument("rows"), assembly.Argument("vectors")
	g.k, g.a, g.b, g.c, g.add = assembly.Argument("k"), assembly.Argument("a"), assembly.Argument("b"), assembly.Argument("c"), assembly.Argument("add")
	g.aStep, g.bStep, g.cStep = m.bytes("aStep"), m.bytes("bStep"), m.bytes("cStep")
	g.aStep3, g.bStep3 = GP64(), GP64()
	LEAQ(Mem{Base: g.aStep, Index: g.aStep, Scale: 2}, g.aStep3)
	LEAQ(Mem{Base: g.bStep, Index: g.bStep, Scale: 2}, g.bStep3)
	if m.set == "AVX512" {
		m.mask(m.inLast(assembly.Argument("cols")))
	}
	CMPQ(vectors, Imm(1))
	JE(LabelRef("narrow"))
	for v := 2; v >= 1; v-- {
		if v == 1 {
			Label("narrow")
		}
		for r := m.rows; r > 1; r-- {
			CMPQ(rows, Imm(uint64(r)))
			JE(LabelRef(name(r, v, "start")))
		}
		JMP(LabelRef(name(1, v, "start")))
	}
	for v := 2; v >= 1; v-- {
		for r := m.rows; r >= 1; r-- {
			g.block(r, v)
		}
	}
}

func name(rows, vectors int, what string) string { return fmt.Sprintf("r%dv%d%s", rows, vectors, what) }

type tile struct {
	machine
	k, a, b, c, add              reg.GPVirtual
	aStep, aStep3, bStep, bStep3 reg.GPVirtual
	cStep                        reg.GPVirtual
}

// block writes the code for a number of rows and vectors.
func (g *tile) block(rows, vectors int) {
	at := func(what string) string { return name(rows, vectors, what) }
	sum := func(r, v int) reg.VecPhysical { return g.vector(r*vectors + v) }
	Label(at("start"))
	TESTQ(g.add, g.add)
	JZ(LabelRef(at("zero")))
	g.eachRow(rows, func(r int, row Mem) {
		for v := range vectors {
			g.read(row.Offset(v*g.width), sum(r, v), v == vectors-1)
		}
	})
	JMP(LabelRef(at("sums")))
	Label(at("zero"))
	for i := range rows * vectors {
		x := g.vector(i)
		if g.set == "AVX512" {
			VPXORD(x, x, x)
		} else {
			VXORPS(x, x, x)
		}
	}
	Label(at("sums"))
	unroll := 4
	if rows*vectors > 12 {
		unroll = 2
	}
	for _, n := range []int{unroll, 1} {
		loop, end := at(fmt.Sprintf("by%d", n)), at(fmt.Sprintf("by%dend", n))
		SUBQ(Imm(uint64(n)), g.k)
		JL(LabelRef(end))
		Label(loop)
		if n == unroll {
			for line := 0; line < n*rows*g.Size; line += 64 {
				PREFETCHT0(Mem{Base: g.a, Disp: ahead + line})
			}
		}
		for u := range n {
			g.step(rows, vectors, u, sum)
		}
		LEAQ(Mem{Base: g.a, Index: g.aStep, Scale: uint8(n)}, g.a)
		LEAQ(Mem{Base: g.b, Index: g.bStep, Scale: uint8(n)}, g.b)
		SUBQ(Imm(uint64(n)), g.k)
		JGE(LabelRef(loop))
		Label(end)
		ADDQ(Imm(uint64(n)), g.k)
	}
	g.eachRow(rows, func(r int, row Mem) {
		for v := range vectors {
			g.write(sum(r, v), row.Offset(v*g.width), v == vectors-1)
		}
	})
	VZEROUPPER()
	RET()
}

// ahead is how many bytes before it is used a is asked for.
const ahead = 512

// step adds the products of one k, u after the current one.
func (g *tile) step(rows, vectors, u int, sum func(r, v int) reg.VecPhysical) {
	a, b := after(g.a, g.aStep, g.aStep3, u), after(g.b, g.bStep, g.bStep3, u)
	first := 2 * g.rows
	for v := range vectors {
		g.read(b.Offset(v*g.width), g.vector(first+v), v == vectors-1)
	}
	for r := range rows {
		x := g.vector(first + 2 + r%2)
		g.Op(VBROADCASTSS, VBROADCASTSD)(a.Offset(r*g.Size), x)
		for v := range vectors {
			g.Op(VFMADD231PS, VFMADD231PD)(x, g.vector(first+v), sum(r, v))
		}
	}
}

// after is the memory u steps after a pointer, for u up to 3.
func after(p, step, step3 reg.GPVirtual, u int) Mem {
	switch u {
	case 0:
		return Mem{Base: p}
	case 3:
		return Mem{Base: p, Index: step3, Scale: 1}
	default:
		return Mem{Base: p, Index: step, Scale: uint8(u)}
	}
}

// eachRow does the rows of c.
func (g *tile) eachRow(rows int, f func(r int, row Mem)) {
	p := GP64()
	MOVQ(g.c, p)
	for r := range rows {
		f(r, Mem{Base: p})
		if r < rows-1 {
			ADDQ(g.cStep, p)
		}
	}
}

// read and write leave lanes outside of c alone where there are masks.
func (g *tile) read(from Mem, v reg.VecPhysical, last bool) {
	switch {
	case g.set != "AVX512" || !last:
		g.Move(from, v)
	case g.Size == 4:
		VMOVUPS_Z(from, reg.K1, v)
	default:
		VMOVUPD_Z(from, reg.K1, v)
	}
}

func (g *tile) write(v reg.VecPhysical, to Mem, last bool) {
	switch {
	case g.set != "AVX512" || !last:
		g.Move(v, to)
	case g.Size == 4:
		VMOVUPS(v, reg.K1, to)
	default:
		VMOVUPD(v, reg.K1, to)
	}
}
