package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2 draws a group as two vectors of four blocks, the even and the odd ones.
type avx2 struct {
	counter, m0, m1 reg.VecVirtual
	// frame has 32 bytes for each word of the schedule, then for the constants.
	frame reg.GPVirtual
}

// Entries of the frame after the schedule.
const (
	eight = words + iota
	threshold
	lowHalf
	scale
	entries
)

func (a avx2) entry(i int) Mem { return Mem{Base: a.frame, Disp: 32 * i} }

// newAVX2 reads the parameters k and block.
func newAVX2() avx2 {
	a := avx2{counter: YMM(), m0: YMM(), m1: YMM(), frame: GP64()}
	LEAQ(AllocLocal(32*entries+32).Offset(31), a.frame)
	ANDQ(I8(-32), a.frame)
	k, v := load("k"), YMM()
	for i := range words {
		VPBROADCASTD(Mem{Base: k, Disp: 4 * i}, v)
		VMOVDQA(v, a.entry(i))
	}
	broadcast(8, v)
	VMOVDQA(v, a.entry(eight))
	broadcast(m0, a.m0)
	broadcast(m1, a.m1)
	broadcastParam("block", a.counter)
	VPADDD(lanes(), a.counter, a.counter)
	return a
}

// half is the state of four blocks.
type half [4]reg.VecVirtual

// words draws the next group: lane l of word j belongs to block l.
func (a avx2) words() [4]reg.VecVirtual {
	odd := YMM()
	VPSRLQ(Imm(32), a.counter, odd)
	e, o := a.start(a.counter), a.start(odd)
	VPADDD(a.entry(eight), a.counter, a.counter)
	for r := range 6 {
		e, o = a.round(e, r), a.round(o, r)
	}
	return a.last(e, o)
}

// start is rounds 1 to 3, of which the schedule has all that does not depend on
// the block's number.
func (a avx2) start(block reg.VecVirtual) half {
	p, c0, c2 := YMM(), YMM(), YMM()
	VPMULUDQ(a.m0, block, p)
	VPSRLQ(Imm(32), p, c2)
	VPXOR(a.entry(c2Round1), c2, c2)

	q := YMM()
	VPMULUDQ(a.m1, c2, q)
	VPSRLQ(Imm(32), q, c0)
	VPXOR(a.entry(c0Round2), c0, c0)
	VPXOR(a.entry(c2Round2), p, p)

	p0, p1 := YMM(), YMM()
	VPMULUDQ(a.m0, c0, p0)
	VPMULUDQ(a.m1, p, p1)
	VPXOR(a.entry(c0Round3), q, q)
	VPSRLQ(Imm(32), p1, c0)
	VPXOR(q, c0, c0)
	VPSRLQ(Imm(32), p0, c2)
	VPXOR(a.entry(c2Round3), c2, c2)
	return half{c0, p1, c2, p0}
}

// round is round 4+r.
func (a avx2) round(c half, r int) half {
	p0, p1 := YMM(), YMM()
	VPMULUDQ(a.m0, c[0], p0)
	VPMULUDQ(a.m1, c[2], p1)
	VPXOR(a.entry(round4+2*r), c[1], c[1])
	VPXOR(a.entry(round4+2*r+1), c[3], c[3])
	VPSRLQ(Imm(32), p1, c[0])
	VPXOR(c[1], c[0], c[0])
	VPSRLQ(Imm(32), p0, c[2])
	VPXOR(c[3], c[2], c[2])
	return half{c[0], p1, c[2], p0}
}

// last is round 10, which puts even and odd blocks together.
func (a avx2) last(e, o half) (w [4]reg.VecVirtual) {
	for i, m := range []reg.VecVirtual{a.m1, a.m0} {
		even, odd := YMM(), YMM()
		VPMULUDQ(m, e[2-2*i], even)
		VPMULUDQ(m, o[2-2*i], odd)
		// The high halves of the products with c1 or c3 and the key.
		high, low := e[2-2*i], o[2-2*i]
		VPSRLQ(Imm(32), even, high)
		VPXOR(e[1+2*i], high, high)
		VPSLLQ(Imm(32), o[1+2*i], o[1+2*i])
		VPXOR(odd, o[1+2*i], o[1+2*i])
		VPBLENDD(Imm(0xaa), o[1+2*i], high, high)
		VPXOR(a.entry(round4+2*6+i), high, high)
		// The low halves as they are.
		VPSLLQ(Imm(32), odd, low)
		VPBLENDD(Imm(0xaa), low, even, low)
		w[2*i], w[2*i+1] = high, low
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
	across := YMM()
	VMOVDQU(acrossLanes(), across)
	loop("groups", n, 1, func() {
		w := a.words()
		var bits [2]reg.GPVirtual
		for i := range bits {
			m0, m1 := YMM(), w[2*i+1]
			for j, m := range []reg.VecVirtual{m0, m1} {
				u := w[2*i+j]
				max := YMM()
				// u >= t where the greater of them is u.
				VPMAXUW(a.entry(threshold), u, max)
				VPCMPEQW(max, u, m)
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
	if f.size == 4 {
		VBROADCASTSS(address("scale"), v)
	} else {
		VBROADCASTSD(address("scale"), v)
	}
	VMOVDQA(v, a.entry(scale))
	loop("groups", n, 1, func() {
		for j, w := range a.words() {
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
func (a avx2) keep(f float, keep reg.VecVirtual, dst, src reg.GPVirtual, at int) {
	x := YMM()
	from, to := Mem{Base: src, Disp: at}, Mem{Base: dst, Disp: at}
	if f.size == 4 {
		VMOVUPS(from, x)
		VMULPS(a.entry(scale), x, x)
		VANDPS(keep, x, x)
		if f.streaming {
			VMOVNTPS(x, to)
		} else {
			VMOVUPS(x, to)
		}
		return
	}
	VMOVUPD(from, x)
	VMULPD(a.entry(scale), x, x)
	VANDPD(keep, x, x)
	if f.streaming {
		VMOVNTPD(x, to)
	} else {
		VMOVUPD(x, to)
	}
}
