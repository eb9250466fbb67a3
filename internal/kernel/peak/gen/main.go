// Command gen writes the assembly of package peak and, for amd64, its Go declarations.
// Run it by go generate in package peak.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// chains is the number of sums that are added to in turn: more than the latency of an
// instruction times those that begin in a cycle (4 to 5 times 2 on amd64, up to 4 times 4
// on arm64).
const (
	chains     = 12
	chainsNEON = 16
)

func main() { assembly.Write(amd64, arm64) }

func amd64() {
	loop("AVX2", func() reg.VecVirtual { return YMM() })
	loop("AVX512", func() reg.VecVirtual { return ZMM() })
}

func loop(set string, vector func() reg.VecVirtual) {
	assembly.Declare("chains"+set, "sum *float32, n int, x float32",
		fmt.Sprintf("chains%s adds n times the square of x to each element of %d vectors, which begin as", set, chains),
		"x, and sets sum to the sum of their first elements.")
	sum, n, x := assembly.Argument("sum"), assembly.Argument("n"), vector()
	VBROADCASTSS(assembly.Address("x"), x)
	sums := make([]reg.VecVirtual, chains)
	for i := range sums {
		sums[i] = vector()
		VMOVUPS(x, sums[i])
	}
	Label("loop")
	for _, s := range sums {
		VFMADD231PS(x, x, s)
	}
	SUBQ(Imm(1), n)
	JNZ(LabelRef("loop"))
	total := sums[0].AsX()
	for _, s := range sums[1:] {
		VADDSS(s.AsX(), total, total)
	}
	VMOVSS(total, Mem{Base: sum})
	VZEROUPPER()
	RET()
}

func arm64(n *assembly.NEON) {
	n.Function("chainsNEON", "sum *float32, n int, x float32", 20)
	n.Arguments("sum+0", "n+8")
	const x = chainsNEON
	n.Do("FMOVS x+16(FP), F%d", x)
	n.Do("VDUP V%d.S[0], V%[1]d.S4", x)
	for i := range chainsNEON {
		n.Do("VORR V%d.B16, V%[1]d.B16, V%d.B16", x, i)
	}
	n.Line("loop:")
	for i := range chainsNEON {
		n.Do("VFMLA V%d.S4, V%[1]d.S4, V%d.S4", x, i)
	}
	n.Do("SUBS $1, R1, R1")
	n.Do("BNE loop")
	for i := range chainsNEON - 1 {
		n.Add(assembly.S4, 0, 0, i+1)
	}
	n.Do("FMOVS F0, (R0)")
	n.Do("RET")
}
