// Command gen writes the amd64 assembly of package dense and its Go declarations. Run it
// by go generate in package dense.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// Predicates of VCMPPS. A NaN is not less or equal, and not greater.
const (
	notLessOrEqual = 6
	greater        = 30
)

// Rows are done by four vectors, then by eight elements, then what is left.
const unrolled = 4

func main() { assembly.Write(amd64, nil) }

func amd64() {
	for _, size := range []int{4, 8} {
		f := float{assembly.Float{Size: size}}
		biasReLU(f)
		biasReLUBack(f)
	}
}

// float is an element type.
type float struct{ assembly.Float }

// vector is the number of elements of an AVX2 vector.
func (f float) vector() int { return 32 / f.Size }

// eight is the number of vectors of eight elements.
func (f float) eight() int { return 8 / f.vector() }

// row is the memory of a row of elements.
type row struct {
	float
	base reg.GPVirtual
}

func (f float) row(param string) row { return row{f, assembly.Argument(param)} }

// at is vector v from here.
func (r row) at(v int) Mem { return Mem{Base: r.base, Disp: 32 * v} }

// read reads a vector, or those of its lanes that are inside.
func (r row) read(v int, inside reg.VecVirtual) reg.VecVirtual {
	x := YMM()
	switch {
	case inside == nil:
		r.Move(r.at(v), x)
	case r.Size == 4:
		VMASKMOVPS(r.at(v), inside, x)
	default:
		VMASKMOVPD(r.at(v), inside, x)
	}
	return x
}

// write writes a vector, or those of its lanes that are inside.
func (r row) write(x reg.VecVirtual, v int, inside reg.VecVirtual) {
	switch {
	case inside == nil:
		r.Move(x, r.at(v))
	case r.Size == 4:
		VMASKMOVPS(x, inside, r.at(v))
	default:
		VMASKMOVPD(x, inside, r.at(v))
	}
}

// spread sets v to copies of the low half of an integer, or of all of it.
func (f float) spread(r reg.GPVirtual, v reg.VecVirtual) {
	if f.Size == 4 {
		assembly.Spread(r.As32().(reg.GPVirtual), v)
		return
	}
	x := XMM()
	VMOVQ(r, x)
	VPBROADCASTQ(x, v)
}

// alongRow does n elements: first is done before each run of vectors, body for
// each of them, and next moves on by so many vectors. inside is nil or marks the
// lanes of a vector that are in the row.
func (f float) alongRow(n reg.GPVirtual, first func(), body func(v int, inside reg.VecVirtual), next func(vectors int)) {
	for _, vectors := range []int{unrolled, f.eight()} {
		assembly.Loop(fmt.Sprintf("vectors%d", vectors), n, vectors*f.vector(), func() {
			first()
			for v := range vectors {
				body(v, nil)
			}
			next(vectors)
		})
	}
	TESTQ(n, n)
	JZ(LabelRef("done"))
	first()
	left := YMM()
	f.spread(n, left)
	for v := range f.eight() {
		inside := YMM()
		if f.Size == 4 {
			VMOVDQU(assembly.Lanes(), inside)
		} else {
			VMOVDQU(lanes64().Offset(32*v), inside)
		}
		f.Op(VPCMPGTD, VPCMPGTQ)(inside, left, inside)
		body(v, inside)
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// move moves rows on by vectors.
func move(vectors int, rows ...row) {
	for _, r := range rows {
		ADDQ(I32(int32(32*vectors)), r.base)
	}
}

// biasReLU writes the function of a row of the forward pass.
func biasReLU(f float) {
	name, typ := fmt.Sprintf("biasReLU%dAVX2", 8*f.Size), f.String()
	assembly.Declare(name, "dst, src, bias *"+typ+", n int, kept *uint64, first int, scale "+typ,
		name+" is a row of the forward pass: bit first+i of kept is that of element i.",
		"It may read the word after the last one that it needs.")
	dst, src, bias := f.row("dst"), f.row("src"), f.row("bias")
	n, kept, first := assembly.Argument("n"), assembly.Argument("kept"), assembly.Argument("first")
	scale, zero := YMM(), YMM()
	f.Op(VBROADCASTSS, VBROADCASTSD)(assembly.Address("scale"), scale)
	VXORPS(zero, zero, zero)

	// The elements' bits begin at bit CL of the byte at kept.
	MOVQ(first, reg.RCX)
	ANDQ(I8(7), reg.RCX)
	SHRQ(Imm(3), first)
	ADDQ(first, kept)
	table := laneBits
	if f.Size == 8 {
		table = laneBits64
	}
	bitOfLane := make([]reg.VecVirtual, unrolled)
	for v := range bitOfLane {
		bitOfLane[v] = YMM()
		VMOVDQU(table().Offset(32*v), bitOfLane[v])
	}

	bits := YMM() // of a run of vectors, in every lane
	f.alongRow(n, func() {
		b := GP64()
		MOVQ(Mem{Base: kept}, b)
		SHRQ(reg.CL, b)
		f.spread(b, bits)
	}, func(v int, inside reg.VecVirtual) {
		keep, positive := YMM(), YMM()
		VPAND(bitOfLane[v], bits, keep)
		f.Op(VPCMPEQD, VPCMPEQQ)(bitOfLane[v], keep, keep)
		x, b := src.read(v, inside), bias.read(v, inside)
		f.Op(VADDPS, VADDPD)(b, x, x)
		f.Op(VCMPPS, VCMPPD)(Imm(notLessOrEqual), zero, x, positive)
		f.Op(VMULPS, VMULPD)(scale, x, x)
		VANDPS(positive, keep, keep)
		VANDPS(keep, x, x)
		dst.write(x, v, inside)
	}, func(vectors int) {
		move(vectors, dst, src, bias)
		ADDQ(Imm(uint64(vectors*f.vector()/8)), kept)
	})
}

// biasReLUBack writes the function of a row of the backward pass.
func biasReLUBack(f float) {
	name, typ := fmt.Sprintf("biasReLUBack%dAVX2", 8*f.Size), f.String()
	assembly.Declare(name, "dx, dbias, dy, y *"+typ+", n int, scale "+typ,
		name+" is a row of the backward pass, added to dbias.")
	dx, dbias, dy, y := f.row("dx"), f.row("dbias"), f.row("dy"), f.row("y")
	n := assembly.Argument("n")
	scale, zero := YMM(), YMM()
	f.Op(VBROADCASTSS, VBROADCASTSD)(assembly.Address("scale"), scale)
	VXORPS(zero, zero, zero)
	f.alongRow(n, func() {}, func(v int, inside reg.VecVirtual) {
		g, out, sum := dy.read(v, inside), y.read(v, inside), dbias.read(v, inside)
		f.Op(VCMPPS, VCMPPD)(Imm(greater), zero, out, out)
		f.Op(VMULPS, VMULPD)(scale, g, g)
		VANDPS(out, g, g)
		f.Op(VADDPS, VADDPD)(g, sum, sum)
		dx.write(g, v, inside)
		dbias.write(sum, v, inside)
	}, func(vectors int) { move(vectors, dx, dbias, dy, y) })
}
