package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// avx2Words draws the random words of groups: lane l of word j of a group's blocks
// is element 8j+l.
func avx2Words() {
	assembly.Declare("wordsAVX2", "dst *uint32, groups int, block uint32, k *[19]uint32",
		"wordsAVX2 draws the words of groups; see Words.")
	dst, n := assembly.Argument("dst"), assembly.Argument("groups")
	const group = 4 * 32 // bytes
	newAVX2().groups(n, func(w [4]reg.VecVirtual, at int) {
		for j, v := range w {
			VMOVDQU(v, Mem{Base: dst, Disp: group*at + 32*j})
		}
	}, func(groups int) {
		ADDQ(I32(int32(group*groups)), dst)
	})
	VZEROUPPER()
	RET()
}
