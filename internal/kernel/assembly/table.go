package assembly

import (
	"sync"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Table returns read-only memory of 32-bit words, which is written once.
func Table(name string, words ...uint32) func() Mem {
	return sync.OnceValue(func() Mem {
		m := GLOBL(name, 8|16) // RODATA|NOPTR
		for i, w := range words {
			DATA(4*i, U32(w))
		}
		return m
	})
}

// Lanes holds the numbers of a vector's lanes.
var Lanes = Table("lanes", 0, 1, 2, 3, 4, 5, 6, 7)
