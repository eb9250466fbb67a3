// Package isa chooses the instruction set of the kernels: once, at their first use, for
// all of them.
package isa

import (
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"
)

// Set is an instruction set for which there are kernels. All give the same bits.
type Set uint8

// The instruction sets.
const (
	Generic Set = iota // Go, on every machine
	AVX2               // with FMA
	AVX512             // F, BW, VL and DQ
	NEON
)

var names = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512", NEON: "neon"}

// String returns the name that DROPOUT_KERNEL knows: "generic", "avx2", "avx512" or
// "neon".
func (s Set) String() string { return names[s] }

// variable is the environment variable that chooses the set.
const variable = "DROPOUT_KERNEL"

var active = sync.OnceValue(func() Set { return Choose(os.Getenv(variable), Supported()) })

// Active returns the set in use: the best that the processor has, unless the
// environment variable DROPOUT_KERNEL names another one at the first call. A name that
// is unknown or that the processor lacks is taken as none: see CheckChoice. A program
// built with the tag noasm has Generic alone.
func Active() Set { return active() }

// Choose returns the named set if it is among the supported ones, else the last and
// best of them.
func Choose(name string, supported []Set) Set {
	for _, s := range supported {
		if s.String() == name {
			return s
		}
	}
	return supported[len(supported)-1]
}

// CheckChoice returns an error if the environment variable DROPOUT_KERNEL names a set
// that is unknown or that the processor lacks. Commands call it, so that nobody
// measures other kernels than those asked for.
func CheckChoice() error { return checkChoice(os.Getenv(variable), Supported()) }

func checkChoice(name string, supported []Set) error {
	var names []string
	for _, s := range supported {
		names = append(names, s.String())
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return errors.Errorf("%s must be one of %s on this processor, got %.80q", variable, strings.Join(names, ", "), name)
}
