package kernel

import (
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// A path is one way to compute the kernels. All give the same bits.
type path uint8

const (
	generic path = iota // Go, on every machine
	avx2
	avx512
)

var pathNames = [...]string{generic: "generic", avx2: "avx2", avx512: "avx512"}

// active is the path of the exported functions. It is set once, before main.
var active = choose(os.Getenv(variable), supported())

// variable is the environment variable that chooses the path.
const variable = "DROPOUT_KERNEL"

// Name returns the name of the path in use: "generic", "avx2" or "avx512". It
// is the best that the processor has, unless the environment variable
// DROPOUT_KERNEL named another one when the program started. A name that is
// unknown or that the processor lacks is taken as none: see CheckChoice.
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

// CheckChoice returns an error if the environment variable DROPOUT_KERNEL names a
// path that is unknown or that the processor lacks. Commands call it, so that nobody
// measures another path than the one asked for.
func CheckChoice() error { return checkChoice(os.Getenv(variable), supported()) }

func checkChoice(name string, supported []path) error {
	var names []string
	for _, p := range supported {
		names = append(names, pathNames[p])
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return errors.Errorf("%s must be one of %s on this processor, got %.80q", variable, strings.Join(names, ", "), name)
}
