// Package regression is the study of regression on UCI sets: Gal and Ghahramani 2016, table
// 1, in the form in which the authors ran it again in 2018: dropout on the inputs too, a
// longer training, and the published splits of Hernández-Lobato and Adams 2015.
// Lakshminarayanan, Pritzel and Blundell 2017, table 1, has deep ensembles on these splits.
package regression

import (
	"fmt"
	"math"
	"slices"

	"github.com/gorgonia-dropout/dropout/datasets/uci"
)

// What the study is called, what it is about, and where it is published.
const (
	Name   = "uci"
	Title  = "Regression with Monte Carlo dropout"
	Source = "Gal and Ghahramani 2016, table 1, with the numbers of the authors' rerun of 2018; Lakshminarayanan, Pritzel and Blundell 2017, table 1; Gal, Hron and Kendall 2017"
)

// Of the published experiment: one hidden layer of ReLU units, and batches for
// Adam with its usual learning rate. Weights decay by
// lengthScale²·(1-p)/(examples·tau).
const (
	hiddenUnits = 50
	batchSize   = 128
	adamRate    = 1e-3
	lengthScale = 0.01
)

// glorotUniform are the weights that networks have at first in the published experiment,
// those of Keras (Glorot and Bengio 2010). To a hidden unit of few inputs they are a third
// of He's.
const glorotUniform = "Glorot uniform"

// A Budget says how much is trained.
type Budget struct {
	Splits int // of the 20
	Epochs int // of networks that predict no variance
	Passes int // of Monte Carlo dropout
	// Short holds the epochs to choose from for networks that predict their
	// variance: the 40 of the deep ensembles' paper, and ten times as many. The
	// longer is that of concrete dropout, but for large sets.
	Short [2]int
}

var budgets = map[string]Budget{
	"tiny":  {Splits: 2, Epochs: 4, Passes: 8, Short: [2]int{1, 2}}, // for tests
	"quick": {Splits: 2, Epochs: 400, Passes: 500, Short: [2]int{40, 400}},
	"hours": {Splits: 20, Epochs: 4000, Passes: 10000, Short: [2]int{40, 400}},
	"full":  {Splits: 20, Epochs: 4000, Passes: 10000, Short: [2]int{40, 400}},
}

// BudgetNamed returns the budget called quick, hours, full or, for tests, tiny.
func BudgetNamed(name string) Budget { return budgets[name] }

// A Score is how good the predictions of a test part are.
type Score struct {
	RMSE          float64 `json:"rmse"`           // in the target's unit
	LogLikelihood float64 `json:"log_likelihood"` // mean over the examples
}

// A published result is the mean and the standard error over the splits.
type published struct{ mean, err Score }

// A Set is a data set with the values of tau, the precision of the noise, to
// choose from, and what was published of Monte Carlo dropout and of deep
// ensembles.
type Set struct {
	uci.Set
	taus      []float64
	published map[string]published // by method
	// large is for a set on which concrete dropout is trained for the fewer
	// epochs: they are as many updates as the other sets get.
	large bool
}

var allSets = []Set{
	{Set: uci.Concrete(), taus: []float64{0.025, 0.05, 0.075}, published: reached(
		Score{4.82, -2.93}, Score{0.16, 0.02}, Score{6.03, -3.06}, Score{0.58, 0.18})},
	{Set: uci.Energy(), taus: []float64{0.25, 0.5, 0.75}, published: reached(
		Score{0.54, -1.21}, Score{0.06, 0.01}, Score{2.09, -1.38}, Score{0.29, 0.22})},
	{Set: uci.Power(), large: true, taus: []float64{0.05, 0.1, 0.15}, published: reached(
		Score{4.01, -2.80}, Score{0.04, 0.01}, Score{4.11, -2.79}, Score{0.17, 0.04})},
	{Set: uci.Wine(), taus: []float64{2.5, 3, 3.5}, published: reached(
		Score{0.62, -0.93}, Score{0.01, 0.01}, Score{0.64, -0.94}, Score{0.04, 0.12})},
	{Set: uci.Yacht(), taus: []float64{0.25, 0.5, 0.75}, published: reached(
		Score{0.67, -1.25}, Score{0.05, 0.01}, Score{1.58, -1.18}, Score{0.48, 0.21})},
}

// SetsNamed returns the sets with the given names, all if there are no names.
func SetsNamed(names []string) (all []Set) {
	for _, s := range allSets {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			all = append(all, s)
		}
	}
	return all
}

// SetNames returns the names of all sets.
func SetNames() []string { return names(allSets) }

func names(sets []Set) (all []string) {
	for _, s := range sets {
		all = append(all, s.Name)
	}
	return all
}

// reached returns what was published of the methods. What the deep ensembles'
// paper writes behind ± are standard deviations over the splits: its column of
// Monte Carlo dropout has the standard errors of Gal and Ghahramani times √20.
func reached(dropout, dropoutError, ensembles, ensemblesDeviation Score) map[string]published {
	root := math.Sqrt(publishedSplits)
	return map[string]published{
		monteCarloDropout: {dropout, dropoutError},
		deepEnsemble:      {ensembles, Score{ensemblesDeviation.RMSE / root, ensemblesDeviation.LogLikelihood / root}},
	}
}

// publishedSplits is the number of splits of each set.
const publishedSplits = 20

// version changes when records of old trials become useless.
const version = 1

// A Trial is one training: everything that its record depends on.
type Trial struct {
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

	// Init is glorotUniform, or "" for He's normal weights.
	Init string `json:"init,omitempty"`

	// Of networks that predict their variance.
	Rate    float64 `json:"rate,omitempty"`    // of Adam
	Members int     `json:"members,omitempty"` // of an ensemble
}

func (t Trial) String() string {
	part := "test"
	if t.Held {
		part = "held out"
	}
	settings := fmt.Sprintf("p %g, tau %g", t.P, t.Tau)
	if t.Init != "" {
		settings += ", " + t.Init
	}
	if t.Rate > 0 {
		settings = fmt.Sprintf("%d epochs, rate %g", t.Epochs, t.Rate)
	}
	return fmt.Sprintf("%s, split %d, %s, %s, %s", t.Set, t.Split, t.Method, settings, part)
}
