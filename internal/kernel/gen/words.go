package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2Words draws the random words of groups: lane l of word j of a group's blocks
// is element 8j+l.
func avx2Words() {
	TEXT("wordsAVX2", 0, "func(dst *uint32, groups int, block uint32, k *[19]uint32)")
	Pragma("noescape")
	Doc("wordsAVX2 draws the words of groups; see Words.")
	dst, n := load("dst"), load("groups")
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
