package kernel

import (
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// A path is the instruction set of the kernels. All give the same bits.
type path isa.Set

const (
	generic = path(isa.Generic)
	avx2    = path(isa.AVX2)
	avx512  = path(isa.AVX512)
)

// active is the path of the exported functions. It is set once, before main.
var active = choose(path(isa.Active()), supported())

// Name returns the name of the path in use: "generic", "avx2" or "avx512". It
// is that of the instruction set in use where it has kernels here, else "generic".
func Name() string { return active.String() }

func (p path) String() string { return isa.Set(p).String() }

// choose returns a path if there are kernels for it.
func choose(p path, supported []path) path {
	if slices.Contains(supported, p) {
		return p
	}
	return generic
}
