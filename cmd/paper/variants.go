package main

import (
	"fmt"
	"slices"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
)

// variantArm returns the arm of a method on a set whose settings are those at the
// given places of their spaces.
func variantArm(set variant.Set, m variant.Method, at []float64) arm {
	return arm{Name: variantName(set.Name, m.Name), Hidden: set.Units, Rate: variant.Rate.At(at[0]), Variant: variant.At(set, m, at)}
}

// variantName names an arm.
func variantName(set, method string) string { return fmt.Sprintf("%s, %s", set, method) }

var variantsStudy = study{
	name: "variants", title: "Variants of dropout on equal terms",
	source: "Not in one paper: each method is that of its own, tuned here with as many trials as every other",
	arms: func(budget) []arm {
		middle := slices.Repeat([]float64{0.5}, variant.Dimensions)
		var arms []arm
		for _, s := range variant.Sets() {
			for _, m := range s.Methods {
				arms = append(arms, variantArm(s, m, middle))
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
