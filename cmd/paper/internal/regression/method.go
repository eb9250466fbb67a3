package regression

import (
	"cmp"
	"slices"
	"time"
)

// A method is a way to train and predict.
type method struct {
	name string
	// method is the name in records; "" is the same.
	method string
	// settings returns what is tried on the held-out part of each split.
	settings func(Set, Budget) []Trial
	// final completes the best of them for the test part; nil leaves it as it is.
	final func(*Trial, Budget)
}

// The methods, as tables and records call them.
const (
	withoutDropout    = "without dropout"
	monteCarloDropout = "MC dropout"
	heDropout         = "MC dropout (He)"
	gaussianNLL       = "Gaussian NLL"
	deepEnsemble      = "deep ensemble"
	concreteDropout   = "Concrete dropout"
)

// methods are the methods that are trained. The first members of the
// ensembles are the networks of gaussianNLL.
var methods = []method{
	{name: withoutDropout, settings: rated(glorotUniform, 0)},
	{name: monteCarloDropout, settings: rated(glorotUniform, dropRates...)},
	{name: heDropout, method: monteCarloDropout, settings: rated("", dropRates...)},
	{name: deepEnsemble, settings: predictingVariance, final: func(t *Trial, _ Budget) { t.Members = ensembleMembers }},
	{name: concreteDropout, settings: learned, final: func(t *Trial, b Budget) { t.Passes = concretePasses(b) }},
}

// dropRates are the probabilities of Monte Carlo dropout to choose from.
var dropRates = []float64{0.005, 0.01, 0.05, 0.1}

// MethodNames returns the names of the methods that are trained.
func MethodNames() (names []string) {
	for _, m := range methods {
		names = append(names, m.name)
	}
	return names
}

// shown are the methods in the order of the tables.
var shown = []string{withoutDropout, monteCarloDropout, heDropout, gaussianNLL, deepEnsemble, concreteDropout}

// ensembleMembers is the number of networks of an ensemble, as published.
const ensembleMembers = 5

// rates are the learning rates to choose from where 40 epochs may be all:
// the usual one of Adam is then too low.
var rates = []float64{1e-3, 1e-2}

// rated returns the settings of networks with a noise of constant precision.
func rated(init string, ps ...float64) func(Set, Budget) []Trial {
	return func(s Set, b Budget) (all []Trial) {
		for _, p := range ps {
			for _, tau := range s.taus {
				all = append(all, Trial{Init: init, P: p, Tau: tau, Epochs: b.Epochs, Passes: b.Passes})
			}
		}
		return all
	}
}

// predictingVariance returns the settings of single networks that predict their
// variance.
func predictingVariance(_ Set, b Budget) (all []Trial) {
	for _, epochs := range b.Short {
		for _, rate := range rates {
			all = append(all, Trial{Epochs: epochs, Passes: 1, Rate: rate, Members: 1})
		}
	}
	return all
}

// learned returns the settings of concrete dropout.
func learned(s Set, b Budget) (all []Trial) {
	epochs := b.Short[1]
	if s.large {
		epochs = b.Short[0]
	}
	for _, rate := range rates {
		all = append(all, Trial{Epochs: epochs, Passes: max(1, concretePasses(b)/10), Rate: rate})
	}
	return all
}

// concretePasses returns the number of passes of concrete dropout: its masks
// cost a logarithm and an exponential for each element.
func concretePasses(b Budget) int { return max(1, b.Passes/10) }

// candidates returns the trainings among which the settings of a method are
// chosen for a split: on four fifths of its training part, measured on the rest.
func (m method) candidates(s Set, split int, b Budget, seed uint64) []Trial {
	all := m.settings(s, b)
	for i := range all {
		t := &all[i]
		t.Version, t.Set, t.Method, t.Split, t.Seed, t.Held = version, s.Name, cmp.Or(m.method, m.name), split, seed, true
	}
	return all
}

// singles returns the records of the first members of ensembles.
func singles(ensembles []chosenTrial) []chosenTrial {
	all := slices.Clone(ensembles)
	for i := range all {
		r := &all[i]
		of := len(r.Members)
		r.Trial.Method, r.Trial.Members = gaussianNLL, 1
		r.Score, r.Steps, r.Time = r.Members[0], r.Steps/int64(of), r.Time/time.Duration(of)
		r.Members = nil
	}
	return all
}
