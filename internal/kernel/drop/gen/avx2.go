package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// avx2 draws a group in two chains of four blocks each, the even and the odd
// ones. A round of Philox waits long for its products. Three chains at a time
// keep the processor busy meanwhile and leave registers for the multipliers; a
// fourth, with operands in memory, would wait for loads instead.
type avx2 struct {
	// frame has 32 bytes for each word of the schedule, then for the others.
	frame  reg.GPVirtual
	m0, m1 reg.VecVirtual
}

// Entries of the frame after the schedule.
const (
	counter = words + iota // the numbers of the next group's blocks
	eight
	threshold
	lowHalf
	scale
	saved   // a chain
	entries = saved + 4
)

func (a *avx2) entry(i int) Mem { return Mem{Base: a.frame, Disp: 32 * i} }

// newAVX2 reads the parameters k and block.
func newAVX2() *avx2 {
	a := &avx2{frame: GP64(), m0: YMM(), m1: YMM()}
	LEAQ(AllocLocal(32*entries+32).Offset(31), a.frame)
	ANDQ(I8(-32), a.frame)
	k, v := assembly.Argument("k"), YMM()
	for i := range words {
		VPBROADCASTD(Mem{Base: k, Disp: 4 * i}, v)
		VMOVDQA(v, a.entry(i))
	}
	assembly.Broadcast(m0, a.m0)
	assembly.Broadcast(m1, a.m1)
	assembly.Broadcast(8, v)
	VMOVDQA(v, a.entry(eight))
	assembly.BroadcastParam("block", v)
	VPADDD(assembly.Lanes(), v, v)
	VMOVDQA(v, a.entry(counter))
	return a
}

// chain is the state of four blocks: the words c0 to c3.
type chain [4]reg.VecVirtual

// groups repeats body for all groups, three at a time and then one by one, with
// the group's place among them: lane l of w[j] is word j of block l. After each
// pass, next moves on by a number of groups.
func (a *avx2) groups(count reg.GPVirtual, body func(w [4]reg.VecVirtual, group int), next func(groups int)) {
	assembly.Loop("groups3", count, 3, func() {
		c := a.draw(0, 1, 0)
		for i, v := range c[2] {
			VMOVDQA(v, a.entry(saved+i))
		}
		body(a.last(c[0], c[1]), 0)
		c = a.draw(1, 0, 1)
		body(a.last(c[1], c[2]), 2)
		var even chain
		for i := range even {
			even[i] = YMM()
			VMOVDQA(a.entry(saved+i), even[i])
		}
		body(a.last(even, c[0]), 1)
		next(3)
	})
	assembly.Loop("groups1", count, 1, func() {
		c := a.draw(0, 1)
		body(a.last(c[0], c[1]), 0)
		next(1)
	})
}

// draw does rounds 1 to 9 of the next chains, each even (0) or odd (1).
func (a *avx2) draw(odd ...int) []chain {
	c := make([]chain, len(odd))
	for i, odd := range odd {
		c[i] = a.start(odd == 1)
	}
	for r := range 6 {
		for i := range c {
			c[i] = a.round(c[i], r)
		}
	}
	return c
}

// start does rounds 1 to 3. The schedule has everything in them that does not
// depend on the block's number.
func (a *avx2) start(odd bool) chain {
	x, y, z, u := YMM(), YMM(), YMM(), YMM()
	VMOVDQA(a.entry(counter), x)
	if odd {
		VPADDD(a.entry(eight), x, y)
		VMOVDQA(y, a.entry(counter))
		VPSRLQ(Imm(32), x, x)
	}
	VPMULUDQ(a.m0, x, x)
	VPSRLQ(Imm(32), x, z)
	VPXOR(a.entry(c2Round1), z, z)

	VPMULUDQ(a.m1, z, y)
	VPXOR(a.entry(c2Round2), x, x)
	VPSRLQ(Imm(32), y, z)
	VPXOR(a.entry(c0Round2), z, z)

	VPMULUDQ(a.m1, x, x)
	VPMULUDQ(a.m0, z, u)
	VPXOR(a.entry(c0Round3), y, y)
	VPSRLQ(Imm(32), x, z)
	VPXOR(y, z, z)
	VPSRLQ(Imm(32), u, y)
	VPXOR(a.entry(c2Round3), y, y)
	return chain{z, x, y, u}
}

