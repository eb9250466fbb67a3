package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	equal     = 0
	unordered = 3
)

// alongPairs does n results of pairs in two rows by eight at a time, the last eight
// again where n is no multiple; fewer than eight by masks, which are for the results,
// the first eight elements of the pairs, and the others. singles are at the results,
// pairs at the pairs of the upper row.
func alongPairs(n reg.GPVirtual, singles, pairs []reg.GPVirtual, body func(masks []reg.VecVirtual)) {
	CMPQ(n, I8(8))
	JL(LabelRef("few"))
	Label("eight")
	body(nil)
	SUBQ(Imm(8), n)
	JLE(LabelRef("end"))
	move := GP64()
	MOVQ(U32(8), move)
	CMPQ(n, move)
	CMOVQLT(n, move)
	for _, p := range singles {
		LEAQ(Mem{Base: p, Index: move, Scale: 4}, p)
	}
	for _, p := range pairs {
		LEAQ(Mem{Base: p, Index: move, Scale: 8}, p)
	}
	// The last eight are done as eight: what is left is never less.
	CMPQ(n, I8(8))
	JGE(LabelRef("eight"))
	MOVQ(U32(8), n)
	JMP(LabelRef("eight"))

	Label("few")
	TESTQ(n, n)
	JZ(LabelRef("end"))
	var masks []reg.VecVirtual
	lane, left := YMM(), YMM()
	VMOVDQU(lanes(), lane)
	mask := func() {
		m := YMM()
		spread(n.As32().(reg.GPVirtual), left)
		VPCMPGTD(lane, left, m)
		masks = append(masks, m)
	}
	mask()
	ADDQ(n, n)
	mask()
	SUBQ(Imm(8), n)
	mask()
	body(masks)
	Label("end")
	VZEROUPPER()
	RET()
}

// part reads a vector through a mask, if there are masks.
func part(m Mem, masks []reg.VecVirtual, i int) reg.VecVirtual {
	if masks == nil {
		return read(m)
	}
	x := YMM()
	VMASKMOVPS(m, masks[i], x)
	return x
}

func writePart(x reg.VecVirtual, m Mem, masks []reg.VecVirtual, i int) {
	if masks == nil {
		VMOVUPS(x, m)
		return
	}
	VMASKMOVPS(x, masks[i], m)
}

// greatest is the maximum as in Go: NaN if one is, and of zeros +0 if one is.
func greatest(x, y reg.VecVirtual) reg.VecVirtual {
	m, nan := binary(VANDPS, binary(VMAXPS, x, y), binary(VMAXPS, y, x)), YMM()
	VCMPPS(Imm(unordered), y, x, nan)
	VORPS(nan, m, m)
	return m
}

// maxPairs writes the function of a row of 2×2 max pooling.
func maxPairs() {
	TEXT("maxPairsAVX2", 0, "func(y, x *float32, width, n int)")
	Pragma("noescape")
	Doc("maxPairsAVX2 is maxPairs.")
	y, x, width, n := load("y"), load("x"), load("width"), load("n")
	SHLQ(Imm(2), width)
	alongPairs(n, []reg.GPVirtual{y}, []reg.GPVirtual{x}, func(masks []reg.VecVirtual) {
		var column [2]reg.VecVirtual
		for i := range column {
			column[i] = greatest(part(Mem{Base: x, Disp: 32 * i}, masks, 1+i),
				part(Mem{Base: x, Index: width, Scale: 1, Disp: 32 * i}, masks, 1+i))
		}
		writePart(greatest(parity(column[0], column[1], false), parity(column[0], column[1], true)), Mem{Base: y}, masks, 0)
	})
}

// maxPairsBack writes the function of a row of its backward pass.
func maxPairsBack() {
	TEXT("maxPairsBackAVX2", 0, "func(dx, x, y, dy *float32, width, n int)")
	Pragma("noescape")
	Doc("maxPairsBackAVX2 is maxPairsBack.")
	dx, x, y, dy, width, n := load("dx"), load("x"), load("y"), load("dy"), load("width"), load("n")
	SHLQ(Imm(2), width)
	alongPairs(n, []reg.GPVirtual{y, dy}, []reg.GPVirtual{dx, x}, func(masks []reg.VecVirtual) {
		m, g := part(Mem{Base: y}, masks, 0), part(Mem{Base: dy}, masks, 0)
		row := func(base reg.GPVirtual, row, i int) Mem {
			at := Mem{Base: base, Disp: 32 * i}
			if row == 1 {
				at.Index, at.Scale = width, 1
			}
			return at
		}
		// What is not at an earlier place.
		left := YMM()
		VPCMPEQD(left, left, left)
		for r := range 2 {
			a, b := part(row(x, r, 0), masks, 1), part(row(x, r, 1), masks, 2)
			var share [2]reg.VecVirtual
			for i, odd := range []bool{false, true} {
				if r == 1 && odd {
					share[i] = binary(VANDPS, left, g)
					continue
				}
				e := parity(a, b, odd)
				same, nan := YMM(), YMM()
				VCMPPS(Imm(equal), m, e, same)
				VCMPPS(Imm(unordered), e, e, nan)
				VORPS(nan, same, same)
				VANDPS(left, same, same)
				VANDNPS(left, same, left)
				share[i] = binary(VANDPS, same, g)
			}
			low, high := binary(VUNPCKLPS, share[0], share[1]), binary(VUNPCKHPS, share[0], share[1])
			for half, which := range []uint64{0x20, 0x31} {
				z := YMM()
				VPERM2F128(Imm(which), high, low, z)
				writePart(z, row(dx, r, half), masks, 1+half)
			}
		}
	})
}
