// Command gen writes the assembly of package units and its Go declarations. Run it by go
// generate in package units.
package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/gorgonia-dropout/dropout/internal/kernel/assembly"
)

func main() { assembly.Write(amd64, nil) }

func amd64() {
	choose32()
	choose64()
}

// words packs bytes.
func words(all []byte) []uint32 {
	packed := make([]uint32, len(all)/4)
	for i, b := range all {
		packed[i/4] |= uint32(b) << (8 * (i % 4))
	}
	return packed
}

// Both tables have eight bytes for each byte of bits: where the lanes of the chosen
// elements, side by side, come from. Those that are left over come from lane 0.
var (
	order32 = assembly.Table("order32", words(order(8, 1))...)
	order64 = assembly.Table("order64", words(order(4, 2))...)
)

// order is a table for so many lanes, of some 32-bit words each.
func order(lanes, wide int) []byte {
	table := make([]byte, 8<<lanes)
	for chosen := range 1 << lanes {
		row := table[8*chosen:]
		for rest := chosen; rest > 0; rest &= rest - 1 {
			for w := range wide {
				row[w] = byte(wide*bits.TrailingZeros(uint(rest)) + w)
			}
			row = row[wide:]
		}
	}
	return table
}

func choose32() {
	assembly.Declare("choose32", "dst, src *float32, chosen *uint8, n, ahead int",
		"choose32 sets dst to the chosen elements of n groups, and writes at most eight of a group.",
		"It fetches what is so many bytes after each group of src.")
	dst, src, chosen := assembly.Argument("dst"), assembly.Argument("src"), assembly.Argument("chosen")
	n, ahead := assembly.Argument("n"), assembly.Argument("ahead")
	table := GP64()
	LEAQ(order32(), table)
	Label("loop")
	which, x := GP32(), YMM()
	PREFETCHT0(Mem{Base: src, Index: ahead, Scale: 1})
	MOVBLZX(Mem{Base: chosen}, which)
	VPMOVZXBD(Mem{Base: table, Index: which.As64(), Scale: 8}, x)
	VPERMPS(Mem{Base: src}, x, x)
	VMOVUPS(x, Mem{Base: dst})
	POPCNTL(which, which)
	LEAQ(Mem{Base: dst, Index: which.As64(), Scale: 4}, dst)
	ADDQ(Imm(32), src)
	INCQ(chosen)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func choose64() {
	assembly.Declare("choose64", "dst, src *float64, chosen *uint8, n, ahead int",
		"choose64 sets dst to the chosen elements of n groups, and writes at most eight of a group.",
		"It fetches what is so many bytes after each group of src.")
	dst, src, chosen := assembly.Argument("dst"), assembly.Argument("src"), assembly.Argument("chosen")
	n, ahead := assembly.Argument("n"), assembly.Argument("ahead")
	table := GP64()
	LEAQ(order64(), table)
	Label("loop")
	which := GP32()
	PREFETCHT0(Mem{Base: src, Index: ahead, Scale: 1})
	MOVBLZX(Mem{Base: chosen}, which)
	for half := range 2 {
		four, x := GP32(), YMM()
		MOVL(which, four)
		if half == 0 {
			ANDL(Imm(15), four)
		} else {
			SHRL(Imm(4), four)
		}
		VPMOVZXBD(Mem{Base: table, Index: four.As64(), Scale: 8}, x)
		VPERMPS(Mem{Base: src, Disp: 32 * half}, x, x)
		VMOVUPS(x, Mem{Base: dst})
		POPCNTL(four, four)
		LEAQ(Mem{Base: dst, Index: four.As64(), Scale: 8}, dst)
	}
	ADDQ(Imm(64), src)
	INCQ(chosen)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
