package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2 draws a group in two chains of four blocks each, the even and the odd
// ones. A round of Philox waits long for its products, so that it takes the four
// chains of two groups to keep the processor busy: as many as there are
// registers for their states, if all else is in memory.
type avx2 struct {
	// frame has 32 bytes for each word of the schedule, then for the others.
	frame reg.GPVirtual
	free  []reg.VecPhysical
}

// Entries of the frame after the schedule.
const (
	counter = words + iota // the numbers of the next group's blocks
	eight
	multiplier0
	multiplier1
	threshold
	lowHalf
	scale
	spilled // word c3 of the fourth chain
	entries
)

func (a *avx2) entry(i int) Mem { return Mem{Base: a.frame, Disp: 32 * i} }

func (a *avx2) take() reg.VecPhysical {
	r := a.free[len(a.free)-1]
	a.free = a.free[:len(a.free)-1]
	return r
}

func (a *avx2) give(r ...reg.VecPhysical) { a.free = append(a.free, r...) }

// newAVX2 reads the parameters k and block.
func newAVX2() *avx2 {
	a := &avx2{frame: GP64(), free: []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}}
	LEAQ(AllocLocal(32*entries+32).Offset(31), a.frame)
	ANDQ(I8(-32), a.frame)
	k, v := load("k"), YMM()
	for i := range words {
		VPBROADCASTD(Mem{Base: k, Disp: 4 * i}, v)
		VMOVDQA(v, a.entry(i))
	}
	for i, c := range []uint32{8, m0, m1} {
		broadcast(c, v)
		VMOVDQA(v, a.entry(eight+i))
	}
	broadcastParam("block", v)
	VPADDD(lanes(), v, v)
	VMOVDQA(v, a.entry(counter))
	return a
}

// chain is the state of four blocks: the words c0 to c3, the last of which is in
// memory if it is nil.
type chain [4]reg.VecPhysical

// groups repeats body for all groups, two at a time and then the odd one: lane l
// of w[j] is word j of block l.
func (a *avx2) groups(count reg.GPVirtual, body func(w [4]reg.VecPhysical)) {
	for _, n := range []int{2, 1} {
		loop(fmt.Sprintf("groups%d", n), count, n, func() {
			c := a.start(2 * n)
			for r := range 6 {
				for i := range c {
					c[i] = a.round(c[i], r)
				}
			}
			for i := range n {
				w := a.last(c[2*i], c[2*i+1])
				body(w)
				a.give(w[:]...)
			}
		})
	}
}

// start is rounds 1 to 3 of n chains. The schedule has all of them that does not
// depend on the block's number.
func (a *avx2) start(n int) []chain {
	c := make([]chain, n)
	for i := range c {
		c[i] = chain{a.take(), a.take(), a.take(), a.take()}
		x, y, z, u := c[i][0], c[i][1], c[i][2], c[i][3]
		VMOVDQA(a.entry(counter), x)
		if i%2 == 0 {
			VPMULUDQ(a.entry(multiplier0), x, x)
		} else {
			VPADDD(a.entry(eight), x, y)
			VMOVDQA(y, a.entry(counter))
			VPSRLQ(Imm(32), x, x)
			VPMULUDQ(a.entry(multiplier0), x, x)
		}
		VPSRLQ(Imm(32), x, z)
		VPXOR(a.entry(c2Round1), z, z)

		VPMULUDQ(a.entry(multiplier1), z, y)
		VPSRLQ(Imm(32), y, z)
		VPXOR(a.entry(c0Round2), z, z)
		VPXOR(a.entry(c2Round2), x, x)

		VPMULUDQ(a.entry(multiplier0), z, u)
		VPMULUDQ(a.entry(multiplier1), x, x)
		VPXOR(a.entry(c0Round3), y, y)
		VPSRLQ(Imm(32), x, z)
		VPXOR(y, z, z)
		VPSRLQ(Imm(32), u, y)
		VPXOR(a.entry(c2Round3), y, y)
		c[i] = chain{z, x, y, u}
		if i == 3 {
			VMOVDQA(u, a.entry(spilled))
			a.give(u)
			c[i][3] = nil
		}
	}
	return c
}

// round is round 4+r.
func (a *avx2) round(c chain, r int) chain {
	k0, k1 := a.entry(round4+2*r), a.entry(round4+2*r+1)
	VPMULUDQ(a.entry(multiplier0), c[0], c[0])
	VPMULUDQ(a.entry(multiplier1), c[2], c[2])
	t := a.take()
	if c[3] == nil {
		VPSRLQ(Imm(32), c[0], t)
		VPXOR(k1, t, t)
		VPXOR(a.entry(spilled), t, t)
		VMOVDQA(c[0], a.entry(spilled))
		VPXOR(k0, c[1], c[1])
		VPSRLQ(Imm(32), c[2], c[0])
		VPXOR(c[1], c[0], c[0])
		a.give(c[1])
		return chain{c[0], c[2], t, nil}
	}
	VPXOR(k0, c[1], c[1])
	VPSRLQ(Imm(32), c[2], t)
	VPXOR(t, c[1], c[1])
	VPXOR(k1, c[3], c[3])
	VPSRLQ(Imm(32), c[0], t)
	VPXOR(t, c[3], c[3])
	a.give(t)
	return chain{c[1], c[2], c[3], c[0]}
}

