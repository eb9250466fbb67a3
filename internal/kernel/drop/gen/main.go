// Command gen writes the assembly of package drop and, for amd64, its Go
// declarations. Run it with go generate in package drop.
//
// Both amd64 instruction sets hold each 32-bit word of the Philox state in the
// low half of a 64-bit lane, where VPMULUDQ reads its factors and leaves the
// two halves of the product. The high halves hold anything.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, arm64) }

func amd64() {
	avx2Bits()
	avx512Bits()
	for _, streaming := range []bool{false, true} {
		for _, size := range []int{4, 8} {
			f := float{assembly.Float{Size: size}, streaming}
			avx2Apply(f)
			avx512Apply(f)
		}
	}
	avx2Words()
}

// groupSize is the number of elements of a group.
const groupSize = 64

// Multipliers of Philox.
const (
	m0 = 0xD2511F53
	m1 = 0xCD9E8D57
)

// Words of the schedule: see type schedule in package drop.
const (
	c2Round1 = iota
	c0Round2
	c2Round2
	c0Round3
	c2Round3
	round4
	words = round4 + 2*7
)

// float is an element type, and whether results bypass the caches.
type float struct {
	assembly.Float
	streaming bool
}

// store writes a vector.
func (f float) store(v, to Op) {
	switch {
	case !f.streaming:
		f.Move(v, to)
	case f.Size == 4:
		VMOVNTPS(v, to)
	default:
		VMOVNTPD(v, to)
	}
}

// function opens the function that applies a mask to elements.
func (f float) function(set string) {
	typ := f.String()
	name := typ + set
	doc := []string{name + " applies a mask to whole groups; see Apply."}
	if f.streaming {
		name = typ + "Stream" + set
		doc = []string{
			name + " is " + typ + set + " with stores past the caches: dst must be",
			"aligned to a vector and not overlap src.",
		}
	}
	assembly.Declare(name, "dst, src *"+typ+", groups int, block uint32, k *[19]uint32, t uint32, scale "+typ, doc...)
}

// bitsFunction opens the function that draws mask bits.
func bitsFunction(set string) {
	assembly.Declare("bits"+set, "dst *uint64, groups int, block uint32, k *[19]uint32, t uint32",
		"bits"+set+" draws the mask bits of groups; see Bits.")
}
