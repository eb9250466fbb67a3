package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// transpose writes the function that packs as many rows as a vector has lanes side by
// side: blocks of so many rows and columns are transposed in registers.
func (m machine) transpose() {
	t := m.String()
	m.function("transpose", "dst *"+t+", step int, rows **"+t+", k int",
		"sets vector p at dst[p*step] to element p of each row, one a lane.")
	dst, rows, k := assembly.Argument("dst"), assembly.Argument("rows"), assembly.Argument("k")
	step := m.bytes("step")
	n := m.lanes()
	at, left := GP64(), GP64()
	in := make([]reg.VecPhysical, n)
	row := func(i int) reg.GPVirtual {
		in[i] = m.vector(i)
		r := GP64()
		MOVQ(Mem{Base: rows, Disp: 8 * i}, r)
		return r
	}
	CMPQ(k, Imm(uint64(n)))
	JGE(LabelRef("long"))
	first := m.firstLanes(k)
	for i := range in {
		first(Mem{Base: row(i)}, in[i])
	}
	for _, v := range m.lanesOf(m.withinLanes(in)) {
		m.Move(v, Mem{Base: dst})
		ADDQ(step, dst)
		DECQ(k)
		JZ(LabelRef("done"))
	}

	Label("long")
	XORQ(at, at)
	Label("block")
	for i := range in {
		m.Move(Mem{Base: row(i), Index: at, Scale: uint8(m.Size)}, in[i])
	}
	for _, v := range m.lanesOf(m.withinLanes(in)) {
		m.Move(v, Mem{Base: dst})
		ADDQ(step, dst)
	}
	ADDQ(Imm(uint64(n)), at)
	MOVQ(k, left)
	SUBQ(at, left)
	JZ(LabelRef("done"))
	CMPQ(left, Imm(uint64(n)))
	JGE(LabelRef("block"))
	// The last block again where k is no multiple, over some that were done.
	SUBQ(Imm(uint64(n)), left)
	ADDQ(left, at)
	IMULQ(step, left)
	ADDQ(left, dst)
	JMP(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

// withinLanes transposes the squares in the parts of 128 bits. Part l of result i*per+j,
// per of which fill a part, then has column per*l+j of rows i*per and on. It takes a
// second set of registers, and returns registers of either.
func (m machine) withinLanes(in []reg.VecPhysical) []reg.VecPhysical {
	n := len(in)
	t, out := make([]reg.VecPhysical, n), make([]reg.VecPhysical, n)
	for i := range t {
		t[i] = m.spare(i, n)
	}
	for i := 0; i < n; i += 2 {
		m.Op(VUNPCKLPS, VUNPCKLPD)(in[i+1], in[i], t[i])
		m.Op(VUNPCKHPS, VUNPCKHPD)(in[i+1], in[i], t[i+1])
	}
	if m.Size == 8 {
		return t
	}
	copy(out, in)
	for i := 0; i < n; i += 4 {
		VUNPCKLPD(t[i+2], t[i], out[i])
		VUNPCKHPD(t[i+2], t[i], out[i+1])
		VUNPCKLPD(t[i+3], t[i+1], out[i+2])
		VUNPCKHPD(t[i+3], t[i+1], out[i+3])
	}
	return out
}

// spare is register i of the second set.
func (m machine) spare(i, n int) reg.VecPhysical { return m.vector(n + i) }

// lanesOf transposes the parts of 128 bits: result per*l+j has part l of each group's
// vector j.
func (m machine) lanesOf(in []reg.VecPhysical) []reg.VecPhysical {
	n, per := len(in), 16/m.Size
	out := make([]reg.VecPhysical, n)
	free := m.vector(0)
	if in[0] == free {
		free = m.spare(0, n)
	}
	base := 0
	if free != m.vector(0) {
		base = n
	}
	to := func(i int) reg.VecPhysical { return m.vector(base + i) }
	for j := range per {
		if m.width == 32 {
			out[j], out[per+j] = to(j), to(per+j)
			VPERM2F128(Imm(0x20), in[per+j], in[j], out[j])
			VPERM2F128(Imm(0x31), in[per+j], in[j], out[per+j])
			continue
		}
		shuffle := m.Op(VSHUFF32X4, VSHUFF64X2)
		a, b, c, d := in[j], in[per+j], in[2*per+j], in[3*per+j]
		low, low2, high, high2 := to(4*j), to(4*j+1), to(4*j+2), to(4*j+3)
		shuffle(Imm(0x44), b, a, low)
		shuffle(Imm(0x44), d, c, low2)
		shuffle(Imm(0xee), b, a, high)
		shuffle(Imm(0xee), d, c, high2)
		shuffle(Imm(0x88), low2, low, a)
		shuffle(Imm(0xdd), low2, low, b)
		shuffle(Imm(0x88), high2, high, c)
		shuffle(Imm(0xdd), high2, high, d)
		out[j], out[per+j], out[2*per+j], out[3*per+j] = a, b, c, d
	}
	return out
}

// copyRows writes the function that packs rows of up to two vectors.
func (m machine) copyRows() {
	t := m.String()
	m.function("copyRows", "dst *"+t+", step int, src *"+t+", ld, k, cols int",
		"sets one vector, or two where cols needs them, at dst[p*step] to the first cols",
		"elements at src[p*ld], the other lanes to 0.")
	dst, src, k := assembly.Argument("dst"), assembly.Argument("src"), assembly.Argument("k")
	step, ld := m.bytes("step"), m.bytes("ld")
	cols := assembly.Argument("cols")
	last := m.firstLanes(m.inLast(cols))
	CMPQ(cols, Imm(uint64(m.lanes())))
	JG(LabelRef("wide"))
	for vectors := 1; vectors <= 2; vectors++ {
		loop := [...]string{1: "narrow", 2: "wide"}[vectors]
		Label(loop)
		for v := range vectors {
			x := m.vector(v)
			from := Mem{Base: src, Disp: v * m.width}
			if v < vectors-1 {
				m.Move(from, x)
			} else {
				last(from, x)
			}
			m.Move(x, Mem{Base: dst, Disp: v * m.width})
		}
		ADDQ(ld, src)
		ADDQ(step, dst)
		DECQ(k)
		JNZ(LabelRef(loop))
		VZEROUPPER()
		RET()
	}
}

// inLast returns the number of elements in the last of the vectors that hold n.
func (m machine) inLast(n reg.GPVirtual) reg.GPVirtual {
	last := GP64()
	LEAQ(Mem{Base: n, Disp: -1}, last)
	ANDQ(Imm(uint64(m.lanes()-1)), last)
	ADDQ(Imm(1), last)
	return last
}

// firstLanes returns a way to load the first n lanes of a vector, 0 in the others. It
// takes mask register 1.
func (m machine) firstLanes(n reg.GPVirtual) func(from Mem, to reg.VecPhysical) {
	if m.set == "AVX512" {
		m.mask(n)
		return func(from Mem, to reg.VecPhysical) {
			if m.Size == 4 {
				VMOVUPS_Z(from, reg.K1, to)
			} else {
				VMOVUPD_Z(from, reg.K1, to)
			}
		}
	}
	// All rows of a transposition are loaded before it needs this register.
	x, inside := XMM(), m.vector(15)
	VMOVQ(n, x)
	if m.Size == 4 {
		VPBROADCASTD(x, inside)
		VPCMPGTD(m.numbers(), inside, inside)
	} else {
		VPBROADCASTQ(x, inside)
		VPCMPGTQ(m.numbers(), inside, inside)
	}
	return func(from Mem, to reg.VecPhysical) {
		if m.Size == 4 {
			VMASKMOVPS(from, inside, to)
		} else {
			VMASKMOVPD(from, inside, to)
		}
	}
}

// mask sets K1 to the first n lanes.
func (m machine) mask(n reg.GPVirtual) {
	one := GP64()
	MOVQ(n, reg.RCX)
	MOVQ(U32(1), one)
	SHLQ(reg.CL, one)
	SUBQ(Imm(1), one)
	KMOVW(one.As32(), reg.K1)
}

// numbers is a vector of the numbers of its lanes.
func (m machine) numbers() Mem {
	name := "lanes" + m.String()
	if t, ok := tables[name]; ok {
		return t
	}
	t := GLOBL(name, RODATA|NOPTR)
	for i := range 32 / m.Size {
		if m.Size == 4 {
			DATA(4*i, U32(i))
		} else {
			DATA(8*i, U64(i))
		}
	}
	tables[name] = t
	return t
}

var tables = map[string]Mem{}

// prefetch writes the function that asks for rows of memory to be brought to the
// second-level cache.
func (m machine) prefetch() {
	t := m.String()
	m.function("prefetch", "src *"+t+", ld, rows, cols int", "asks for the first cols elements at src[p*ld], p below rows.")
	src, n, ld, cols := assembly.Argument("src"), assembly.Argument("rows"), m.bytes("ld"), m.bytes("cols")
	Label("row")
	at := GP64()
	XORQ(at, at)
	Label("line")
	PREFETCHT1(Mem{Base: src, Index: at, Scale: 1})
	ADDQ(Imm(64), at)
	CMPQ(at, cols)
	JL(LabelRef("line"))
	ADDQ(ld, src)
	DECQ(n)
	JNZ(LabelRef("row"))
	RET()
}
