// Package concrete embeds the Concrete Compressive Strength data set in a program: 1,030
// mixtures of concrete, each with seven ingredients and its age, and the strength that was
// measured, for regression.
//
// I.-C. Yeh made it (UCI Machine Learning Repository, 2007, DOI 10.24432/C5PK67). It is
// available under the Creative Commons Attribution 4.0 licence, which a program that
// embeds it must respect; see README.md beside this file.
package concrete

import (
	_ "embed" // the data
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
)

//go:embed concrete.csv
var file string

//go:embed test-splits.txt
var splits string

// Load returns the 1,030 examples of shape (8) in the order in which they were published.
// The first seven features are in kg/m³, the age in days, and the number to predict, the
// strength, in MPa. Each call returns a new table.
func Load() (*datasets.Table, error) {
	t, err := datasets.CSV{Targets: []string{"target"}}.Read(strings.NewReader(file))
	if err != nil {
		return nil, errors.WithMessage(err, "concrete: Load")
	}
	t.Columns = []string{"cement", "blast furnace slag", "fly ash", "water", "superplasticizer", "coarse aggregate", "fine aggregate", "age"}
	t.Targeted = []string{"compressive strength"}
	return t, nil
}

// Splits returns the 20 published divisions into 927 examples to learn from and 103 to test
// on. Part counts them from 0.
func Splits() ([]datasets.Fold, error) {
	t, err := Load()
	if err != nil {
		return nil, err
	}
	var folds []datasets.Fold
	for line := range strings.Lines(splits) {
		f := datasets.Fold{Part: len(folds)}
		for _, word := range strings.Fields(line) {
			row, err := strconv.Atoi(word)
			if err != nil || row < 0 || row >= t.Len() || slices.Contains(f.Test, row) {
				return nil, errors.Errorf("concrete: Splits: split %d must have different rows in [0, %d), got %q", f.Part, t.Len(), word)
			}
			f.Test = append(f.Test, row)
		}
		slices.Sort(f.Test)
		for row := range t.Len() {
			if _, test := slices.BinarySearch(f.Test, row); !test {
				f.Train = append(f.Train, row)
			}
		}
		folds = append(folds, f)
	}
	return folds, nil
}
