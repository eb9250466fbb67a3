// Command gen writes the assembly of package product: for amd64, with its Go declarations,
// and for arm64. Run it by go generate in package product.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, arm64) }

func amd64() {
	for _, m := range machines {
		m.tiles()
		m.transpose()
		m.copyRows()
		if m.set == "AVX2" {
			// Wider vectors would wait for memory as these do.
			m.sums()
			m.elementwise()
			m.prefetch()
			m.sparseRows()
			m.list()
		}
	}
}

// machine is an instruction set and an element type.
type machine struct {
	set   string
	width int // bytes of a vector
	assembly.Float
	rows int // of the largest tile
}

// machines have tiles that fill their 16 or 32 registers: rows times 2 vectors of sums,
// 2 vectors of b and 2 of copies of an element of a.
var machines = []machine{
	{"AVX2", 32, assembly.Float{Size: 4}, 6},
	{"AVX2", 32, assembly.Float{Size: 8}, 6},
	{"AVX512", 64, assembly.Float{Size: 4}, 14},
	{"AVX512", 64, assembly.Float{Size: 8}, 14},
}

// lanes is the number of elements of a vector.
func (m machine) lanes() int { return m.width / m.Size }

// function opens a function whose name begins so.
func (m machine) function(name, params string, doc ...string) {
	bits := "32"
	if m.Size == 8 {
		bits = "64"
	}
	name += bits + m.set
	doc[0] = name + " " + doc[0]
	assembly.Declare(name, params, doc...)
}

// vector is physical vector register i.
func (m machine) vector(i int) reg.VecPhysical {
	if m.width == 64 {
		return [...]reg.VecPhysical{
			reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
			reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
			reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
			reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
		}[i]
	}
	return [...]reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}[i]
}

// bytes reads a parameter that counts elements as a number of bytes.
func (m machine) bytes(name string) reg.GPVirtual {
	r := assembly.Argument(name)
	SHLQ(Imm(uint64(m.Size/4+1)), r)
	return r
}
