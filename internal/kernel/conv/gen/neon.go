package main

import "github.com/gorgonia-dropout/dropout/internal/kernel/assembly"

// arm64 writes the functions for arm64: four tiles at a time, and the last four
// again if their number is not a multiple of four.
func arm64(w *assembly.NEON) {
	n := neon{w}
	n.input()
	n.gradient()
	n.output()
}

type neon struct{ *assembly.NEON }

// Registers: R0 to R3 are at the rows of components, R4 and R5 are their step and three of
// it, R6 is at the image, R7 a row of it in bytes, R8 the number of tiles in a row, R9 of
// rows, and R20 and up for the moment.

// open begins a function whose parameters are the components, the image, n and rows.
func (n neon) open(name, params string, bytes int, tiles, image, step, count, rows string) {
	n.Function(name, params, bytes)
	n.Do("MOVD %s(FP), R0", tiles)
	n.Do("MOVD %s(FP), R4", step)
	n.Do("LSL $2, R4, R4")
	n.Do("ADD R4<<1, R4, R5")
	for u := range 3 {
		n.Do("ADD R4<<2, R%d, R%d", u, u+1)
	}
	n.Do("MOVD %s(FP), R6", image)
	n.Do("MOVD %s(FP), R8", count)
	n.Do("MOVD %s(FP), R9", rows)
}

// along repeats the body for the tiles of all rows, with R7 the length of an
// image row in bytes.
func (n neon) along(body func()) {
	n.Line("row:")
	n.Do("MOVD R8, R10")
	n.Do("MOVD R6, R11")
	for u := range 4 {
		n.Do("MOVD R%d, R%d", u, 12+u)
	}
	n.Line("four:")
	body()
	n.Do("SUBS $4, R10, R10")
	n.Do("BLE end")
	// By four, or by what is left.
	n.Do("MOVD $4, R20")
	n.Do("CMP R20, R10")
	n.Do("CSEL LT, R10, R20, R20")
	n.Do("ADD R20<<3, R11, R11")
	for u := range 4 {
		n.Do("ADD R20<<2, R%d, R%[1]d", 12+u)
	}
	n.Do("B four")
	n.Line("end:")
	n.Do("ADD R7<<1, R6, R6")
	for u := range 4 {
		n.Do("ADD R8<<2, R%d, R%[1]d", u)
	}
	n.Do("SUBS $1, R9, R9")
	n.Do("BNE row")
	n.Do("RET")
}

var four = assembly.S4

// component moves component 4u+v of four tiles: op is VLD1 or VST1.
func (n neon) component(u, v, register int, load bool) {
	at := 12 + u
	switch v {
	case 1:
		n.Do("ADD R4, R%d, R20", at)
	case 2:
		n.Do("ADD R4<<1, R%d, R20", at)
	case 3:
		n.Do("ADD R5, R%d, R20", at)
	}
	if v > 0 {
		at = 20
	}
	if load {
		n.Do("VLD1 (R%d), %s", at, four.List(register, 1))
	} else {
		n.Do("VST1 %s, (R%d)", four.List(register, 1), at)
	}
}

func (n neon) input() {
	n.open("inputVectors", "dst *float32, step int, image *float32, n, rows int", 40, "dst+0", "image+16", "step+8", "n+24", "rows+32")
	n.Do("ADD $1, R8, R7")
	n.Do("LSL $3, R7, R7")
	n.along(func() {
		// The elements 2i+j of row r of the image are in 4r+j.
		n.Do("MOVD R11, R20")
		for r := range 4 {
			n.Do("VLD2 (R20), %s", four.List(4*r, 2))
			n.Do("ADD $8, R20, R21")
			n.Do("VLD2 (R21), %s", four.List(4*r+2, 2))
			if r < 3 {
				n.Do("ADD R7, R20")
			}
		}
		const t = 16 // and three more
		for u, rows := range [4][2]int{{0, 2}, {1, 2}, {2, 1}, {1, 3}} {
			op := n.Sub
			if u == 1 {
				op = n.Add
			}
			for j := range 4 {
				op(four, t+j, 4*rows[0]+j, 4*rows[1]+j)
			}
			const z = 20
			n.Sub(four, z, t, t+2)
			n.Add(four, z+1, t+1, t+2)
			n.Sub(four, z+2, t+2, t+1)
			n.Sub(four, z+3, t+1, t+3)
			for v := range 4 {
				n.component(u, v, z+v, false)
			}
		}
	})
}

func (n neon) gradient() {
	n.open("gradientVectors", "dst *float32, step int, image *float32, n, rows int", 40, "dst+0", "image+16", "step+8", "n+24", "rows+32")
	n.Do("LSL $3, R8, R7")
	n.along(func() {
		const p, q, r, s, x, y, z = 0, 1, 2, 3, 4, 5, 6
		n.Do("VLD2 (R11), %s", four.List(p, 2))
		n.Do("ADD R7, R11, R20")
		n.Do("VLD2 (R20), %s", four.List(r, 2))
		line := func(u, x, y int) {
			n.component(u, 0, x, false)
			n.Add(four, z, x, y)
			n.component(u, 1, z, false)
			n.Sub(four, z, x, y)
			n.component(u, 2, z, false)
			n.Neg(four, z, y)
			n.component(u, 3, z, false)
		}
		line(0, p, q)
		n.Add(four, x, p, r)
		n.Add(four, y, q, s)
		line(1, x, y)
		n.Sub(four, x, p, r)
		n.Sub(four, y, q, s)
		line(2, x, y)
		n.Neg(four, x, r)
		n.Neg(four, y, s)
		line(3, x, y)
	})
}

func (n neon) output() {
	n.open("outputVectors", "image, src *float32, step, n, rows int, bias float32", 44, "src+8", "image+0", "step+16", "n+24", "rows+32")
	n.Do("LSL $3, R8, R7")
	const bias = 31
	n.Do("FMOVS bias+40(FP), F%d", bias)
	n.Do("VDUP V%d.S[0], V%[1]d.S4", bias)
	n.along(func() {
		const p, q, a = 0, 4, 16 // four of each
		for v := range 4 {
			for u := range 4 {
				n.component(u, v, a+u, true)
			}
			n.Add(four, p+v, a, a+1)
			n.Add(four, p+v, p+v, a+2)
			n.Sub(four, q+v, a+1, a+2)
			n.Sub(four, q+v, q+v, a+3)
		}
		n.Do("MOVD R11, R20")
		for row, s := range []int{p, q} {
			const even, odd = 20, 21
			n.Add(four, even, s, s+1)
			n.Add(four, even, even, s+2)
			n.Add(four, even, even, bias)
			n.Sub(four, odd, s+1, s+2)
			n.Sub(four, odd, odd, s+3)
			n.Add(four, odd, odd, bias)
			if row == 1 {
				n.Do("ADD R7, R20")
			}
			n.Do("VST2 %s, (R20)", four.List(even, 2))
		}
	})
}
