// Command gen writes the amd64 assembly of package kernel and its Go
// declarations. It is a module of its own, so that avo is no dependency of the
// library. Run it by go generate in package kernel.
//
// Both instruction sets hold each 32-bit word of the Philox state in the low
// half of a 64-bit lane, where VPMULUDQ reads its factors and leaves the two
// halves of the product, and let the high halves hold what they will.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	avx2Bits()
	avx512Bits()
	for _, f := range []float{{size: 4}, {size: 8}, {size: 4, streaming: true}, {size: 8, streaming: true}} {
		avx2Apply(f)
		avx512Apply(f)
	}
	for _, f := range []float{{size: 4}, {size: 8}} {
		biasReLU(f)
		biasReLUBack(f)
	}
	avx2Words()
	avx2Normals()
	winogradInput()
	winogradGradient()
	winogradOutput()
	maxPairs()
	maxPairsBack()
	Generate()
}

// groupSize is the number of elements of a group.
const groupSize = 64

// Multipliers of Philox.
const (
	m0 = 0xD2511F53
	m1 = 0xCD9E8D57
)

// Words of the schedule: see type schedule in package kernel.
const (
	c2Round1 = iota
	c0Round2
	c2Round2
	c0Round3
	c2Round3
	round4
	words = round4 + 2*7
)

// float is an element type of 4 or 8 bytes, and whether results go past the
// caches.
type float struct {
	size      int
	streaming bool
}

func (f float) String() string {
	if f.size == 4 {
		return "float32"
	}
	return "float64"
}

// op is the form of an instruction for the element type.
func (f float) op(single, double func(...Op)) func(...Op) {
	if f.size == 4 {
		return single
	}
	return double
}

// store writes a vector.
func (f float) store(v, to Op) {
	switch {
	case !f.streaming:
		f.op(VMOVUPS, VMOVUPD)(v, to)
	case f.size == 4:
		VMOVNTPS(v, to)
	default:
		VMOVNTPD(v, to)
	}
}

// function opens the function that applies a mask to elements.
func (f float) function(set string) {
	typ := f.String()
	name := typ + set
	doc := []string{name + " applies a mask to whole groups; see Float32."}
	if f.streaming {
		name = typ + "Stream" + set
		doc = []string{
			name + " is " + typ + set + " with stores past the caches: dst must be",
			"aligned to a vector and not overlap src.",
		}
	}
	TEXT(name, 0, "func(dst, src *"+typ+", groups int, block uint32, k *[19]uint32, t uint32, scale "+typ+")")
	Pragma("noescape")
	Doc(doc...)
}

// bitsFunction opens the function that draws mask bits.
func bitsFunction(set string) {
	TEXT("bits"+set, 0, "func(dst *uint64, groups int, block uint32, k *[19]uint32, t uint32)")
	Pragma("noescape")
	Doc("bits" + set + " draws the mask bits of groups; see Bits.")
}

// loop repeats body, which does per of n things, while so many are left.
func loop(name string, n reg.GPVirtual, per int, body func()) {
	Label(name)
	CMPQ(n, I8(per))
	JL(LabelRef(name + "_end"))
	body()
	SUBQ(I8(per), n)
	JMP(LabelRef(name))
	Label(name + "_end")
}

// broadcast sets v to copies of a 32-bit constant.
func broadcast(c uint32, v reg.VecVirtual) {
	r := GP32()
	MOVL(U32(c), r)
	spread(r, v)
}

// broadcastParam sets v to copies of a 32-bit parameter.
func broadcastParam(name string, v reg.VecVirtual) {
	r := GP32()
	Load(Param(name), r)
	spread(r, v)
}

func spread(r reg.GPVirtual, v reg.VecVirtual) {
	x := XMM()
	VMOVD(r, x)
	VPBROADCASTD(x, v)
}

// address is the memory of a parameter.
func address(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// load reads a parameter of 64 bits.
func load(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}
