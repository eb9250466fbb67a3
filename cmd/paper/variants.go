package main

import (
	"fmt"
	"slices"
)

// The sets of the study of variants, as arms name them.
const (
	mnistSet       = "MNIST"
	opticksSet     = "opticks"
	transformerSet = "opticks with a Transformer"
)

// A variantSet is what methods are compared on: data, and a network, which has so many
// units in its hidden layers or in the blocks of a Transformer.
type variantSet struct {
	name            string
	inputs, classes int
	units           []int
	methods         []variantMethod
}

var variantSets = []variantSet{
	{mnistSet, pixels, classes, []int{256, 256}, variantMethods},
	{opticksSet, before * opticksKinds, opticksKinds, []int{256, 256}, variantMethods},
	{transformerSet, before * opticksKinds, opticksKinds, []int{64, 64, 64, 64}, blockMethods},
}

// variantSetNamed returns the set called name.
func variantSetNamed(name string) variantSet {
	return variantSets[slices.IndexFunc(variantSets, func(s variantSet) bool { return s.name == name })]
}

// opticksKinds is the number of kinds of characters in the book.
const opticksKinds = 91

// A variant is what an arm of the study is: a method, its settings, and the set
// that it is trained on.
type variant struct {
	Set      string    `json:"set"`
	Method   string    `json:"method"`
	Settings []float64 `json:"settings,omitempty"` // in the order of the method's
	Decay    float64   `json:"decay"`              // of the weights, decoupled from the gradient
}

// of returns the set of a variant.
func (v *variant) of() variantSet { return variantSetNamed(v.Set) }

// method returns the method of a variant.
func (v *variant) method() variantMethod {
	methods := v.of().methods
	return methods[slices.IndexFunc(methods, func(m variantMethod) bool { return m.name == v.Method })]
}

// variantArm returns the arm of a method on a set whose settings are those at the
// given places of their spaces.
func variantArm(set string, m variantMethod, at []float64) arm {
	v := &variant{Set: set, Method: m.name, Decay: decaySpace.at(at[1])}
	for i, s := range m.settings {
		v.Settings = append(v.Settings, s.at(at[2+i]))
	}
	return arm{Name: variantName(set, m.name), Hidden: variantSetNamed(set).units, Rate: rateSpace.at(at[0]), Variant: v}
}

// variantName names an arm.
func variantName(set, method string) string { return fmt.Sprintf("%s, %s", set, method) }

var variantsStudy = study{
	name: "variants", title: "Variants of dropout on equal terms",
	source: "Not in one paper: each method is that of its own, tuned here with as many trials as every other",
	arms: func(budget) []arm {
		middle := slices.Repeat([]float64{0.5}, dimensions)
		var arms []arm
		for _, s := range variantSets {
			for _, m := range s.methods {
				arms = append(arms, variantArm(s.name, m, middle))
			}
		}
		return arms
	},
	budgets: map[string]budget{
		"tiny":  {Images: 100, Test: 100, Updates: 2, Shrink: 64, Seeds: 2, Passes: 1, Trials: 2},
		"quick": {Images: 2000, Test: 10000, Updates: 800, Shrink: 4, Seeds: 3, Passes: 1, Trials: 3},
		"hours": {Images: 10000, Test: 10000, Updates: 3000, Shrink: 1, Seeds: 3, Passes: 1, Trials: 6},
		"full":  {Images: 10000, Test: 10000, Updates: 30000, Shrink: 1, Seeds: 10, Passes: 1, Trials: 20},
	},
	widths:   "two hidden layers of 256 units or four blocks of width 64",
	measures: sparseWeights, timed: true,
	choose:    (*studyRun).chosenVariants,
	summarize: variantSummary,
}
