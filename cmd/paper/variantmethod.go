package main

import (
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// A variantMethod is a row of the tables: a way to regularize the hidden layers.
// Another one is one more row of variantMethods.
type variantMethod struct {
	name, source string
	settings     []space
	layers       func(variantNet) models.Sequential
	// exempt are patterns of parameters whose weights do not decay, besides
	// biases.
	exempt []string
	rdrop  bool // the second setting is the weight of R-Drop's divergence
}

// The methods that others are compared with or that have numbers of their own.
const (
	noDropout         = "none"
	ordinary          = "Dropout"
	variationalMethod = "variational (ARD)"
	targetedMethod    = "targeted"
)

// targetedShare is the share of the weights of each unit that targeted dropout drops from,
// and that is pruned afterwards: a network is trained for one that is given.
const targetedShare = 0.75

// lengthScale is that of the prior of weights, as in the regression of the authors of
// Concrete dropout.
const lengthScale = 0.01

// dropRate is the space of a probability to drop hidden units or their weights.
var dropRate = space{name: "p", low: 0.1, high: 0.6}

// variantMethods are the rows of the tables.
var variantMethods = []variantMethod{
	{name: noDropout, layers: func(n variantNet) models.Sequential { return n.units(models.Dropout(0)) }},
	{
		name: ordinary, source: "Srivastava et al. 2014", settings: []space{dropRate},
		layers: func(n variantNet) models.Sequential { return n.units(models.Dropout(n.settings[0])) },
	},
	{
		name: "Gaussian", source: "Srivastava et al. 2014, section 10", settings: []space{dropRate},
		layers: func(n variantNet) models.Sequential { return n.units(models.GaussianDropout(n.settings[0])) },
	},
	{
		name: "Alpha with SELU", source: "Klambauer et al. 2017", settings: []space{{name: "p", low: 0.02, high: 0.3}},
		layers: func(n variantNet) models.Sequential {
			n.init, n.activation = models.LecunNormal, models.SELU()
			return n.units(models.AlphaDropout(n.settings[0]))
		},
	},
	{
		name: "DropConnect", source: "Wan et al. 2013", settings: []space{dropRate},
		layers: func(n variantNet) models.Sequential {
			return n.weighted(func(in, out int) models.Layer { return models.DropConnect(in, out, n.settings[0]) })
		},
	},
	{
		name: "Shakeout", source: "Kang, Li and Tao 2016", settings: []space{dropRate, {name: "c", low: 0.003, high: 0.1, log: true}},
		layers: func(n variantNet) models.Sequential {
			return n.weighted(func(in, out int) models.Layer { return models.Shakeout(in, out, n.settings[0], n.settings[1]) })
		},
	},
	{
		name: targetedMethod, source: "Gomez et al. 2019", settings: []space{{name: "p", low: 0.1, high: 0.9}},
		layers: func(n variantNet) models.Sequential {
			return n.weighted(func(in, out int) models.Layer { return models.TargetedDropout(in, out, targetedShare, n.settings[0]) })
		},
	},
	{
		name: "Standout", source: "Ba and Frey 2013", settings: []space{{name: "alpha", low: 0, high: 2}, {name: "beta", low: -1, high: 2}},
		layers: func(n variantNet) models.Sequential {
			return n.layers(func(in, out int) models.Sequential {
				return models.Sequential{models.Standout(in, out, n.settings[0], n.settings[1])}
			})
		},
	},
	{
		name: variationalMethod, source: "Kingma, Salimans and Welling 2015; Molchanov, Ashukha and Vetrov 2017",
		settings: []space{{name: "first log variance", low: -9, high: -5}}, exempt: []string{"*.log_variance"},
		layers: func(n variantNet) models.Sequential {
			return n.weighted(func(in, out int) models.Layer {
				return models.VariationalDropoutLayer{Linear: models.Linear(in, out), LogVariance: n.settings[0], Factor: 1 / float64(n.examples)}
			})
		},
	},
	{
		name: "Concrete", source: "Gal, Hron and Kendall 2017", settings: []space{{name: "first p", low: 0.05, high: 0.5}}, exempt: []string{"*.p_logit"},
		layers: func(n variantNet) models.Sequential {
			examples := float64(n.examples)
			return n.weighted(func(in, out int) models.Layer {
				l := models.ConcreteDropout(in, out, lengthScale*lengthScale/examples, 2/examples)
				l.P = n.settings[0]
				return l
			})
		},
	},
	{
		name: "curriculum", source: "Morerio et al. 2017", settings: []space{dropRate},
		layers: func(n variantNet) models.Sequential {
			return n.scheduled(schedule.Curriculum{P: n.settings[0], Gamma: 10 / float64(n.steps)})
		},
	},
	{
		name: "early", source: "Liu et al. 2023", settings: []space{dropRate, {name: "share of the updates", low: 0.1, high: 0.5}},
		layers: func(n variantNet) models.Sequential {
			return n.scheduled(schedule.Early{P: n.settings[0], Cutoff: int64(n.settings[1] * float64(n.steps)), Decay: true})
		},
	},
	{
		name: "R-Drop", source: "Liang, Wu et al. 2021", settings: []space{dropRate, {name: "alpha", low: 0.1, high: 5, log: true}}, rdrop: true,
		layers: func(n variantNet) models.Sequential { return n.units(models.Dropout(n.settings[0])) },
	},
	{
		name: "submatrix", source: "Graham, Reizenstein and Robinson 2015", settings: []space{dropRate},
		layers: func(n variantNet) models.Sequential { return n.units(models.Submatrix(n.settings[0])) },
	},
}

// A variantNet is a network with hidden layers, without what a method adds.
type variantNet struct {
	inputs, outputs int
	hidden          []int
	examples        int   // to train on
	steps           int64 // updates of the training
	settings        []float64
	init            models.Init  // of all layers; nil for the usual one
	activation      models.Layer // of the hidden layers; nil for ReLU
}

// none keeps a place: layers have the same numbers with all methods, and so the
// same initial weights for a seed.
func none() models.Layer { return models.Dropout(0) }

// layers returns the network with hidden layers made by a function, three layers
// each.
func (n variantNet) layers(hidden func(in, out int) models.Sequential) models.Sequential {
	var all models.Sequential
	in := n.inputs
	for _, units := range n.hidden {
		all = append(all, hidden(in, units)...)
		for len(all)%3 > 0 {
			all = append(all, none())
		}
		in = units
	}
	return append(all, n.linear(in, n.outputs))
}

func (n variantNet) linear(in, out int) models.Layer {
	return models.LinearLayer{In: in, Out: out, Init: n.init}
}

// units returns the network with a dropout of hidden units.
func (n variantNet) units(drop models.Layer) models.Sequential {
	if n.activation == nil {
		n.activation = models.ReLU()
	}
	return n.layers(func(in, out int) models.Sequential { return models.Sequential{n.linear(in, out), n.activation, drop} })
}

// scheduled returns the network with a dropout of hidden units whose probability
// depends on the update.
func (n variantNet) scheduled(p schedule.Schedule) models.Sequential {
	return n.units(models.Dropout(n.settings[0], ops.WithRate(p)))
}

// weighted returns the network whose layers above hidden units are made by a
// function.
func (n variantNet) weighted(layer func(in, out int) models.Layer) models.Sequential {
	all := n.units(none())
	for i, units := range n.hidden {
		out := n.outputs
		if i+1 < len(n.hidden) {
			out = n.hidden[i+1]
		}
		all[3*(i+1)] = layer(units, out)
	}
	return all
}
