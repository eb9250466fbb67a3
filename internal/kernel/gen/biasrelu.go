package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS. A NaN is not less or equal, and not greater.
const (
	notLessOrEqual = 6
	greater        = 30
)

// vector is the number of float32 of an AVX2 vector.
const vector = 8

// row is the memory of a row of float32 and reads or writes vectors of it.
type row struct{ base reg.GPVirtual }

func (r row) at(v int) Mem { return Mem{Base: r.base, Disp: 4 * vector * v} }

// next moves to the next n vectors.
func next(n int, rows ...row) {
	for _, r := range rows {
		ADDQ(I32(int32(4*vector*n)), r.base)
	}
}

// tail does body for what is left of n elements, less than a vector: inside
// marks its lanes.
func tail(n reg.GPVirtual, body func(inside reg.VecVirtual)) {
	TESTQ(n, n)
	JZ(LabelRef("done"))
	inside := YMM()
	spread(n.As32().(reg.GPVirtual), inside)
	lane := YMM()
	VMOVDQU(lanes(), lane)
	VPCMPGTD(lane, inside, inside)
	body(inside)
	Label("done")
}

// biasReLU writes the function of a row of the forward pass.
func biasReLU() {
	TEXT("biasReLUAVX2", 0,
		"func(dst, src, bias *float32, n int, kept *uint64, first int, scale float32)")
	Pragma("noescape")
	Doc("biasReLUAVX2 is a row of BiasReLUDropFloat32: bit first+i of kept is that of element i.",
		"It may read the word after the last one that it needs.")
	dst, src, bias := row{load("dst")}, row{load("src")}, row{load("bias")}
	n, kept, first := load("n"), load("kept"), load("first")
	scale, zero := YMM(), YMM()
	VBROADCASTSS(address("scale"), scale)
	VXORPS(zero, zero, zero)

	// The elements' bits begin at bit CL of the byte at kept.
	MOVQ(first, reg.RCX)
	ANDQ(I8(7), reg.RCX)
	SHRQ(Imm(3), first)
	ADDQ(first, kept)
	bitsOfLanes := make([]reg.VecVirtual, 4)
	for v := range bitsOfLanes {
		bitsOfLanes[v] = YMM()
		VMOVDQU(laneBits().Offset(32*v), bitsOfLanes[v])
	}
	keepBits := func() reg.VecVirtual {
		bits, all := GP64(), YMM()
		MOVQ(Mem{Base: kept}, bits)
		SHRQ(reg.CL, bits)
		spread(bits.As32().(reg.GPVirtual), all)
		return all
	}
	// apply turns x into the result, where all are the bits of four vectors.
	apply := func(x, b, all reg.VecVirtual, v int) {
		keep, positive := YMM(), YMM()
		VPAND(bitsOfLanes[v], all, keep)
		VPCMPEQD(bitsOfLanes[v], keep, keep)
		VADDPS(b, x, x)
		VCMPPS(Imm(notLessOrEqual), zero, x, positive)
		VMULPS(scale, x, x)
		VANDPS(positive, keep, keep)
		VANDPS(keep, x, x)
	}

	for _, vectors := range []int{4, 1} {
		loop(fmt.Sprintf("vectors%d", vectors), n, vectors*vector, func() {
			all := keepBits()
			for v := range vectors {
				x, b := YMM(), YMM()
				VMOVUPS(src.at(v), x)
				VMOVUPS(bias.at(v), b)
				apply(x, b, all, v)
				VMOVUPS(x, dst.at(v))
			}
			next(vectors, src, bias, dst)
			ADDQ(Imm(uint64(vectors*vector/8)), kept)
		})
	}
	tail(n, func(inside reg.VecVirtual) {
		x, b := YMM(), YMM()
		VMASKMOVPS(src.at(0), inside, x)
		VMASKMOVPS(bias.at(0), inside, b)
		apply(x, b, keepBits(), 0)
		VMASKMOVPS(x, inside, dst.at(0))
	})
	VZEROUPPER()
	RET()
}

// biasReLUBack writes the function of a row of the backward pass.
func biasReLUBack() {
	TEXT("biasReLUBackAVX2", 0, "func(dx, dbias, dy, y *float32, n int, scale float32)")
	Pragma("noescape")
	Doc("biasReLUBackAVX2 is a row of BiasReLUDropBackFloat32, added to dbias.")
	dx, dbias, dy, y := row{load("dx")}, row{load("dbias")}, row{load("dy")}, row{load("y")}
	n := load("n")
	scale, zero := YMM(), YMM()
	VBROADCASTSS(address("scale"), scale)
	VXORPS(zero, zero, zero)
	// apply turns the output's gradient g into the input's, given the output.
	apply := func(g, out, sum reg.VecVirtual) {
		VCMPPS(Imm(greater), zero, out, out)
		VMULPS(scale, g, g)
		VANDPS(out, g, g)
		VADDPS(g, sum, sum)
	}
	for _, vectors := range []int{4, 1} {
		loop(fmt.Sprintf("vectors%d", vectors), n, vectors*vector, func() {
			for v := range vectors {
				g, out, sum := YMM(), YMM(), YMM()
				VMOVUPS(dy.at(v), g)
				VMOVUPS(y.at(v), out)
				VMOVUPS(dbias.at(v), sum)
				apply(g, out, sum)
				VMOVUPS(g, dx.at(v))
				VMOVUPS(sum, dbias.at(v))
			}
			next(vectors, dy, y, dx, dbias)
		})
	}
	tail(n, func(inside reg.VecVirtual) {
		g, out, sum := YMM(), YMM(), YMM()
		VMASKMOVPS(dy.at(0), inside, g)
		VMASKMOVPS(y.at(0), inside, out)
		VMASKMOVPS(dbias.at(0), inside, sum)
		apply(g, out, sum)
		VMASKMOVPS(g, inside, dx.at(0))
		VMASKMOVPS(sum, inside, dbias.at(0))
	})
	VZEROUPPER()
	RET()
}
