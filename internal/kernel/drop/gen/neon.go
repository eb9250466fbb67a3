package main

import "github.com/gorgonia-dropout/dropout/internal/kernel/assembly"

// neon writes the functions for arm64. Each vector of the Philox state has one
// word of four blocks; a group has two chains of four.
type neon struct{ *assembly.NEON }

// Registers: the state of two chains (word j of chain c is in register 2j+c),
// the products of a round, and constants.
const (
	products = 8
	factor0  = 15 + iota
	factor1
	counters // of two chains
	_
	group
	key0
	key1
	limit
	factor  // of kept elements
	weights // of the bits of bytes
	spare   // and up
)

func arm64(w *assembly.NEON) {
	n := neon{w}
	n.bits()
	n.apply(assembly.S4)
	n.apply(assembly.D2)
	n.words()
}

func word(j, chain int) int { return 2*j + chain }

// open begins a function: register i holds parameter i, of 64 bits except for
// block, and R9 will hold the schedule.
func (n neon) open(name, params string, bytes, block int, k string) {
	n.Function(name, params, bytes)
	n.Do("MOVD $%#x, R10", m0)
	n.Do("VDUP R10, V%d.S4", factor0)
	n.Do("MOVD $%#x, R10", m1)
	n.Do("VDUP R10, V%d.S4", factor1)
	n.Do("MOVW block+%d(FP), R10", block)
	n.Do("VDUP R10, V%d.S4", counters)
	n.Constant(spare, 1<<32, 3<<32|2)
	n.Do("VADD V%d.S4, V%d.S4, V%[2]d.S4", spare, counters)
	n.Do("MOVD $4, R10")
	n.Do("VDUP R10, V%d.S4", group)
	n.Do("VADD V%d.S4, V%d.S4, V%d.S4", group, counters, counters+1)
	n.Do("VADD V%d.S4, V%[1]d.S4, V%[1]d.S4", group)
	n.Do("MOVD %s(FP), R8", k)
}

// key reads the next word of the schedule.
func (n neon) key(v int) { n.Do("VLD1R.P 4(R9), [V%d.S4]", v) }

// multiply sets the products of chain c, in four registers: those of x and the first
// factor, then of y and the second.
func (n neon) multiply(c, x, y int) {
	at := products + 4*c
	for half := range 2 {
		if x >= 0 {
			n.Products(at+half, x, factor0, half == 1)
		}
		if y >= 0 {
			n.Products(at+2+half, y, factor1, half == 1)
		}
	}
}

// low and high set d to the halves of the products of chain c and factor f.
func (n neon) low(d, c, f int) {
	at := products + 4*c + 2*f
	n.Do("VUZP1 V%d.S4, V%d.S4, V%d.S4", at+1, at, d)
}

func (n neon) high(d, c, f int) {
	at := products + 4*c + 2*f
	n.Do("VUZP2 V%d.S4, V%d.S4, V%d.S4", at+1, at, d)
}

// draw sets the state to the words of the next group.
func (n neon) draw() {
	n.Do("MOVD R8, R9")
	chains := func(f func(c int)) { f(0); f(1) }
	n.key(key0)
	chains(func(c int) {
		n.multiply(c, counters+c, -1)
		n.high(word(2, c), c, 0)
		n.low(word(3, c), c, 0)
		n.Xor(word(2, c), word(2, c), key0)
	})
	n.Do("VADD V%d.S4, V%d.S4, V%[2]d.S4", group, counters)
	n.Do("VADD V%d.S4, V%d.S4, V%[2]d.S4", group, counters+1)

	n.key(key0)
	n.key(key1)
	chains(func(c int) {
		n.multiply(c, -1, word(2, c))
		n.high(word(0, c), c, 1)
		n.low(word(1, c), c, 1)
		n.Xor(word(0, c), word(0, c), key0)
		n.Xor(word(2, c), word(3, c), key1)
	})

	for round := 3; round <= 10; round++ {
		n.key(key0)
		n.key(key1)
		chains(func(c int) { n.multiply(c, word(0, c), word(2, c)) })
		chains(func(c int) {
			n.high(word(0, c), c, 1)
			n.Xor(word(0, c), word(0, c), word(1, c))
			n.Xor(word(0, c), word(0, c), key0)
			n.low(word(1, c), c, 1)
			n.high(word(2, c), c, 0)
			if round > 3 {
				n.Xor(word(2, c), word(2, c), word(3, c))
			}
			n.Xor(word(2, c), word(2, c), key1)
			n.low(word(3, c), c, 0)
		})
	}
}

