package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// places has eight bytes for each byte of bits: for each lane that is chosen, which of the
// chosen elements side by side is its own, and a negative number for the others.
var places = assembly.Table("places", places32()...)

func places32() []uint32 {
	table := make([]uint32, 2<<8)
	for chosen := range 1 << 8 {
		n := uint32(0)
		for lane := range 8 {
			place := uint32(0x80)
			if chosen>>lane&1 == 1 {
				place = n
				n++
			}
			table[2*chosen+lane/4] |= place << (8 * (lane % 4))
		}
	}
	return table
}

// momentumGroups reads eight elements of the gradient for each group, and of those as many
// as are chosen are its own. The others of w and v are written back as they were.
func momentumGroups() {
	assembly.Declare("momentumGroups", "w, grad, v *float32, chosen *uint8, n, ahead int, lr, mu float32",
		"momentumGroups is momentum for the chosen elements of n groups. It fetches what is so",
		"many bytes after each group of w and v.")
	w, g, v := assembly.Argument("w"), assembly.Argument("grad"), assembly.Argument("v")
	chosen, n := assembly.Argument("chosen"), assembly.Argument("n")
	ahead := assembly.Argument("ahead")
	lr, mu := constant("lr"), constant("mu")
	table := GP64()
	LEAQ(places(), table)
	Label("loop")
	which, from := GP32(), YMM()
	PREFETCHT0(Mem{Base: w, Index: ahead, Scale: 1})
	PREFETCHT0(Mem{Base: v, Index: ahead, Scale: 1})
	MOVBLZX(Mem{Base: chosen}, which)
	VPMOVSXBD(Mem{Base: table, Index: which.As64(), Scale: 8}, from)
	d := YMM()
	VPERMPS(Mem{Base: g}, from, d)
	before := assembly.Read(Mem{Base: v})
	u := times(mu, before)
	VADDPS(d, u, u)
	kept := YMM()
	VBLENDVPS(from, before, u, kept)
	VMOVUPS(kept, Mem{Base: v})
	VMULPS(lr, u, u)
	x := assembly.Read(Mem{Base: w})
	VSUBPS(u, x, u)
	VBLENDVPS(from, x, u, u)
	VMOVUPS(u, Mem{Base: w})
	POPCNTL(which, which)
	LEAQ(Mem{Base: g, Index: which.As64(), Scale: 4}, g)
	ADDQ(Imm(32), w)
	ADDQ(Imm(32), v)
	INCQ(chosen)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
