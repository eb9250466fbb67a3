// Package variant has the networks with variants of dropout that are compared on equal terms,
// the spaces of their settings, and the text that some learn from.
package variant

import "slices"

// The sets of the study of variants, as arms name them.
const (
	MNIST       = "MNIST"
	Opticks     = "opticks"
	Transformer = "opticks with a Transformer"
)

// A Set is what methods are compared on: data, and a network, which has so many
// units in its hidden layers or in the blocks of a Transformer.
type Set struct {
	Name            string
	Inputs, Classes int
	Units           []int
	Methods         []Method
}

var sets = []Set{
	{MNIST, 28 * 28, 10, []int{256, 256}, methods},
	{Opticks, Before * opticksKinds, opticksKinds, []int{256, 256}, methods},
	{Transformer, Before * opticksKinds, opticksKinds, []int{64, 64, 64, 64}, blockMethods},
}

// Sets returns all sets.
func Sets() []Set { return slices.Clone(sets) }

// SetNamed returns the set called name, which must be one.
func SetNamed(name string) Set {
	return sets[slices.IndexFunc(sets, func(s Set) bool { return s.Name == name })]
}

// Method returns the method of a set that is called name, which must be one.
func (s Set) Method(name string) Method {
	return s.Methods[slices.IndexFunc(s.Methods, func(m Method) bool { return m.Name == name })]
}

// opticksKinds is the number of kinds of characters in the book.
const opticksKinds = 91