// kept sets all bits of the kept elements of d, the eight of half h of word j.
func (n neon) kept(d, j, h int) {
	n.Do("VUZP%d V%d.H8, V%d.H8, V%d.H8", 1+h, word(j, 1), word(j, 0), d)
	n.AtLeast(assembly.H8, d, d, limit)
}

// each repeats the body for all groups, whose number is in R10.
func (n neon) each(body func()) {
	n.Line("loop:")
	n.draw()
	body()
	n.Do("SUBS $1, R10, R10")
	n.Do("BNE loop")
	n.Do("RET")
}

func (n neon) threshold(at int) {
	n.Do("MOVW t+%d(FP), R10", at)
	n.Do("VDUP R10, V%d.H8", limit)
}

func (n neon) bits() {
	n.open("bitsNEON", "dst *uint64, groups int, block uint32, k *[19]uint32, t uint32", 36, 16, "k+24")
	n.threshold(32)
	n.Constant(weights, 0x8040201008040201, 0x8040201008040201)
	n.Do("MOVD dst+0(FP), R0")
	n.Do("MOVD groups+8(FP), R10")
	n.each(func() {
		for j := range 4 {
			n.kept(products+j, j, 0)
			n.kept(spare, j, 1)
			// Bytes of 16 elements.
			n.Do("VUZP1 V%d.B16, V%d.B16, V%[2]d.B16", spare, products+j)
			n.And(products+j, products+j, weights)
		}
		pairs := func(x, y, d int) { n.Do("VADDP V%d.B16, V%d.B16, V%d.B16", y, x, d) }
		pairs(products, products+1, products)
		pairs(products+2, products+3, products+1)
		pairs(products, products+1, products)
		pairs(products, products, products)
		n.Do("FMOVD F%d, (R0)", products)
		n.Do("ADD $8, R0")
	})
}

func (n neon) apply(a assembly.Arrangement) {
	// scale is at its own alignment after t.
	name, size, scale, move := "float32", 4, 44, "FMOVS"
	if a == assembly.D2 {
		name, size, scale, move = "float64", 8, 48, "FMOVD"
	}
	n.open(name+"NEON", "dst, src *"+name+", groups int, block uint32, k *[19]uint32, t uint32, scale "+name, scale+size, 24, "k+32")
	n.threshold(40)
	n.Do("%s scale+%d(FP), F%d", move, scale, factor)
	if size == 4 {
		n.Do("VDUP V%d.S[0], V%[1]d.S4", factor)
	} else {
		n.Do("VDUP V%d.D[0], V%[1]d.D2", factor)
	}
	n.Do("MOVD dst+0(FP), R0")
	n.Do("MOVD src+8(FP), R1")
	n.Do("MOVD groups+16(FP), R10")
	n.each(func() {
		for j := range 4 {
			for h := range 2 {
				n.kept(products, j, h)
				masks := []int{products + 1, products + 2}
				n.Signed(assembly.H8, masks[0], products, false)
				n.Signed(assembly.H8, masks[1], products, true)
				if size == 8 {
					masks = []int{products + 3, products + 4, products + 5, products + 6}
					for i := range masks {
						n.Signed(assembly.S4, masks[i], products+1+i/2, i%2 == 1)
					}
				}
				registers := len(masks)
				n.Do("VLD1.P %d(R1), %s", 16*registers, a.List(spare, registers))
				for i, mask := range masks {
					n.Mul(a, spare+i, spare+i, factor)
					n.And(spare+i, spare+i, mask)
				}
				n.Do("VST1.P %s, %d(R0)", a.List(spare, registers), 16*registers)
			}
		}
	})
}

func (n neon) words() {
	n.open("wordsNEON", "dst *uint32, groups int, block uint32, k *[19]uint32", 32, 16, "k+24")
	n.Do("MOVD dst+0(FP), R0")
	n.Do("MOVD groups+8(FP), R10")
	n.each(func() {
		n.Do("VST1.P %s, 64(R0)", assembly.S4.List(0, 4))
		n.Do("VST1.P %s, 64(R0)", assembly.S4.List(4, 4))
	})
}
