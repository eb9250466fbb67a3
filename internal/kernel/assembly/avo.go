package assembly

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// begin opens a file for amd64, which the tag noasm excludes.
func begin() {
	ConstraintExpr("amd64")
	ConstraintExpr("!noasm")
}

// Declare opens a function that keeps no pointer.
func Declare(name, params string, doc ...string) {
	TEXT(name, 0, "func("+params+")")
	Pragma("noescape")
	Doc(doc...)
}

// Loop repeats body, which does per things, while at least per of n are left.
func Loop(name string, n reg.GPVirtual, per int, body func()) {
	Label(name)
	CMPQ(n, I8(per))
	JL(LabelRef(name + "_end"))
	body()
	SUBQ(I8(per), n)
	JMP(LabelRef(name))
	Label(name + "_end")
}

// Argument reads a 64-bit parameter.
func Argument(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// Address returns the memory of a parameter.
func Address(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// Broadcast sets v to copies of a 32-bit constant.
func Broadcast(c uint32, v reg.VecVirtual) {
	r := GP32()
	MOVL(U32(c), r)
	Spread(r, v)
}

// BroadcastParam sets v to copies of a 32-bit parameter.
func BroadcastParam(name string, v reg.VecVirtual) {
	r := GP32()
	Load(Param(name), r)
	Spread(r, v)
}

// Spread sets v to copies of a 32-bit register.
func Spread(r reg.GPVirtual, v reg.VecVirtual) {
	x := XMM()
	VMOVD(r, x)
	VPBROADCASTD(x, v)
}

// Binary returns x op y in a new vector.
func Binary(op func(...Op), x, y Op) reg.VecVirtual {
	z := YMM()
	op(y, x, z)
	return z
}

// Read returns a vector of float32 from memory.
func Read(m Mem) reg.VecVirtual {
	x := YMM()
	VMOVUPS(m, x)
	return x
}

// Parity returns the even or the odd elements of two vectors of float32.
func Parity(x, y reg.VecVirtual, odd bool) reg.VecVirtual {
	which := uint64(0x88)
	if odd {
		which = 0xdd
	}
	z := YMM()
	VSHUFPS(Imm(which), y, x, z)
	VPERMPD(Imm(0xd8), z, z)
	return z
}

// Interleave is the inverse of [Parity]: it returns the two vectors whose even
// elements are x and whose odd elements are y.
func Interleave(x, y reg.VecVirtual) [2]reg.VecVirtual {
	low, high := Binary(VUNPCKLPS, x, y), Binary(VUNPCKHPS, x, y)
	var z [2]reg.VecVirtual
	for half, which := range []uint64{0x20, 0x31} {
		z[half] = YMM()
		VPERM2F128(Imm(which), high, low, z[half])
	}
	return z
}

// end writes the file.
func end() { Generate() }
