package main

import "github.com/gorgonia-dropout/dropout/internal/kernel/assembly"

// arm64 writes the functions for arm64, eight elements at a time as well.
func arm64(n *assembly.NEON) {
	adamNEON(n)
	momentumNEON(n)
	squaresNEON(n)
	addSquaresNEON(n)
	scaleByNEON(n)
}

// loop repeats the body for every eight elements; register count holds their
// number.
func loop(n *assembly.NEON, count string, body func()) {
	n.Line("loop:")
	body()
	n.Do("SUBS $8, %s, %[1]s", count)
	n.Do("BNE loop")
}

// constants reads parameters of float32 into registers, from an offset on.
func constants(n *assembly.NEON, first, offset int, names ...string) {
	for i, name := range names {
		n.Do("FMOVS %s+%d(FP), F%d", name, offset+4*i, first+i)
		n.Do("VDUP V%d.S[0], V%[1]d.S4", first+i)
	}
}

// read and write move eight elements of float32 from or to a pointer; write
// advances it.
func read(n *assembly.NEON, p string, v int) { n.Do("VLD1 (%s), %s", p, assembly.S4.List(v, 2)) }

func write(n *assembly.NEON, p string, v int) { n.Do("VST1.P %s, 32(%s)", assembly.S4.List(v, 2), p) }

func adamNEON(n *assembly.NEON) {
	n.Function("adamVectors", "w, grad, m, v *float32, n int, step, beta1, beta2, rest1, rest2, eps float32", 64)
	n.Arguments("w+0", "grad+8", "m+16", "v+24", "n+32")
	const step, beta1, beta2, rest1, rest2, eps = 16, 17, 18, 19, 20, 21
	constants(n, step, 40, "step", "beta1", "beta2", "rest1", "rest2", "eps")
	a := assembly.S4
	loop(n, "R4", func() {
		const w, g, m, v, t = 0, 2, 4, 6, 8
		read(n, "R0", w)
		n.Do("VLD1.P 32(R1), %s", a.List(g, 2))
		read(n, "R2", m)
		read(n, "R3", v)
		for i := range 2 {
			n.Mul(a, m+i, beta1, m+i)
			n.Mul(a, t+i, rest1, g+i)
			n.Add(a, m+i, m+i, t+i)

			n.Mul(a, v+i, beta2, v+i)
			n.Mul(a, t+i, rest2, g+i)
			n.Mul(a, t+i, t+i, g+i)
			n.Add(a, v+i, v+i, t+i)

			n.Sqrt(a, t+i, v+i)
			n.Add(a, t+i, t+i, eps)
			n.Mul(a, g+i, step, m+i)
			n.Div(a, g+i, g+i, t+i)
			n.Sub(a, w+i, w+i, g+i)
		}
		write(n, "R0", w)
		write(n, "R2", m)
		write(n, "R3", v)
	})
	n.Do("RET")
}

func momentumNEON(n *assembly.NEON) {
	n.Function("momentumVectors", "w, grad, v *float32, n int, lr, mu float32", 40)
	n.Arguments("w+0", "grad+8", "v+16", "n+24")
	const lr, mu = 16, 17
	constants(n, lr, 32, "lr", "mu")
	a := assembly.S4
	loop(n, "R3", func() {
		const w, g, v = 0, 2, 4
		read(n, "R0", w)
		n.Do("VLD1.P 32(R1), %s", a.List(g, 2))
		read(n, "R2", v)
		for i := range 2 {
			n.Mul(a, v+i, mu, v+i)
			n.Add(a, v+i, v+i, g+i)
			n.Mul(a, g+i, lr, v+i)
			n.Sub(a, w+i, w+i, g+i)
		}
		write(n, "R0", w)
		write(n, "R2", v)
	})
	n.Do("RET")
}

// wideSquares reads eight elements, moves on, and sets four registers to their squares.
func wideSquares(n *assembly.NEON, p string, v, spare int) {
	n.Do("VLD1.P 32(%s), %s", p, assembly.S4.List(spare, 2))
	for i := range 4 {
		n.Widen(v+i, spare+i/2, i%2 == 1)
		n.Mul(assembly.D2, v+i, v+i, v+i)
	}
}

func squaresNEON(n *assembly.NEON) {
	n.Function("squaresVectors", "sums *float64, grad *float32, n int", 24)
	n.Arguments("sums+0", "grad+8", "n+16")
	n.Do("VLD1 (R0), %s", assembly.D2.List(0, 4))
	loop(n, "R2", func() {
		wideSquares(n, "R1", 4, 8)
		for i := range 4 {
			n.Add(assembly.D2, i, i, 4+i)
		}
	})
	n.Do("VST1 %s, (R0)", assembly.D2.List(0, 4))
	n.Do("RET")
}

func addSquaresNEON(n *assembly.NEON) {
	n.Function("addSquaresVectors", "sums *float64, a, b, c, d *float32, n int", 48)
	n.Arguments("sums+0", "a+8", "b+16", "c+24", "d+32", "n+40")
	a := assembly.D2
	loop(n, "R5", func() {
		for row, p := range []string{"R1", "R2", "R3", "R4"} {
			wideSquares(n, p, 4*row, 20)
		}
		n.Do("VLD1 (R0), %s", a.List(16, 4))
		for i := range 4 {
			n.Add(a, i, i, 4+i)
			n.Add(a, 8+i, 8+i, 12+i)
			n.Add(a, i, i, 8+i)
			n.Add(a, 16+i, i, 16+i)
		}
		n.Do("VST1.P %s, 64(R0)", a.List(16, 4))
	})
	n.Do("RET")
}

func scaleByNEON(n *assembly.NEON) {
	n.Function("scaleByVectors", "x *float32, by *float64, n int", 24)
	n.Arguments("x+0", "by+8", "n+16")
	a := assembly.D2
	loop(n, "R2", func() {
		read(n, "R0", 0)
		n.Do("VLD1.P 64(R1), %s", a.List(4, 4))
		for i := range 4 {
			n.Widen(2, i/2, i%2 == 1)
			n.Mul(a, 4+i, 2, 4+i)
		}
		for i := range 4 {
			n.Narrow(i/2, 4+i, i%2 == 1)
		}
		write(n, "R0", 0)
	})
	n.Do("RET")
}
