package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tiles is the memory of the components of tiles: component 4u+v is at the base of
// u and v steps.
type tiles struct {
	base        [4]reg.GPVirtual
	step, step3 reg.GPVirtual // one and three steps, in bytes
}

func loadTiles(param string) tiles {
	var t tiles
	t.step = load("step")
	SHLQ(Imm(2), t.step)
	t.step3 = GP64()
	LEAQ(Mem{Base: t.step, Index: t.step, Scale: 2}, t.step3)
	t.base[0] = load(param)
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

// alongTiles does rows of n tiles by eight at a time, the last eight again where n
// is no multiple: image is at the first pixel of the tiles, and width a row of the
// image, in bytes.
func (t tiles) alongTiles(n, image, width reg.GPVirtual, body func()) {
	rows := load("rows")
	// What is between the last eight tiles of a row and the next row.
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

// binary is x op y in a new vector.
func binary(op func(...Op), x, y Op) reg.VecVirtual {
	z := YMM()
	op(y, x, z)
	return z
}

func plus(x, y Op) reg.VecVirtual  { return binary(VADDPS, x, y) }
func minus(x, y Op) reg.VecVirtual { return binary(VSUBPS, x, y) }

// parity takes the even or the odd elements of two vectors.
func parity(x, y reg.VecVirtual, odd bool) reg.VecVirtual {
	which := uint64(0x88)
	if odd {
		which = 0xdd
	}
	z := YMM()
	VSHUFPS(Imm(which), y, x, z)
	VPERMPD(Imm(0xd8), z, z)
	return z
}

func read(m Mem) reg.VecVirtual {
	x := YMM()
	VMOVUPS(m, x)
	return x
}

// winogradInput writes the transform of the input.
func winogradInput() {
	TEXT("tilesOfInputAVX2", 0, "func(dst *float32, step int, image *float32, n, rows int)")
	Pragma("noescape")
	Doc("tilesOfInputAVX2 is tilesOfInput, where neither n nor rows is 0.")
	t := loadTiles("dst")
	image, n, width := load("image"), load("n"), GP64()
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
			line := func(byte int) reg.VecVirtual { return op(read(at(rows[0], byte)), at(rows[1], byte)) }
			x, y := line(0), line(32)
			a, b := parity(x, y, false), parity(x, y, true)
			x, y = line(8), line(40)
			c, d := parity(x, y, false), parity(x, y, true)
			for v, z := range []reg.VecVirtual{minus(a, c), plus(b, c), minus(c, b), minus(b, d)} {
				VMOVUPS(z, t.at(u, v))
			}
		}
	})
}

// winogradGradient writes the transform of the gradient.
func winogradGradient() {
	TEXT("tilesOfGradientAVX2", 0, "func(dst *float32, step int, image *float32, n, rows int)")
	Pragma("noescape")
	Doc("tilesOfGradientAVX2 is tilesOfGradient, where neither n nor rows is 0.")
	t := loadTiles("dst")
	image, n, width := load("image"), load("n"), GP64()
	MOVQ(n, width)
	SHLQ(Imm(3), width)
	sign := YMM()
	broadcast(1<<31, sign)
	negative := func(x reg.VecVirtual) reg.VecVirtual { return binary(VXORPS, sign, x) }
	t.alongTiles(n, image, width, func() {
		x, y := read(Mem{Base: image}), read(Mem{Base: image, Disp: 32})
		p, q := parity(x, y, false), parity(x, y, true)
		x, y = read(Mem{Base: image, Index: width, Scale: 1}), read(Mem{Base: image, Index: width, Scale: 1, Disp: 32})
		r, s := parity(x, y, false), parity(x, y, true)
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
	TEXT("outputOfTilesAVX2", 0, "func(image, src *float32, step, n, rows int, bias float32)")
	Pragma("noescape")
	Doc("outputOfTilesAVX2 is outputOfTiles, where neither n nor rows is 0.")
	t := loadTiles("src")
	image, n, width := load("image"), load("n"), GP64()
	MOVQ(n, width)
	SHLQ(Imm(3), width)
	bias := YMM()
	VBROADCASTSS(address("bias"), bias)
	t.alongTiles(n, image, width, func() {
		var p, q [4]reg.VecVirtual
		for v := range 4 {
			b, c := read(t.at(1, v)), read(t.at(2, v))
			p[v] = plus(plus(b, t.at(0, v)), c)
			q[v] = minus(minus(b, c), t.at(3, v))
		}
		for row, s := range [2][4]reg.VecVirtual{p, q} {
			even := plus(plus(plus(s[0], s[1]), s[2]), bias)
			odd := plus(minus(minus(s[1], s[2]), s[3]), bias)
			low, high := binary(VUNPCKLPS, even, odd), binary(VUNPCKHPS, even, odd)
			for half, which := range []uint64{0x20, 0x31} {
				z := YMM()
				VPERM2F128(Imm(which), high, low, z)
				m := Mem{Base: image, Disp: 32 * half}
				if row == 1 {
					m.Index, m.Scale = width, 1
				}
				VMOVUPS(z, m)
			}
		}
	})
}
