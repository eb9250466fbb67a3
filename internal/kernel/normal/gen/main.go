// Command gen writes the amd64 assembly of package normal and its Go
// declarations. Run it with go generate in package normal.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, nil) }

// amd64 writes the middle part of portable.Normal for any word, with each
// operation rounded by itself.
func amd64() {
	assembly.Declare("middleAVX2", "dst *float64, words *uint32, n int",
		"middleAVX2 sets dst to the middle part of the normal quantile, of a positive", "multiple of 4 words; see middle.")
	dst, words, n := assembly.Argument("dst"), assembly.Argument("words"), assembly.Argument("n")
	constant := func(x float64) reg.VecVirtual {
		r, v := GP64(), YMM()
		MOVQ(U64(math.Float64bits(x)), r)
		VMOVQ(r, v.AsX())
		VBROADCASTSD(v.AsX(), v)
		return v
	}
	half, unit, middle, one := constant(0.5), constant(1./(1<<32)), constant(0.180625), constant(1)
	num := []reg.VecVirtual{constant(59.109374720), constant(159.29113202), constant(50.434271938), constant(3.3871327179)}
	den := []reg.VecVirtual{constant(67.187563600), constant(78.757757664), constant(17.895169469), one}
	r, sign := GP32(), XMM()
	MOVL(U32(1<<31), r)
	VMOVD(r, sign)
	VPBROADCASTD(sign, sign)
	assembly.Loop("fours", n, 4, func() {
		// q = (u - 2^31 + 1/2) / 2^32 is exact.
		u, q, z := XMM(), YMM(), YMM()
		VPXOR(Mem{Base: words}, sign, u)
		VCVTDQ2PD(u, q)
		VADDPD(half, q, q)
		VMULPD(unit, q, q)
		VMULPD(q, q, z)
		VSUBPD(z, middle, z)
		polynomial := func(c []reg.VecVirtual, y reg.VecVirtual) {
			VMULPD(z, c[0], y)
			for _, c := range c[1:3] {
				VADDPD(c, y, y)
				VMULPD(z, y, y)
			}
			VADDPD(c[3], y, y)
		}
		a := YMM()
		polynomial(num, a)
		VMULPD(a, q, q)
		polynomial(den, a)
		VDIVPD(a, q, q)
		VMOVUPD(q, Mem{Base: dst})
		ADDQ(Imm(16), words)
		ADDQ(Imm(32), dst)
	})
	VZEROUPPER()
	RET()
}
