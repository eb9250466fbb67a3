package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/datasets/uci"
)

// The study of regression on UCI sets: Gal and Ghahramani 2016, table 1, in the
// form in which the authors ran it again in 2018: dropout on the inputs too, a
// longer training, and the published splits of Hernández-Lobato and Adams 2015.
// Lakshminarayanan, Pritzel and Blundell 2017, table 1, has deep ensembles on
// these splits.
const (
	uciName   = "uci"
	uciTitle  = "Regression with Monte Carlo dropout"
	uciSource = "Gal and Ghahramani 2016, table 1, with the numbers of the authors' rerun of 2018; Lakshminarayanan, Pritzel and Blundell 2017, table 1; Gal, Hron and Kendall 2017"
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

// glorotUniform are the weights that networks have at first in the published experiment,
// those of Keras (Glorot and Bengio 2010). To a hidden unit of few inputs they are a third
// of He's.
const glorotUniform = "Glorot uniform"

// A uciBudget says how much is trained.
type uciBudget struct {
	Splits int // of the 20
	Epochs int // of networks that predict no variance
	Passes int // of Monte Carlo dropout
	// Short holds the epochs to choose from for networks that predict their
	// variance: the 40 of the deep ensembles' paper, and ten times as many. The
	// longer is that of concrete dropout, but for large sets.
	Short [2]int
}

var uciBudgets = map[string]uciBudget{
	"tiny":  {Splits: 2, Epochs: 4, Passes: 8, Short: [2]int{1, 2}}, // for tests
	"quick": {Splits: 2, Epochs: 400, Passes: 500, Short: [2]int{40, 400}},
	"hours": {Splits: 20, Epochs: 4000, Passes: 10000, Short: [2]int{40, 400}},
	"full":  {Splits: 20, Epochs: 4000, Passes: 10000, Short: [2]int{40, 400}},
}

// A score is how good the predictions of a test part are.
type score struct {
	RMSE          float64 `json:"rmse"`           // in the target's unit
	LogLikelihood float64 `json:"log_likelihood"` // mean over the examples
}

// A published result is the mean and the standard error over the splits.
type published struct{ mean, err score }

// A uciSet is a data set with the values of tau, the precision of the noise, to
// choose from, and what was published of Monte Carlo dropout and of deep
// ensembles.
type uciSet struct {
	uci.Set
	taus      []float64
	published map[string]published // by method
	// large is for a set on which concrete dropout is trained for the fewer
	// epochs: they are as many updates as the other sets get.
	large bool
}

var uciSets = []uciSet{
	{Set: uci.Concrete(), taus: []float64{0.025, 0.05, 0.075}, published: reached(
		score{4.82, -2.93}, score{0.16, 0.02}, score{6.03, -3.06}, score{0.58, 0.18})},
	{Set: uci.Energy(), taus: []float64{0.25, 0.5, 0.75}, published: reached(
		score{0.54, -1.21}, score{0.06, 0.01}, score{2.09, -1.38}, score{0.29, 0.22})},
	{Set: uci.Power(), large: true, taus: []float64{0.05, 0.1, 0.15}, published: reached(
		score{4.01, -2.80}, score{0.04, 0.01}, score{4.11, -2.79}, score{0.17, 0.04})},
	{Set: uci.Wine(), taus: []float64{2.5, 3, 3.5}, published: reached(
		score{0.62, -0.93}, score{0.01, 0.01}, score{0.64, -0.94}, score{0.04, 0.12})},
	{Set: uci.Yacht(), taus: []float64{0.25, 0.5, 0.75}, published: reached(
		score{0.67, -1.25}, score{0.05, 0.01}, score{1.58, -1.18}, score{0.48, 0.21})},
}

// uciSetsNamed returns the sets with the given names, all if there are none.
func uciSetsNamed(names []string) (all []uciSet) {
	for _, s := range uciSets {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			all = append(all, s)
		}
	}
	return all
}

// setNames returns the names of sets for a reader.
func setNames(sets []uciSet) string {
	var names []string
	for _, s := range sets {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// reached returns what was published of the methods. What the deep ensembles'
// paper writes behind ± are standard deviations over the splits: its column of
// Monte Carlo dropout has the standard errors of Gal and Ghahramani times √20.
func reached(dropout, dropoutError, ensembles, ensemblesDeviation score) map[string]published {
	root := math.Sqrt(publishedSplits)
	return map[string]published{
		monteCarloDropout: {dropout, dropoutError},
		deepEnsemble:      {ensembles, score{ensemblesDeviation.RMSE / root, ensemblesDeviation.LogLikelihood / root}},
	}
}

// publishedSplits is the number of splits of each set.
const publishedSplits = 20

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

	// Init is glorotUniform, or "" for He's normal weights.
	Init string `json:"init,omitempty"`

	// Of networks that predict their variance.
	Rate    float64 `json:"rate,omitempty"`    // of Adam
	Members int     `json:"members,omitempty"` // of an ensemble
}

func (t uciTrial) String() string {
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
