package main

import (
	"fmt"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

// neon writes functions for one type of element. Its vectors are pairs of NEON's, so that
// a tile fills the registers: 6 rows times 4 of them are sums, 4 are of b and 4 copies of
// elements of a.
type neon struct {
	*assembly.NEON
	assembly.Arrangement
	size int
}

const (
	neonRows = 6
	pair     = 2 // registers of a vector
)

func arm64(w *assembly.NEON) {
	for _, n := range []neon{{w, assembly.S4, 4}, {w, assembly.D2, 8}} {
		n.tile()
		n.dot()
		n.axpy()
	}
}

// function opens the function of this name for the type.
func (n neon) function(name, params string, bytes int) {
	t := "float32"
	if n.size == 8 {
		t = "float64"
	}
	n.Function(fmt.Sprintf("%s%dNEON", name, 8*n.size), strings.ReplaceAll(params, "F", t), bytes)
}

// shift is the logarithm of the size of an element.
func (n neon) shift() int { return n.size/4 + 1 }

func (n neon) tile() {
	n.function("tile", "rows, vectors, k int, a *F, aStep int, b *F, bStep int, c *F, cStep, cols, add int", 88)
	for i, p := range []string{"k+16", "a+24", "aStep+32", "b+40", "bStep+48", "c+56", "cStep+64", "add+80", "rows+0", "vectors+8"} {
		n.Do("MOVD %s(FP), R%d", p, i)
	}
	for _, r := range []int{2, 4, 6} {
		n.Do("LSL $%d, R%d, R%d", n.shift(), r, r)
	}
	n.Do("CMP $1, R9")
	n.Do("BEQ narrow")
	for v := 2; v >= 1; v-- {
		if v == 1 {
			n.Line("narrow:")
		}
		for r := neonRows; r > 1; r-- {
			n.Do("CMP $%d, R8", r)
			n.Do("BEQ r%dv%d", r, v)
		}
		n.Do("B r1v%d", v)
	}
	for v := 2; v >= 1; v-- {
		for r := neonRows; r >= 1; r-- {
			n.block(r, pair*v)
		}
	}
}

// block is the code for a tile of so many rows of so many registers.
func (n neon) block(rows, registers int) {
	label := fmt.Sprintf("r%dv%d", rows, registers/pair)
	const ofB, copies = neonRows * 2 * pair, neonRows*2*pair + 2*pair
	eachRow := func(f func(sums string)) {
		n.Do("MOVD R5, R10")
		for r := range rows {
			f(n.List(r*registers, registers))
			if r < rows-1 {
				n.Do("ADD R6, R10")
			}
		}
	}
	n.Line("%s:", label)
	n.Do("CBZ R7, %szero", label)
	eachRow(func(sums string) { n.Do("VLD1 (R10), %s", sums) })
	n.Do("B %sloop", label)
	n.Line("%szero:", label)
	for i := range rows * registers {
		n.Do("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	n.Line("%sloop:", label)
	n.Do("VLD1 (R3), %s", n.List(ofB, registers))
	n.Do("ADD R4, R3")
	n.Do("MOVD R1, R11")
	for r := range rows {
		x := copies + r%4
		n.Do("VLD1R.P %d(R11), [V%d.%s]", n.size, x, n.Name)
		for i := range registers {
			n.Do("VFMLA V%d.%s, V%d.%s, V%d.%s", x, n.Name, ofB+i, n.Name, r*registers+i, n.Name)
		}
	}
	n.Do("ADD R2, R1")
	n.Do("SUBS $1, R0, R0")
	n.Do("BNE %sloop", label)
	eachRow(func(sums string) { n.Do("VST1 %s, (R10)", sums) })
	n.Do("RET")
}

// dot has its chains in registers 0 to 15.
func (n neon) dot() {
	n.function("dot", "sums, x, y *F, n int", 32)
	n.Do("MOVD sums+0(FP), R0")
	n.Do("MOVD x+8(FP), R1")
	n.Do("MOVD y+16(FP), R2")
	n.Do("MOVD n+24(FP), R3")
	const four = 64 // bytes of four registers
	chains := func(instruction func(sums string)) {
		n.Do("MOVD R0, R4")
		for i := range chainBytes / four {
			instruction(n.List(4*i, 4))
		}
	}
	chains(func(sums string) { n.Do("VLD1.P %d(R4), %s", four, sums) })
	n.Do("CBZ R3, end")
	n.Line("loop:")
	for i := range chainBytes / four {
		n.Do("VLD1.P %d(R1), %s", four, n.List(16, 4))
		n.Do("VLD1.P %d(R2), %s", four, n.List(20, 4))
		for j := range 4 {
			n.Do("VFMLA V%d.%s, V%d.%s, V%d.%s", 16+j, n.Name, 20+j, n.Name, 4*i+j, n.Name)
		}
	}
	n.Do("SUBS $%d, R3, R3", chainBytes/n.size)
	n.Do("BNE loop")
	n.Line("end:")
	chains(func(sums string) { n.Do("VST1.P %s, %d(R4)", sums, four) })
	n.Do("RET")
}

func (n neon) axpy() {
	n.function("axpy", "alpha F, x, y *F, n int", 32)
	if n.size == 4 {
		n.Do("FMOVS alpha+0(FP), F8")
		n.Do("VDUP V8.S[0], V8.S4")
	} else {
		n.Do("FMOVD alpha+0(FP), F8")
		n.Do("VDUP V8.D[0], V8.D2")
	}
	n.Do("MOVD x+8(FP), R1")
	n.Do("MOVD y+16(FP), R2")
	n.Do("MOVD n+24(FP), R3")
	n.Do("CBZ R3, end")
	n.Line("loop:")
	n.Do("VLD1.P %d(R1), %s", 16*pair, n.List(0, pair))
	n.Do("VLD1 (R2), %s", n.List(2, pair))
	for i := range pair {
		n.Do("VFMLA V8.%s, V%d.%s, V%d.%s", n.Name, i, n.Name, 2+i, n.Name)
	}
	n.Do("VST1.P %s, %d(R2)", n.List(2, pair), 16*pair)
	n.Do("SUBS $%d, R3, R3", 16*pair/n.size)
	n.Do("BNE loop")
	n.Line("end:")
	n.Do("RET")
}
