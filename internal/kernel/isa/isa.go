// Package isa chooses the instruction set of the kernels: once for all of them,
// when one is first used.
package isa

import (
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"
)

// Set is an instruction set that kernels are written for. All sets give the
// same bits.
type Set uint8

// The instruction sets.
const (
	Generic Set = iota // Go, on every machine
	AVX2               // with FMA and POPCNT
	AVX512             // F, BW, VL and DQ
	NEON
)

var names = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512", NEON: "neon"}

// String returns the name of the set in DROPOUT_KERNEL: "generic", "avx2",
// "avx512" or "neon".
func (s Set) String() string { return names[s] }

// Variable is the environment variable that chooses the set.
const Variable = "DROPOUT_KERNEL"

var active = sync.OnceValue(func() Set { return Choose(os.Getenv(Variable), Supported()) })

// Active returns the set in use: the best that the processor has, unless the
// environment variable DROPOUT_KERNEL names another one at the first call. A
// name that is unknown or that the processor lacks is ignored; [CheckChoice]
// reports it. A program built with the tag noasm has [Generic] only.
func Active() Set { return active() }

// Choose returns the named set if it is supported, else the last and best of
// the supported ones.
func Choose(name string, supported []Set) Set {
	for _, s := range supported {
		if s.String() == name {
			return s
		}
	}
	return supported[len(supported)-1]
}

// CheckChoice returns an error if the environment variable DROPOUT_KERNEL names
// a set that is unknown or that the processor lacks. Commands call it, so that
// nobody measures other kernels than those asked for.
func CheckChoice() error { return checkChoice(os.Getenv(Variable), Supported()) }

func checkChoice(name string, supported []Set) error {
	var names []string
	for _, s := range supported {
		names = append(names, s.String())
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return errors.Errorf("%s must be one of %s on this processor, got %.80q", Variable, strings.Join(names, ", "), name)
}
