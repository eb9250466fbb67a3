package main

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/datasets/uci"
)

// The study of regression on UCI sets: Gal and Ghahramani 2016, table 1, in the
// form in which the authors ran it again in 2018: dropout on the inputs too, a
// longer training, and the published splits of Hernández-Lobato and Adams 2015.
const (
	uciName   = "uci"
	uciTitle  = "Regression with Monte Carlo dropout"
	uciSource = "Gal and Ghahramani 2016, table 1; numbers of the authors' rerun of 2018"
)

// Of the published experiment: one hidden layer of ReLU units, and batches for
// Adam with its usual learning rate. Weights decay by
// lengthScale²·(1-p)/(examples·tau).
const (
	uciUnits    = 50
	uciBatch    = 128
	uciRate     = 1e-3
	lengthScale = 0.01
)

// A uciBudget says how much is trained.
type uciBudget struct {
	Splits int // of the 20
	Epochs int
	Passes int // of Monte Carlo dropout
}

var uciBudgets = map[string]uciBudget{
	"tiny":  {Splits: 2, Epochs: 4, Passes: 8}, // for tests
	"quick": {Splits: 2, Epochs: 400, Passes: 500},
	"hours": {Splits: 20, Epochs: 4000, Passes: 10000},
	"full":  {Splits: 20, Epochs: 4000, Passes: 10000},
}

// A score is how good the predictions of a test part are.
type score struct {
	RMSE          float64 `json:"rmse"`           // in the target's unit
	LogLikelihood float64 `json:"log_likelihood"` // mean over the examples
}

// A uciSet is a data set with the values of tau, the precision of the noise, to
// choose from, and what Monte Carlo dropout has reached: mean and standard error
// over the splits.
type uciSet struct {
	uci.Set
	taus              []float64
	paper, paperError score
}

var uciSets = []uciSet{
	{uci.Concrete(), []float64{0.025, 0.05, 0.075}, score{4.82, -2.93}, score{0.16, 0.02}},
	{uci.Energy(), []float64{0.25, 0.5, 0.75}, score{0.54, -1.21}, score{0.06, 0.01}},
	{uci.Power(), []float64{0.05, 0.1, 0.15}, score{4.01, -2.80}, score{0.04, 0.01}},
	{uci.Wine(), []float64{2.5, 3, 3.5}, score{0.62, -0.93}, score{0.01, 0.01}},
	{uci.Yacht(), []float64{0.25, 0.5, 0.75}, score{0.67, -1.25}, score{0.05, 0.01}},
}

// A uciMethod is a way to train and predict, and the drop probabilities to
// choose from.
type uciMethod struct {
	name string
	ps   []float64
}

const (
	withoutDropout    = "without dropout"
	monteCarloDropout = "MC dropout"
)

var uciMethods = []uciMethod{
	{withoutDropout, []float64{0}},
	{monteCarloDropout, []float64{0.005, 0.01, 0.05, 0.1}},
}

// candidates returns the trainings among which the settings of a method are
// chosen for a split: on four fifths of its training part, measured on the rest.
func (m uciMethod) candidates(s uciSet, split int, b uciBudget, seed uint64) []uciTrial {
	var all []uciTrial
	for _, p := range m.ps {
		for _, tau := range s.taus {
			all = append(all, uciTrial{
				Version: version, Set: s.Name, Method: m.name, Split: split, P: p, Tau: tau, Epochs: b.Epochs, Passes: b.Passes, Seed: seed, Held: true,
			})
		}
	}
	return all
}

// A uciTrial is one training: everything that its record depends on.
type uciTrial struct {
	Version int     `json:"version"`
	Set     string  `json:"set"`
	Method  string  `json:"method"`
	Split   int     `json:"split"` // from 0
	P       float64 `json:"p"`
	Tau     float64 `json:"tau"`
	Epochs  int     `json:"epochs"`
	Passes  int     `json:"passes"`
	Seed    uint64  `json:"seed"`
	Held    bool    `json:"held"` // measured on a held-out part of the training part instead of the test part
}

func (t uciTrial) String() string {
	part := "test"
	if t.Held {
		part = "held out"
	}
	return fmt.Sprintf("%s, split %d, %s, p %g, tau %g, %s", t.Set, t.Split, t.Method, t.P, t.Tau, part)
}
