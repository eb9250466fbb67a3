package kernel

import "os"

// A path is one way to compute the kernels. All give the same bits.
type path uint8

const (
	generic path = iota // Go, on every machine
	avx2
	avx512
)

var pathNames = [...]string{generic: "generic", avx2: "avx2", avx512: "avx512"}

// active is the path of the exported functions. It is set once, before main.
var active = choose(os.Getenv("DROPOUT_KERNEL"), supported())

// Name returns the name of the path in use: "generic", "avx2" or "avx512". It
// is the best that the processor has, unless the environment variable
// DROPOUT_KERNEL named another one when the program started. A name that is
// unknown or that the processor lacks is taken as none.
func Name() string { return pathNames[active] }

// choose returns the named path if it is among the supported ones, else the
// last and best of them.
func choose(name string, supported []path) path {
	for _, p := range supported {
		if pathNames[p] == name {
			return p
		}
	}
	return supported[len(supported)-1]
}
