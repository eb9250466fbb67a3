// Command gen writes the amd64 assembly of package pool and its Go
// declarations. Run it with go generate in package pool.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// Predicates of VCMPPS.
const (
	equal     = 0
	unordered = 3
)

func main() { assembly.Write(amd64, arm64) }

func amd64() {
	maxPairs()
	maxPairsBack()
}

// alongPairs computes n results from pairs in two rows, eight at a time, and
// the last eight again if n is not a multiple of eight; fewer than eight use
// masks, for the results, the first eight elements of the pairs, and the
// others. singles point to the results, pairs to the pairs of the upper row.
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
	// The last eight are done as a full eight: there are always that many.
	CMPQ(n, I8(8))
	JGE(LabelRef("eight"))
	MOVQ(U32(8), n)
	JMP(LabelRef("eight"))

	Label("few")
	TESTQ(n, n)
	JZ(LabelRef("end"))
	var masks []reg.VecVirtual
	lane, left := YMM(), YMM()
	VMOVDQU(assembly.Lanes(), lane)
	mask := func() {
		m := YMM()
		assembly.Spread(n.As32().(reg.GPVirtual), left)
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
		return assembly.Read(m)
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

// greatest returns the maximum as Go defines it: NaN if one is, and +0 for
// zeros of both signs.
func greatest(x, y reg.VecVirtual) reg.VecVirtual {
	m, nan := assembly.Binary(VANDPS, assembly.Binary(VMAXPS, x, y), assembly.Binary(VMAXPS, y, x)), YMM()
	VCMPPS(Imm(unordered), y, x, nan)
	VORPS(nan, m, m)
	return m
}

// maxPairs writes the function of a row of 2×2 max pooling.
func maxPairs() {
	assembly.Declare("maxPairsAVX2", "y, x *float32, width, n int", "maxPairsAVX2 is maxPairs.")
	y, x, width, n := assembly.Argument("y"), assembly.Argument("x"), assembly.Argument("width"), assembly.Argument("n")
	SHLQ(Imm(2), width)
	alongPairs(n, []reg.GPVirtual{y}, []reg.GPVirtual{x}, func(masks []reg.VecVirtual) {
		var column [2]reg.VecVirtual
		for i := range column {
			column[i] = greatest(part(Mem{Base: x, Disp: 32 * i}, masks, 1+i),
				part(Mem{Base: x, Index: width, Scale: 1, Disp: 32 * i}, masks, 1+i))
		}
		writePart(greatest(assembly.Parity(column[0], column[1], false), assembly.Parity(column[0], column[1], true)), Mem{Base: y}, masks, 0)
	})
}

// maxPairsBack writes the function of a row of its backward pass.
func maxPairsBack() {
	assembly.Declare("maxPairsBackAVX2", "dx, x, y, dy *float32, width, n int", "maxPairsBackAVX2 is maxPairsBack.")
	dx, x, y, dy, width, n := assembly.Argument("dx"), assembly.Argument("x"), assembly.Argument("y"), assembly.Argument("dy"), assembly.Argument("width"), assembly.Argument("n")
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
					share[i] = assembly.Binary(VANDPS, left, g)
					continue
				}
				e := assembly.Parity(a, b, odd)
				same, nan := YMM(), YMM()
				VCMPPS(Imm(equal), m, e, same)
				VCMPPS(Imm(unordered), e, e, nan)
				VORPS(nan, same, same)
				VANDPS(left, same, same)
				VANDNPS(left, same, left)
				share[i] = assembly.Binary(VANDPS, same, g)
			}
			for half, z := range assembly.Interleave(share[0], share[1]) {
				writePart(z, row(dx, r, half), masks, 1+half)
			}
		}
	})
}
