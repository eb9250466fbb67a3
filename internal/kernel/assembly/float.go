package assembly

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Float is an element type of Size bytes, 4 or 8.
type Float struct{ Size int }

// String returns the name of the Go type.
func (f Float) String() string {
	if f.Size == 4 {
		return "float32"
	}
	return "float64"
}

// Op returns the form of an instruction for the element type.
func (f Float) Op(single, double func(...Op)) func(...Op) {
	if f.Size == 4 {
		return single
	}
	return double
}

// Move moves a vector between a register and memory.
func (f Float) Move(from, to Op) { f.Op(VMOVUPS, VMOVUPD)(from, to) }
