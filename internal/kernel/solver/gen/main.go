// Command gen writes the assembly of package solver and, for amd64, its Go
// declarations. Run it with go generate in package solver.
//
// As in the loops in Go, no multiplication is fused with an addition. The
// number of elements n is a positive multiple of 8.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, arm64) }

func amd64() {
	adam()
	momentum()
	momentumGroups()
	squares()
	addSquares()
	scaleBy()
}

// along repeats body for eight elements at a time: i counts the elements
// before.
func along(body func(i reg.GPVirtual)) {
	n, i := assembly.Argument("n"), GP64()
	XORQ(i, i)
	Label("loop")
	body(i)
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// constant returns copies of a parameter of float32.
func constant(name string) reg.VecVirtual {
	v := YMM()
	VBROADCASTSS(assembly.Address(name), v)
	return v
}

// at is the memory of float32 i.
func at(p, i reg.GPVirtual) Mem { return Mem{Base: p, Index: i, Scale: 4} }

// wide is the memory of float64 i.
func wide(p, i reg.GPVirtual) Mem { return Mem{Base: p, Index: i, Scale: 8} }

func times(x, y Op) reg.VecVirtual { return assembly.Binary(VMULPS, x, y) }

func adam() {
	assembly.Declare("adamVectors", "w, grad, m, v *float32, n int, step, beta1, beta2, rest1, rest2, eps float32",
		"adamVectors is Adam.update.")
	w, g, m, v := assembly.Argument("w"), assembly.Argument("grad"), assembly.Argument("m"), assembly.Argument("v")
	step, beta1, beta2 := constant("step"), constant("beta1"), constant("beta2")
	rest1, rest2, eps := constant("rest1"), constant("rest2"), constant("eps")
	along(func(i reg.GPVirtual) {
		d := assembly.Read(at(g, i))
		a := times(beta1, at(m, i))
		VADDPS(times(rest1, d), a, a)
		VMOVUPS(a, at(m, i))

		b := times(beta2, at(v, i))
		square := times(rest2, d)
		VMULPS(d, square, square)
		VADDPS(square, b, b)
		VMOVUPS(b, at(v, i))

		VSQRTPS(b, b)
		VADDPS(eps, b, b)
		VMULPS(step, a, a)
		VDIVPS(b, a, a)
		x := assembly.Read(at(w, i))
		VSUBPS(a, x, x)
		VMOVUPS(x, at(w, i))
	})
}

func momentum() {
	assembly.Declare("momentumVectors", "w, grad, v *float32, n int, lr, mu float32", "momentumVectors is momentum.")
	w, g, v := assembly.Argument("w"), assembly.Argument("grad"), assembly.Argument("v")
	lr, mu := constant("lr"), constant("mu")
	along(func(i reg.GPVirtual) {
		u := times(mu, at(v, i))
		VADDPS(at(g, i), u, u)
		VMOVUPS(u, at(v, i))
		VMULPS(lr, u, u)
		x := assembly.Read(at(w, i))
		VSUBPS(u, x, x)
		VMOVUPS(x, at(w, i))
	})
}

// four returns four elements of float32 as float64.
func four(m Mem) reg.VecVirtual {
	x := YMM()
	VCVTPS2PD(m, x)
	return x
}

func squares() {
	assembly.Declare("squaresVectors", "sums *float64, grad *float32, n int", "squaresVectors adds the squares of elements to eight sums in turn.")
	sums, g := assembly.Argument("sums"), assembly.Argument("grad")
	var sum [2]reg.VecVirtual
	for half := range sum {
		sum[half] = YMM()
		VMOVUPD(Mem{Base: sums, Disp: 32 * half}, sum[half])
	}
	n, i := assembly.Argument("n"), GP64()
	XORQ(i, i)
	Label("loop")
	for half := range sum {
		x := four(at(g, i).Offset(16 * half))
		VMULPD(x, x, x)
		VADDPD(x, sum[half], sum[half])
	}
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	for half := range sum {
		VMOVUPD(sum[half], Mem{Base: sums, Disp: 32 * half})
	}
	VZEROUPPER()
	RET()
}

func addSquares() {
	assembly.Declare("addSquaresVectors", "sums *float64, a, b, c, d *float32, n int",
		"addSquaresVectors adds the squares of the columns of four rows.")
	sums := assembly.Argument("sums")
	var rows [4]reg.GPVirtual
	for r, name := range []string{"a", "b", "c", "d"} {
		rows[r] = assembly.Argument(name)
	}
	along(func(i reg.GPVirtual) {
		for half := range 2 {
			var x [4]reg.VecVirtual
			for r := range x {
				x[r] = four(at(rows[r], i).Offset(16 * half))
				VMULPD(x[r], x[r], x[r])
			}
			VADDPD(x[1], x[0], x[0])
			VADDPD(x[3], x[2], x[2])
			VADDPD(x[2], x[0], x[0])
			to := wide(sums, i).Offset(32 * half)
			VADDPD(to, x[0], x[0])
			VMOVUPD(x[0], to)
		}
	})
}

func scaleBy() {
	assembly.Declare("scaleByVectors", "x *float32, by *float64, n int", "scaleByVectors multiplies elements in float64.")
	x, by := assembly.Argument("x"), assembly.Argument("by")
	along(func(i reg.GPVirtual) {
		for half := range 2 {
			p, to := four(at(x, i).Offset(16*half)), XMM()
			VMULPD(wide(by, i).Offset(32*half), p, p)
			VCVTPD2PSY(p, to)
			VMOVUPS(to, at(x, i).Offset(16*half))
		}
	})
}