// last is round 10, which puts even and odd blocks together.
func (a *avx2) last(e, o chain) (w [4]reg.VecPhysical) {
	for i, m := range []int{multiplier1, multiplier0} {
		if o[1+2*i] == nil {
			o[1+2*i] = a.take()
			VMOVDQA(a.entry(spilled), o[1+2*i])
		}
		even, odd := e[2-2*i], o[2-2*i]
		VPMULUDQ(a.entry(m), even, even)
		VPMULUDQ(a.entry(m), odd, odd)
		// The high halves of the products with c1 or c3 and the key.
		high := a.take()
		VPSRLQ(Imm(32), even, high)
		VPXOR(e[1+2*i], high, high)
		VPSLLQ(Imm(32), o[1+2*i], o[1+2*i])
		VPXOR(odd, o[1+2*i], o[1+2*i])
		VPBLENDD(Imm(0xaa), o[1+2*i], high, high)
		VPXOR(a.entry(round4+2*6+i), high, high)
		// The low halves as they are.
		VPSLLQ(Imm(32), odd, odd)
		VPBLENDD(Imm(0xaa), odd, even, even)
		w[2*i], w[2*i+1] = high, even
		a.give(e[1+2*i], o[1+2*i], odd)
	}
	return w
}

func avx2Bits() {
	bitsFunction("AVX2")
	dst, n := load("dst"), load("groups")
	a := newAVX2()
	t, v := GP32(), YMM()
	Load(Param("t"), t)
	x := XMM()
	VMOVD(t, x)
	VPBROADCASTW(x, v)
	VMOVDQA(v, a.entry(threshold))
	a.groups(n, func(w [4]reg.VecPhysical) {
		across := YMM()
		VMOVDQU(acrossLanes(), across)
		var bits [2]reg.GPVirtual
		for i := range bits {
			m0, m1 := YMM(), YMM()
			for j, m := range []reg.VecVirtual{m0, m1} {
				// u >= t where the greater of them is u.
				VPMAXUW(a.entry(threshold), w[2*i+j], m)
				VPCMPEQW(m, w[2*i+j], m)
			}
			// Bytes of 16j + 8h + l from words of 2l + h.
			VPACKSSWB(m1, m0, m0)
			VPSHUFB(inLane(), m0, m0)
			VPERMD(m0, across, m0)
			bits[i] = GP64()
			VPMOVMSKB(m0, bits[i].As32())
		}
		SHLQ(Imm(32), bits[1])
		ORQ(bits[1], bits[0])
		MOVQ(bits[0], Mem{Base: dst})
		ADDQ(Imm(8), dst)
	})
	VZEROUPPER()
	RET()
}

func avx2Apply(f float) {
	f.function("AVX2")
	dst, src, n := load("dst"), load("src"), load("groups")
	a := newAVX2()
	v := YMM()
	broadcast(0xffff, v)
	VMOVDQA(v, a.entry(lowHalf))
	below := YMM()
	VPCMPEQD(below, below, below)
	broadcastParam("t", v)
	VPADDD(below, v, v)
	VMOVDQA(v, a.entry(threshold)) // t-1: there is only a greater-than
	f.op(VBROADCASTSS, VBROADCASTSD)(address("scale"), v)
	VMOVDQA(v, a.entry(scale))
	a.groups(n, func(words [4]reg.VecPhysical) {
		for j, w := range words {
			for h := range 2 {
				keep := YMM()
				if h == 0 {
					VPAND(a.entry(lowHalf), w, keep)
				} else {
					VPSRLD(Imm(16), w, keep)
				}
				VPCMPGTD(a.entry(threshold), keep, keep)
				at := (16*j + 8*h) * f.size
				if f.size == 4 {
					a.keep(f, keep, dst, src, at)
					continue
				}
				low, high := YMM(), YMM()
				VPMOVSXDQ(keep.AsX(), low)
				VEXTRACTI128(Imm(1), keep, keep.AsX())
				VPMOVSXDQ(keep.AsX(), high)
				a.keep(f, low, dst, src, at)
				a.keep(f, high, dst, src, at+32)
			}
		}
		ADDQ(I32(int32(groupSize*f.size)), src)
		ADDQ(I32(int32(groupSize*f.size)), dst)
	})
	if f.streaming {
		SFENCE()
	}
	VZEROUPPER()
	RET()
}

// keep multiplies a vector of src by the scale and clears what is dropped.
func (a *avx2) keep(f float, keep reg.VecVirtual, dst, src reg.GPVirtual, at int) {
	x := YMM()
	f.op(VMOVUPS, VMOVUPD)(Mem{Base: src, Disp: at}, x)
	f.op(VMULPS, VMULPD)(a.entry(scale), x, x)
	f.op(VANDPS, VANDPD)(keep, x, x)
	f.store(x, Mem{Base: dst, Disp: at})
}
