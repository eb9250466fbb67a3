// Package uci embeds five data sets for regression in a program, with the
// divisions into a training and a test part on which the literature compares
// methods: J. M. Hernández-Lobato and R. P. Adams, "Probabilistic
// Backpropagation for Scalable Learning of Bayesian Neural Networks", ICML 2015,
// and Y. Gal and Z. Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016.
//
// They are from the UCI Machine Learning Repository, under the Creative Commons
// Attribution 4.0 licence, which a program that embeds them must respect; see
// README.md beside this file.
package uci

import (
	"embed"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
)

//go:embed concrete energy power wine yacht
var files embed.FS

// A Set is a data set.
type Set struct {
	Name     string   // short, such as "concrete"
	Features []string // with their units, if they have one
	Target   string   // the number to predict
	Unit     string   // of the target, "" for none
}

// Sets returns all sets, by name.
func Sets() []Set { return []Set{Concrete(), Energy(), Power(), Wine(), Yacht()} }

// Concrete returns the set of 1,030 mixtures of concrete and their compressive
// strength (Yeh 1998).
func Concrete() Set {
	return Set{"concrete", []string{
		"cement, kg/m³", "blast furnace slag, kg/m³", "fly ash, kg/m³", "water, kg/m³", "superplasticizer, kg/m³",
		"coarse aggregate, kg/m³", "fine aggregate, kg/m³", "age, days",
	}, "compressive strength", "MPa"}
}

// Energy returns the set of 768 simulated buildings and the heat that they need
// (Tsanas and Xifara 2012).
func Energy() Set {
	return Set{"energy", []string{
		"relative compactness", "surface area, m²", "wall area, m²", "roof area, m²", "overall height, m", "orientation",
		"glazing area, share of the floor", "glazing area distribution",
	}, "heating load", "kWh/m²"}
}

// Power returns the set of 9,568 hours of a combined cycle power plant and its
// output (Tüfekci 2014).
func Power() Set {
	return Set{"power", []string{
		"temperature, °C", "exhaust vacuum, cmHg", "ambient pressure, mbar", "relative humidity, %",
	}, "electrical output", "MW"}
}

// Wine returns the set of 1,599 red wines and the quality, 0 to 10, that experts
// found (Cortez et al. 2009).
func Wine() Set {
	return Set{"wine", []string{
		"fixed acidity, g/l", "volatile acidity, g/l", "citric acid, g/l", "residual sugar, g/l", "chlorides, g/l",
		"free sulfur dioxide, mg/l", "total sulfur dioxide, mg/l", "density, g/ml", "pH", "sulphates, g/l", "alcohol, % by volume",
	}, "quality", ""}
}

// Yacht returns the set of 308 model yachts at several speeds and their residuary
// resistance per weight of displacement (Gerritsma et al. 1981).
func Yacht() Set {
	return Set{"yacht", []string{
		"longitudinal position of the centre of buoyancy", "prismatic coefficient", "length-displacement ratio",
		"beam-draught ratio", "length-beam ratio", "Froude number",
	}, "residuary resistance", ""}
}

// Load returns the examples in the order in which they were published. Each call
// returns a new table.
func (s Set) Load() (*datasets.Table, error) {
	data, err := files.Open(s.Name + "/data.csv")
	if err != nil {
		return nil, errors.Errorf("uci: Load: set must be one of Sets, got %q", s.Name)
	}
	defer data.Close()
	t, err := datasets.CSV{Targets: []string{"target"}}.Read(data)
	if err != nil {
		return nil, errors.WithMessagef(err, "uci: Load: %s", s.Name)
	}
	t.Columns, t.Targeted = slices.Clone(s.Features), []string{s.Target}
	return t, nil
}

// Splits returns the 20 published divisions into nine tenths to learn from and a
// tenth to test on. Part counts them from 0.
func (s Set) Splits() ([]datasets.Fold, error) {
	t, err := s.Load()
	if err != nil {
		return nil, err
	}
	lines, err := files.ReadFile(s.Name + "/test-splits.txt")
	if err != nil {
		return nil, errors.Wrap(err, "uci: Splits")
	}
	var folds []datasets.Fold
	for line := range strings.Lines(string(lines)) {
		f := datasets.Fold{Part: len(folds)}
		tested := make([]bool, t.Len())
		for _, word := range strings.Fields(line) {
			row, err := strconv.Atoi(word)
			if err != nil || row < 0 || row >= t.Len() || tested[row] {
				return nil, errors.Errorf("uci: Splits: %s: split %d must have different rows in [0, %d), got %q", s.Name, f.Part, t.Len(), word)
			}
			tested[row] = true
		}
		for row, test := range tested {
			if test {
				f.Test = append(f.Test, row)
			} else {
				f.Train = append(f.Train, row)
			}
		}
		folds = append(folds, f)
	}
	return folds, nil
}
