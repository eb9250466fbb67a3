// Command gen writes the amd64 assembly of package elementary and its Go
// declarations. Run it with go generate in package elementary.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, nil) }

func amd64() {
	for _, set := range []set{{"AVX2", 32}, {"AVX512", 64}} {
		single := vector{set, assembly.Float{Size: 4}}
		double := vector{set, assembly.Float{Size: 8}}
		single.function("exp", single.Float, 1, "e^x", func(in []reg.VecVirtual, stop string) reg.VecVirtual {
			return single.exp32(single.within(in[0], -87, 87, stop))
		})
		single.function("sigmoid", single.Float, 1, "1/(1+e^-x)", func(in []reg.VecVirtual, stop string) reg.VecVirtual {
			e := single.exp32(single.negated(single.within(in[0], -87, 87, stop)))
			return single.div(single.one(), single.add(e, single.constant(1)))
		})
		single.function("tanh", single.Float, 1, "tanh(x)", func(in []reg.VecVirtual, stop string) reg.VecVirtual {
			return single.tanh32(single.within(in[0], -43, 43, stop))
		})
		double.function("exp", double.Float, 1, "e^x", func(in []reg.VecVirtual, stop string) reg.VecVirtual {
			return double.exp64(double.within(in[0], -708, 708, stop))
		})
		double.function("sigmoid", double.Float, 1, "1/(1+e^-x)", func(in []reg.VecVirtual, stop string) reg.VecVirtual {
			e := double.exp64(double.negated(double.within(in[0], -708, 708, stop)))
			return double.div(double.one(), double.add(e, double.constant(1)))
		})
		double.function("log", double.Float, 1, "log(x)", func(in []reg.VecVirtual, stop string) reg.VecVirtual {
			largestSubnormal := math.Float64frombits(1<<52 - 1)
			return double.log64(double.within(in[0], largestSubnormal, math.Inf(1), stop))
		})
		for _, of := range []assembly.Float{single.Float, double.Float} {
			double.function("gelu", of, 1, "x*Phi(x)", double.gelu)
			double.function("geluBack", of, 2, "dy times the derivative of x*Phi(x)", double.geluBack)
		}
	}
}

// set is an instruction set and the bytes of its vectors.
type set struct {
	name  string
	width int
}

// vector computes in elements of a type.
type vector struct {
	set
	assembly.Float
}

func (v vector) lanes() int { return v.width / v.Size }

// new returns a free register.
func (v vector) new() reg.VecVirtual { return v.ofWidth(v.width) }

func (vector) ofWidth(bytes int) reg.VecVirtual {
	switch bytes {
	case 64:
		return ZMM()
	case 32:
		return YMM()
	}
	return XMM()
}

// function writes the function that replaces x, of elements of a type that need not be
// that in which it is computed, by body of it and of other vectors, or writes body of all
// to another place where there are several. It stops at a vector with an element for which
// body jumps to stop, and returns the number of elements that it has done.
func (v vector) function(name string, of assembly.Float, inputs int, what string, body func(in []reg.VecVirtual, stop string) reg.VecVirtual) {
	t := of.String()
	name = fmt.Sprint(name, 8*of.Size, v.name)
	assembly.Declare(name, [...]string{1: "y, x *" + t, 2: "dx, x, dy *" + t}[inputs]+", n int) (done int",
		name+" sets "+[...]string{1: "y", 2: "dx"}[inputs]+" to "+what+" and returns of how many elements.")
	to := assembly.Argument([...]string{1: "y", 2: "dx"}[inputs])
	from := []reg.GPVirtual{assembly.Argument("x")}
	if inputs == 2 {
		from = append(from, assembly.Argument("dy"))
	}
	n, i, end := assembly.Argument("n"), GP64(), GP64()
	at := func(p reg.GPVirtual) Mem { return Mem{Base: p, Index: i, Scale: uint8(of.Size)} }
	m := mover{vector: v, of: of, inside: v.ofWidth(v.lanes() * of.Size), mask: K()}
	XORQ(i, i)
	for _, part := range []string{"whole", "rest"} {
		Label(part)
		MOVQ(i, end)
		if m.all = part == "whole"; m.all {
			ADDQ(Imm(uint64(v.lanes())), end)
			CMPQ(end, n)
			JG(LabelRef("rest"))
		} else {
			SUBQ(n, end)
			JZ(LabelRef("stop"))
			m.choose(end)
			MOVQ(n, end)
		}
		in := make([]reg.VecVirtual, len(from))
		for k, p := range from {
			in[k] = m.load(at(p))
		}
		labels = part
		m.store(body(in, "stop"), at(to))
		MOVQ(end, i)
		if m.all {
			JMP(LabelRef("whole"))
		}
	}
	Label("stop")
	Store(i, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// labels distinguishes those of the two bodies of a function.
var labels string

// mover moves vectors of elements of a type between memory and registers.
type mover struct {
	vector
	of     assembly.Float
	inside reg.VecVirtual    // the lanes to move, with AVX2
	mask   reg.OpmaskVirtual // the same, with AVX-512
	all    bool
}

// choose moves only so many lanes from now on, given their negative number.
func (m mover) choose(minus reg.GPVirtual) {
	if m.width == 64 {
		bits := GP64()
		NEGQ(minus)
		MOVQ(minus, reg.RCX)
		MOVQ(I32(-1), bits)
		SHLQ(reg.CL, bits)
		NOTQ(bits)
		KMOVW(bits.As32(), m.mask)
		return
	}
	p := GP64()
	LEAQ(ones().Offset(32), p)
	VMOVUPS(Mem{Base: p, Index: minus, Scale: uint8(m.of.Size)}, m.inside)
}

// ones is a table of 32 bytes of ones and 32 of zeros.
func ones() Mem {
	const name = "inside"
	if _, ok := tables[name]; !ok {
		tables[name] = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			one := ^uint64(0)
			if i >= 4 {
				one = 0
			}
			DATA(8*i, U64(one))
		}
	}
	return tables[name]
}

func (m mover) load(from Mem) reg.VecVirtual {
	raw := m.ofWidth(m.lanes() * m.of.Size)
	switch {
	case m.all:
		VMOVUPS(from, raw)
	case m.width == 32 && m.of.Size == 4:
		VMASKMOVPS(from, m.inside, raw)
	case m.width == 32:
		VMASKMOVPD(from, m.inside, raw)
	case m.of.Size == 4:
		VMOVUPS_Z(from, m.mask, raw)
	default:
		VMOVUPD_Z(from, m.mask, raw)
	}
	if m.of == m.Float {
		return raw
	}
	x := m.new()
	VCVTPS2PD(raw, x)
	return x
}

func (m mover) store(x reg.VecVirtual, to Mem) {
	if m.of != m.Float {
		wide := x
		x = m.ofWidth(m.lanes() * m.of.Size)
		if m.width == 32 {
			VCVTPD2PSY(wide, x)
		} else {
			VCVTPD2PS(wide, x)
		}
	}
	switch {
	case m.all:
		VMOVUPS(x, to)
	case m.width == 32 && m.of.Size == 4:
		VMASKMOVPS(x, m.inside, to)
	case m.width == 32:
		VMASKMOVPD(x, m.inside, to)
	default:
		m.of.Op(VMOVUPS, VMOVUPD)(x, m.mask, to)
	}
}
