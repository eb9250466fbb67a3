// Command gen writes the amd64 assembly of package conv and its Go
// declarations. Run it with go generate in package conv.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, arm64) }

func amd64() {
	winogradInput()
	winogradGradient()
	winogradOutput()
}

// tiles is the memory of the components of tiles: component 4u+v is v steps after
// base[u].
type tiles struct {
	base        [4]reg.GPVirtual
	step, step3 reg.GPVirtual // one and three steps, in bytes
}

func loadTiles(param string) tiles {
	var t tiles
	t.step = assembly.Argument("step")
	SHLQ(Imm(2), t.step)
	t.step3 = GP64()
	LEAQ(Mem{Base: t.step, Index: t.step, Scale: 2}, t.step3)
	t.base[0] = assembly.Argument(param)
	for u := 1; u < 4; u++ {
		t.base[u] = GP64()
		LEAQ(Mem{Base: t.base[u-1], Index: t.step, Scale: 4}, t.base[u])
	}
	return t
}

func (t tiles) at(u, v int) Mem {
	m := Mem{Base: t.base[u]}
	switch v {
	case 1:
		m.Index, m.Scale = t.step, 1
	case 2:
		m.Index, m.Scale = t.step, 2
	case 3:
		m.Index, m.Scale = t.step3, 1
	}
	return m
}

// alongTiles processes rows of n tiles, eight at a time, and the last eight
// again if n is not a multiple of eight. image points to the first pixel of the
// tiles, and width is the length of an image row in bytes.
func (t tiles) alongTiles(n, image, width reg.GPVirtual, body func()) {
	rows := assembly.Argument("rows")
	// The distance from the last eight tiles of a row to the next row.
	eight, toTiles, toImage := GP64(), GP64(), GP64()
	MOVQ(U32(8), eight)
	MOVQ(n, toTiles)
	CMPQ(n, eight)
	CMOVQGT(eight, toTiles)
	MOVQ(toTiles, toImage)
	SUBQ(n, toImage) // 0, or all but eight less
	SHLQ(Imm(3), toImage)
	LEAQ(Mem{Base: toImage, Index: width, Scale: 2}, toImage)
	SHLQ(Imm(2), toTiles)

	Label("row")
	left, move := GP64(), GP64()
	MOVQ(n, left)
	Label("eight")
	body()
	SUBQ(Imm(8), left)
	JLE(LabelRef("end"))
	MOVQ(U32(8), move)
	CMPQ(left, move)
	CMOVQLT(left, move)
	LEAQ(Mem{Base: image, Index: move, Scale: 8}, image)
	for _, b := range t.base {
		LEAQ(Mem{Base: b, Index: move, Scale: 4}, b)
	}
	JMP(LabelRef("eight"))
	Label("end")
	ADDQ(toImage, image)
	for _, b := range t.base {
		ADDQ(toTiles, b)
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func plus(x, y Op) reg.VecVirtual  { return assembly.Binary(VADDPS, x, y) }
func minus(x, y Op) reg.VecVirtual { return assembly.Binary(VSUBPS, x, y) }

// winogradInput writes the transform of the input.
func winogradInput() {
	assembly.Declare("inputVectors", "dst *float32, step int, image *float32, n, rows int", "inputVectors is tilesOfInput, where neither n nor rows is 0.")
	t := loadTiles("dst")
	image, n, width := assembly.Argument("image"), assembly.Argument("n"), GP64()
	MOVQ(n, width)
	INCQ(width)
	SHLQ(Imm(3), width)
	width3 := GP64()
	LEAQ(Mem{Base: width, Index: width, Scale: 2}, width3)
	at := func(row, byte int) Mem {
		m := Mem{Base: image, Disp: byte}
		switch row {
		case 1:
			m.Index, m.Scale = width, 1
		case 2:
			m.Index, m.Scale = width, 2
		case 3:
			m.Index, m.Scale = width3, 1
		}
		return m
	}
	t.alongTiles(n, image, width, func() {
		for u, rows := range [4][2]int{{0, 2}, {1, 2}, {2, 1}, {1, 3}} {
			op := minus
			if u == 1 {
				op = plus
			}
			line := func(byte int) reg.VecVirtual { return op(assembly.Read(at(rows[0], byte)), at(rows[1], byte)) }
			x, y := line(0), line(32)
			a, b := assembly.Parity(x, y, false), assembly.Parity(x, y, true)
			x, y = line(8), line(40)
			c, d := assembly.Parity(x, y, false), assembly.Parity(x, y, true)
			for v, z := range []reg.VecVirtual{minus(a, c), plus(b, c), minus(c, b), minus(b, d)} {
				VMOVUPS(z, t.at(u, v))
			}
		}
	})
}

// winogradGradient writes the transform of the gradient.
func winogradGradient() {
	assembly.Declare("gradientVectors", "dst *float32, step int, image *float32, n, rows int", "gradientVectors is tilesOfGradient, where neither n nor rows is 0.")
	t := loadTiles("dst")
	image, n, width := assembly.Argument("image"), assembly.Argument("n"), GP64()
	MOVQ(n, width)
	SHLQ(Imm(3), width)
	sign := YMM()
	assembly.Broadcast(1<<31, sign)
	negative := func(x reg.VecVirtual) reg.VecVirtual { return assembly.Binary(VXORPS, sign, x) }
	t.alongTiles(n, image, width, func() {
		x, y := assembly.Read(Mem{Base: image}), assembly.Read(Mem{Base: image, Disp: 32})
		p, q := assembly.Parity(x, y, false), assembly.Parity(x, y, true)
		x, y = assembly.Read(Mem{Base: image, Index: width, Scale: 1}), assembly.Read(Mem{Base: image, Index: width, Scale: 1, Disp: 32})
		r, s := assembly.Parity(x, y, false), assembly.Parity(x, y, true)
		write := func(u int, x, y reg.VecVirtual) {
			for v, z := range []reg.VecVirtual{x, plus(x, y), minus(x, y), negative(y)} {
				VMOVUPS(z, t.at(u, v))
			}
		}
		write(0, p, q)
		write(1, plus(p, r), plus(q, s))
		write(2, minus(p, r), minus(q, s))
		write(3, negative(r), negative(s))
	})
}

// winogradOutput writes the transform to the output.
func winogradOutput() {
	assembly.Declare("outputVectors", "image, src *float32, step, n, rows int, bias float32", "outputVectors is outputOfTiles, where neither n nor rows is 0.")
	t := loadTiles("src")
	image, n, width := assembly.Argument("image"), assembly.Argument("n"), GP64()
	MOVQ(n, width)
	SHLQ(Imm(3), width)
	bias := YMM()
	VBROADCASTSS(assembly.Address("bias"), bias)
	t.alongTiles(n, image, width, func() {
		var p, q [4]reg.VecVirtual
		for v := range 4 {
			b, c := assembly.Read(t.at(1, v)), assembly.Read(t.at(2, v))
			p[v] = plus(plus(b, t.at(0, v)), c)
			q[v] = minus(minus(b, c), t.at(3, v))
		}
		for row, s := range [2][4]reg.VecVirtual{p, q} {
			even := plus(plus(plus(s[0], s[1]), s[2]), bias)
			odd := plus(minus(minus(s[1], s[2]), s[3]), bias)
			for half, z := range assembly.Interleave(even, odd) {
				m := Mem{Base: image, Disp: 32 * half}
				if row == 1 {
					m.Index, m.Scale = width, 1
				}
				VMOVUPS(z, m)
			}
		}
	})
}
