// Package wdbc embeds the Breast Cancer Wisconsin (Diagnostic) data set in a
// program: 569 tumours, each with 30 numbers measured in microscopic images of
// its cells, and whether it was malignant or benign.
//
// W. Wolberg, O. Mangasarian, N. Street and W. Street made it (UCI Machine
// Learning Repository, 1993, DOI 10.24432/C5DW2B). It is available under the
// Creative Commons Attribution 4.0 licence, which a program that embeds it must
// respect; see README.md beside this file.
package wdbc

import (
	_ "embed" // the data
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
)

//go:embed wdbc.csv
var file string

// The classes.
const (
	Malignant = 0
	Benign    = 1
)

// measures are what was measured of each cell nucleus. A tumour is described by
// the mean over its nuclei, the standard error of that mean, and the mean of
// the three largest values, the "worst".
var measures = []string{
	"radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry", "fractal dimension",
}

// Load returns the 569 examples of shape (30), 212 malignant and 357 benign, in
// the order in which they were published. Each call returns a new table.
func Load() (*datasets.Table, error) {
	// The first line counts the rows and the columns.
	_, rows, _ := strings.Cut(file, "\n")
	t, err := datasets.CSV{Label: "31", NoHeader: true, Classes: []string{"0", "1"}}.Read(strings.NewReader(rows))
	if err != nil {
		return nil, errors.WithMessage(err, "wdbc: Load")
	}
	t.Columns = t.Columns[:0]
	for _, statistic := range []string{"mean ", "error of ", "worst "} {
		for _, m := range measures {
			t.Columns = append(t.Columns, statistic+m)
		}
	}
	t.Classes = []string{"malignant", "benign"}
	return t, nil
}
