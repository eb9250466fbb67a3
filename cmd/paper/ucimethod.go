package main

import (
	"cmp"
	"slices"
	"time"
)

// A uciMethod is a way to train and predict.
type uciMethod struct {
	name string
	// method is the name in records; "" is the same.
	method string
	// settings returns what is tried on the held-out part of each split.
	settings func(uciSet, uciBudget) []uciTrial
	// final completes the best of them for the test part; nil leaves it as it is.
	final func(*uciTrial, uciBudget)
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

// uciMethods are the methods that are trained. The first members of the
// ensembles are the networks of gaussianNLL.
var uciMethods = []uciMethod{
	{name: withoutDropout, settings: rated(glorotUniform, 0)},
	{name: monteCarloDropout, settings: rated(glorotUniform, dropRates...)},
	{name: heDropout, method: monteCarloDropout, settings: rated("", dropRates...)},
	{name: deepEnsemble, settings: predictingVariance, final: func(t *uciTrial, _ uciBudget) { t.Members = ensembleMembers }},
	{name: concreteDropout, settings: learned, final: func(t *uciTrial, b uciBudget) { t.Passes = concretePasses(b) }},
}

// dropRates are the probabilities of Monte Carlo dropout to choose from.
var dropRates = []float64{0.005, 0.01, 0.05, 0.1}

// trainedMethods returns their names.
func trainedMethods() (names []string) {
	for _, m := range uciMethods {
		names = append(names, m.name)
	}
	return names
}

// uciRows are the methods in the order of the tables.
var uciRows = []string{withoutDropout, monteCarloDropout, heDropout, gaussianNLL, deepEnsemble, concreteDropout}

// ensembleMembers is the number of networks of an ensemble, as published.
const ensembleMembers = 5

// uciRates are the learning rates to choose from where 40 epochs may be all:
// the usual one of Adam is then too low.
var uciRates = []float64{1e-3, 1e-2}

// rated returns the settings of networks with a noise of constant precision.
func rated(init string, ps ...float64) func(uciSet, uciBudget) []uciTrial {
	return func(s uciSet, b uciBudget) (all []uciTrial) {
		for _, p := range ps {
			for _, tau := range s.taus {
				all = append(all, uciTrial{Init: init, P: p, Tau: tau, Epochs: b.Epochs, Passes: b.Passes})
			}
		}
		return all
	}
}

// predictingVariance returns the settings of single networks that predict their
// variance.
func predictingVariance(_ uciSet, b uciBudget) (all []uciTrial) {
	for _, epochs := range b.Short {
		for _, rate := range uciRates {
			all = append(all, uciTrial{Epochs: epochs, Passes: 1, Rate: rate, Members: 1})
		}
	}
	return all
}

// learned returns the settings of concrete dropout.
func learned(s uciSet, b uciBudget) (all []uciTrial) {
	epochs := b.Short[1]
	if s.large {
		epochs = b.Short[0]
	}
	for _, rate := range uciRates {
		all = append(all, uciTrial{Epochs: epochs, Passes: max(1, concretePasses(b)/10), Rate: rate})
	}
	return all
}

// concretePasses returns the number of passes of concrete dropout: its masks
// cost a logarithm and an exponential for each element.
func concretePasses(b uciBudget) int { return max(1, b.Passes/10) }

// candidates returns the trainings among which the settings of a method are
// chosen for a split: on four fifths of its training part, measured on the rest.
func (m uciMethod) candidates(s uciSet, split int, b uciBudget, seed uint64) []uciTrial {
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