// round does round 4+r.
func (a *avx2) round(c chain, r int) chain {
	VPMULUDQ(a.m0, c[0], c[0])
	VPMULUDQ(a.m1, c[2], c[2])
	VPXOR(a.entry(round4+2*r), c[1], c[1])
	VPXOR(a.entry(round4+2*r+1), c[3], c[3])
	for i, p := range []reg.VecVirtual{c[2], c[0]} {
		high := YMM()
		VPSRLQ(Imm(32), p, high)
		VPXOR(high, c[1+2*i], c[1+2*i])
	}
	return chain{c[1], c[2], c[3], c[0]}
}

// last does round 10, which combines even and odd blocks.
func (a *avx2) last(e, o chain) (w [4]reg.VecVirtual) {
	for i, m := range []reg.VecVirtual{a.m1, a.m0} {
		even, odd := e[2-2*i], o[2-2*i]
		VPMULUDQ(m, even, even)
		VPMULUDQ(m, odd, odd)
		// The high halves of the products with c1 or c3 and the key.
		high := YMM()
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
	}
	return w
}

func avx2Bits() {
	bitsFunction("AVX2")
	dst, n := assembly.Argument("dst"), assembly.Argument("groups")
	a := newAVX2()
	t, v := GP32(), YMM()
	Load(Param("t"), t)
	x := XMM()
	VMOVD(t, x)
	VPBROADCASTW(x, v)
	VMOVDQA(v, a.entry(threshold))
	a.groups(n, func(w [4]reg.VecVirtual, group int) {
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
		MOVQ(bits[0], Mem{Base: dst, Disp: 8 * group})
	}, func(groups int) {
		ADDQ(Imm(uint64(8*groups)), dst)
	})
	VZEROUPPER()
	RET()
}

func avx2Apply(f float) {
	f.function("AVX2")
	dst, src, n := assembly.Argument("dst"), assembly.Argument("src"), assembly.Argument("groups")
	a := newAVX2()
	v := YMM()
	assembly.Broadcast(0xffff, v)
	VMOVDQA(v, a.entry(lowHalf))
	below := YMM()
	VPCMPEQD(below, below, below)
	assembly.BroadcastParam("t", v)
	VPADDD(below, v, v)
	VMOVDQA(v, a.entry(threshold)) // t-1: there is only a greater-than
	f.Op(VBROADCASTSS, VBROADCASTSD)(assembly.Address("scale"), v)
	VMOVDQA(v, a.entry(scale))
	a.groups(n, func(words [4]reg.VecVirtual, group int) {
		by, t := YMM(), YMM()
		VMOVDQA(a.entry(scale), by)
		VMOVDQA(a.entry(threshold), t)
		for j, w := range words {
			for h := range 2 {
				keep := YMM()
				if h == 0 {
					VPAND(a.entry(lowHalf), w, keep)
				} else {
					VPSRLD(Imm(16), w, keep)
				}
				VPCMPGTD(t, keep, keep)
				at := (groupSize*group + 16*j + 8*h) * f.Size
				if f.Size == 4 {
					f.keep(by, keep, dst, src, at)
					continue
				}
				low, high := YMM(), YMM()
				VPMOVSXDQ(keep.AsX(), low)
				VEXTRACTI128(Imm(1), keep, keep.AsX())
				VPMOVSXDQ(keep.AsX(), high)
				f.keep(by, low, dst, src, at)
				f.keep(by, high, dst, src, at+32)
			}
		}
	}, func(groups int) {
		ADDQ(I32(int32(groups*groupSize*f.Size)), src)
		ADDQ(I32(int32(groups*groupSize*f.Size)), dst)
	})
	if f.streaming {
		SFENCE()
	}
	VZEROUPPER()
	RET()
}

// keep multiplies a vector of src by the scale and clears what is dropped.
func (f float) keep(scale, keep reg.VecVirtual, dst, src reg.GPVirtual, at int) {
	x := YMM()
	f.Op(VMULPS, VMULPD)(Mem{Base: src, Disp: at}, scale, x)
	f.Op(VANDPS, VANDPD)(keep, x, x)
	f.store(x, Mem{Base: dst, Disp: at})
}
