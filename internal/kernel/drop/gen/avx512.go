package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// avx512 draws a group as one vector of eight blocks.
type avx512 struct {
	counter, m0, m1, eight, order reg.VecVirtual
	k                             reg.GPVirtual
}

// newAVX512 reads the parameters k and block.
func newAVX512() avx512 {
	a := avx512{counter: ZMM(), m0: ZMM(), m1: ZMM(), eight: ZMM(), order: ZMM(), k: assembly.Argument("k")}
	assembly.Broadcast(m0, a.m0)
	assembly.Broadcast(m1, a.m1)
	assembly.Broadcast(8, a.eight)
	VMOVDQU64(elementOrder(), a.order)
	block := YMM()
	assembly.BroadcastParam("block", block)
	VPADDD(assembly.Lanes(), block, block)
	VPMOVZXDQ(block, a.counter)
	return a
}

// state is that of the eight blocks of a group.
type state [4]reg.VecVirtual

// key is a word of the schedule in all lanes.
func (a avx512) key(i int) reg.VecVirtual {
	v := ZMM()
	VPBROADCASTD(Mem{Base: a.k, Disp: 4 * i}, v)
	return v
}

// xor3 sets a to the exclusive or of three.
func xor3(c, b, a reg.VecVirtual) { VPTERNLOGD(Imm(0x96), c, b, a) }

// draw draws the next n groups, interleaved to hide latencies, and returns the
// random 16 bits of each group in the order of its elements, half a group each.
func (a avx512) draw(n int) [][2]reg.VecVirtual {
	c := make([]state, n)
	for i := range c {
		c[i] = state{ZMM(), ZMM(), ZMM(), ZMM()}
	}
	a.start(c)
	for r := range 7 {
		a.round(c, r)
	}
	random := make([][2]reg.VecVirtual, n)
	for i, c := range c {
		VPERMT2W(c[1], a.order, c[0])
		VPERMT2W(c[3], a.order, c[2])
		random[i] = [2]reg.VecVirtual{c[0], c[2]}
	}
	return random
}

// start does rounds 1 to 3, of which the schedule has everything that does not
// depend on the block's number.
func (a avx512) start(c []state) {
	k := a.key(c2Round1)
	for _, c := range c {
		VPMULUDQ(a.m0, a.counter, c[3])
		VPADDD(a.eight, a.counter, a.counter)
		VPSRLQ(Imm(32), c[3], c[2])
		VPXORD(k, c[2], c[2])
	}
	k0, k2 := a.key(c0Round2), a.key(c2Round2)
	for _, c := range c {
		VPMULUDQ(a.m1, c[2], c[1])
		VPSRLQ(Imm(32), c[1], c[0])
		VPXORD(k0, c[0], c[0])
		VPXORD(k2, c[3], c[2])
	}
	k0, k2 = a.key(c0Round3), a.key(c2Round3)
	for i, s := range c {
		p0, p1 := ZMM(), ZMM()
		VPMULUDQ(a.m0, s[0], p0)
		VPMULUDQ(a.m1, s[2], p1)
		VPSRLQ(Imm(32), p1, s[0])
		xor3(k0, s[1], s[0])
		VPSRLQ(Imm(32), p0, s[2])
		VPXORD(k2, s[2], s[2])
		c[i] = state{s[0], p1, s[2], p0}
	}
}

// round does round 4+r.
func (a avx512) round(c []state, r int) {
	k0, k1 := a.key(round4+2*r), a.key(round4+2*r+1)
	for i, s := range c {
		p0, p1 := ZMM(), ZMM()
		VPMULUDQ(a.m0, s[0], p0)
		VPMULUDQ(a.m1, s[2], p1)
		VPSRLQ(Imm(32), p1, s[0])
		xor3(k0, s[1], s[0])
		VPSRLQ(Imm(32), p0, s[2])
		xor3(k1, s[3], s[2])
		c[i] = state{s[0], p1, s[2], p0}
	}
}

// kept returns the mask bits of half a group.
func kept(random, t reg.VecVirtual) reg.OpmaskVirtual {
	k := K()
	VPCMPUW(Imm(5), t, random, k) // not less than
	return k
}

// groups repeats body for all groups, four at a time and then one by one.
func (a avx512) groups(count reg.GPVirtual, body func(random [][2]reg.VecVirtual)) {
	for _, n := range []int{4, 1} {
		assembly.Loop(fmt.Sprintf("groups%d", n), count, n, func() { body(a.draw(n)) })
	}
}

// thresholds returns the parameter t in all 16-bit lanes.
func thresholds() reg.VecVirtual {
	r, t := GP32(), ZMM()
	Load(Param("t"), r)
	VPBROADCASTW(r, t)
	return t
}

func avx512Bits() {
	bitsFunction("AVX512")
	dst, n := assembly.Argument("dst"), assembly.Argument("groups")
	a, t := newAVX512(), thresholds()
	a.groups(n, func(random [][2]reg.VecVirtual) {
		for i, u := range random {
			k := K()
			KUNPCKDQ(kept(u[0], t), kept(u[1], t), k)
			KMOVQ(k, Mem{Base: dst, Disp: 8 * i})
		}
		ADDQ(Imm(uint64(8*len(random))), dst)
	})
	VZEROUPPER()
	RET()
}

func avx512Apply(f float) {
	f.function("AVX512")
	dst, src, n := assembly.Argument("dst"), assembly.Argument("src"), assembly.Argument("groups")
	a, t := newAVX512(), thresholds()
	scale := ZMM()
	f.Op(VBROADCASTSS, VBROADCASTSD)(assembly.Address("scale"), scale)
	per := 64 / f.Size
	a.groups(n, func(random [][2]reg.VecVirtual) {
		for i, group := range random {
			for half, u := range group {
				k := kept(u, t)
				for e := 0; e < groupSize/2; e += per {
					at := (groupSize*i + groupSize/2*half + e) * f.Size
					part := k
					if e > 0 {
						part = K()
						KSHIFTRD(Imm(uint64(e)), k, part)
					}
					x := ZMM()
					from := Mem{Base: src, Disp: at}
					if f.Size == 4 {
						VMULPS_Z(from, scale, part, x)
					} else {
						VMULPD_Z(from, scale, part, x)
					}
					f.store(x, Mem{Base: dst, Disp: at})
				}
			}
		}
		ADDQ(I32(int32(len(random)*groupSize*f.Size)), src)
		ADDQ(I32(int32(len(random)*groupSize*f.Size)), dst)
	})
	if f.streaming {
		SFENCE()
	}
	VZEROUPPER()
	RET()
}
