package main

import "github.com/gorgonia-dropout/dropout/internal/kernel/assembly"

// arm64 writes the functions for arm64, for multiples of four results.
func arm64(n *assembly.NEON) {
	maxPairsNEON(n)
	maxPairsBackNEON(n)
}

// loop repeats the body for every four results; register count holds their
// number.
func loop(n *assembly.NEON, count string, body func()) {
	n.Line("loop:")
	body()
	n.Do("SUBS $4, %s, %[1]s", count)
	n.Do("BNE loop")
	n.Do("RET")
}

func maxPairsNEON(n *assembly.NEON) {
	n.Function("maxPairsNEON", "y, x *float32, width, n int", 32)
	n.Arguments("y+0", "x+8", "width+16", "n+24")
	n.Do("ADD R2<<2, R1, R2")
	a := assembly.S4
	loop(n, "R3", func() {
		// The even elements are in one register, the odd ones in the next.
		n.Do("VLD2.P 32(R1), %s", a.List(0, 2))
		n.Do("VLD2.P 32(R2), %s", a.List(2, 2))
		n.Max(a, 0, 0, 1)
		n.Max(a, 2, 2, 3)
		n.Max(a, 0, 0, 2)
		n.Do("VST1.P %s, 16(R0)", a.List(0, 1))
	})
}

func maxPairsBackNEON(n *assembly.NEON) {
	n.Function("maxPairsBackNEON", "dx, x, y, dy *float32, width, n int", 48)
	n.Arguments("dx+0", "x+8", "y+16", "dy+24", "width+32", "n+40")
	n.Do("ADD R4<<2, R0, R6")
	n.Do("ADD R4<<2, R1, R7")
	a := assembly.S4
	const elements, largest, g, left, same, nan, share = 0, 4, 5, 6, 7, 16, 20
	loop(n, "R5", func() {
		n.Do("VLD2.P 32(R1), %s", a.List(elements, 2))
		n.Do("VLD2.P 32(R7), %s", a.List(elements+2, 2))
		n.Do("VLD1.P 16(R2), %s", a.List(largest, 1))
		n.Do("VLD1.P 16(R3), %s", a.List(g, 1))
		// left are the results whose place is not an earlier one: the first that is equal
		// or NaN, else the last.
		n.Do("VCMEQ V%d.S4, V%[1]d.S4, V%d.S4", g, left)
		for i := range 3 {
			e := elements + i
			n.Equal(a, same, e, largest)
			n.Equal(a, nan, e, e)
			n.OrNot(same, same, nan)
			n.And(same, same, left)
			n.AndNot(left, left, same)
			n.And(share+i, same, g)
		}
		n.And(share+3, left, g)
		n.Do("VST2.P %s, 32(R0)", a.List(share, 2))
		n.Do("VST2.P %s, 32(R6)", a.List(share+2, 2))
	})
}
