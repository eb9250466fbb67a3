package variant

import (
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// A Method is a row of the tables: a way to regularize the hidden layers.
// Another one is one more row of methods.
type Method struct {
	Name, Source string
	Settings     []Space
	Layers       func(Net) models.Sequential
	// Exempt are patterns of parameters whose weights do not decay, besides
	// biases.
	Exempt []string
	RDrop  bool // the second setting is the weight of R-Drop's divergence
}

// The methods that others are compared with or that have numbers of their own.
const (
	None        = "none"
	Ordinary    = "Dropout"
	Variational = "variational (ARD)"
	Targeted    = "targeted"
	RDrop       = "R-Drop"
)

// TargetedShare is the share of the weights of each unit that targeted dropout drops from,
// and that is pruned afterwards: a network is trained for one that is given.
const TargetedShare = 0.75

// lengthScale is that of the prior of weights, as in the regression of the authors of
// Concrete dropout.
const lengthScale = 0.01

// dropRate is the space of a probability to drop hidden units or their weights.
var dropRate = Space{Name: "p", Low: 0.1, High: 0.6}

// methods are the rows of the tables.
var methods = []Method{
	{Name: None, Layers: func(n Net) models.Sequential { return n.units(models.Dropout(0)) }},
	{
		Name: Ordinary, Source: "Srivastava et al. 2014", Settings: []Space{dropRate},
		Layers: func(n Net) models.Sequential { return n.units(models.Dropout(n.Settings[0])) },
	},
	{
		Name: "Gaussian", Source: "Srivastava et al. 2014, section 10", Settings: []Space{dropRate},
		Layers: func(n Net) models.Sequential { return n.units(models.GaussianDropout(n.Settings[0])) },
	},
	{
		Name: "Alpha with SELU", Source: "Klambauer et al. 2017", Settings: []Space{{Name: "p", Low: 0.02, High: 0.3}},
		Layers: func(n Net) models.Sequential {
			n.init, n.activation = models.LecunNormal, models.SELU()
			return n.units(models.AlphaDropout(n.Settings[0]))
		},
	},
	{
		Name: "DropConnect", Source: "Wan et al. 2013", Settings: []Space{dropRate},
		Layers: func(n Net) models.Sequential {
			return n.weighted(func(in, out int) models.Layer { return models.DropConnect(in, out, n.Settings[0]) })
		},
	},
	{
		Name: "Shakeout", Source: "Kang, Li and Tao 2016", Settings: []Space{dropRate, {Name: "c", Low: 0.003, High: 0.1, Log: true}},
		Layers: func(n Net) models.Sequential {
			return n.weighted(func(in, out int) models.Layer { return models.Shakeout(in, out, n.Settings[0], n.Settings[1]) })
		},
	},
	{
		Name: Targeted, Source: "Gomez et al. 2019", Settings: []Space{{Name: "p", Low: 0.1, High: 0.9}},
		Layers: func(n Net) models.Sequential {
			return n.weighted(func(in, out int) models.Layer { return models.TargetedDropout(in, out, TargetedShare, n.Settings[0]) })
		},
	},
	{
		Name: "Standout", Source: "Ba and Frey 2013", Settings: []Space{{Name: "alpha", Low: 0, High: 2}, {Name: "beta", Low: -1, High: 2}},
		Layers: func(n Net) models.Sequential {
			return n.layers(func(in, out int) models.Sequential {
				return models.Sequential{models.Standout(in, out, n.Settings[0], n.Settings[1])}
			})
		},
	},
	{
		Name: Variational, Source: "Kingma, Salimans and Welling 2015; Molchanov, Ashukha and Vetrov 2017",
		Settings: []Space{{Name: "first log variance", Low: -9, High: -5}}, Exempt: []string{"*.log_variance"},
		Layers: func(n Net) models.Sequential {
			return n.weighted(func(in, out int) models.Layer {
				return models.VariationalDropoutLayer{Linear: models.Linear(in, out), LogVariance: n.Settings[0], Factor: 1 / float64(n.Examples)}
			})
		},
	},
	{
		Name: "Concrete", Source: "Gal, Hron and Kendall 2017", Settings: []Space{{Name: "first p", Low: 0.05, High: 0.5}}, Exempt: []string{"*.p_logit"},
		Layers: func(n Net) models.Sequential {
			examples := float64(n.Examples)
			return n.weighted(func(in, out int) models.Layer {
				l := models.ConcreteDropout(in, out, lengthScale*lengthScale/examples, 2/examples)
				l.P = n.Settings[0]
				return l
			})
		},
	},
	{
		Name: "curriculum", Source: "Morerio et al. 2017", Settings: []Space{dropRate},
		Layers: func(n Net) models.Sequential {
			return n.scheduled(schedule.Curriculum{P: n.Settings[0], Gamma: 10 / float64(n.Steps)})
		},
	},
	{
		Name: "early", Source: "Liu et al. 2023", Settings: []Space{dropRate, {Name: "share of the updates", Low: 0.1, High: 0.5}},
		Layers: func(n Net) models.Sequential {
			return n.scheduled(schedule.Early{P: n.Settings[0], Cutoff: int64(n.Settings[1] * float64(n.Steps)), Decay: true})
		},
	},
	{
		Name: RDrop, Source: "Liang, Wu et al. 2021", Settings: []Space{dropRate, {Name: "alpha", Low: 0.1, High: 5, Log: true}}, RDrop: true,
		Layers: func(n Net) models.Sequential { return n.units(models.Dropout(n.Settings[0])) },
	},
	{
		Name: "submatrix", Source: "Graham, Reizenstein and Robinson 2015", Settings: []Space{dropRate},
		Layers: func(n Net) models.Sequential { return n.units(models.Submatrix(n.Settings[0])) },
	},
}

// A Net is a network with hidden layers, without what a method adds.
type Net struct {
	Inputs, Outputs int
	Hidden          []int
	Examples        int       // to train on
	Steps           int64     // updates of the training
	Settings        []float64 // in the order of the method's

	init       models.Init  // of all layers; nil for the usual one
	activation models.Layer // of the hidden layers; nil for ReLU
}

// none keeps a place: layers have the same numbers with all methods, and so the
// same initial weights for a seed.
func none() models.Layer { return models.Dropout(0) }

// layers returns the network with hidden layers made by a function, three layers
// each.
func (n Net) layers(hidden func(in, out int) models.Sequential) models.Sequential {
	var all models.Sequential
	in := n.Inputs
	for _, units := range n.Hidden {
		all = append(all, hidden(in, units)...)
		for len(all)%3 > 0 {
			all = append(all, none())
		}
		in = units
	}
	return append(all, n.linear(in, n.Outputs))
}

func (n Net) linear(in, out int) models.Layer {
	return models.LinearLayer{In: in, Out: out, Init: n.init}
}

// units returns the network with a dropout of hidden units.
func (n Net) units(drop models.Layer) models.Sequential {
	if n.activation == nil {
		n.activation = models.ReLU()
	}
	return n.layers(func(in, out int) models.Sequential { return models.Sequential{n.linear(in, out), n.activation, drop} })
}

// scheduled returns the network with a dropout of hidden units whose probability
// depends on the update.
func (n Net) scheduled(p schedule.Schedule) models.Sequential {
	return n.units(models.Dropout(n.Settings[0], ops.WithRate(p)))
}

// weighted returns the network whose layers above hidden units are made by a
// function.
func (n Net) weighted(layer func(in, out int) models.Layer) models.Sequential {
	all := n.units(none())
	for i, units := range n.Hidden {
		out := n.Outputs
		if i+1 < len(n.Hidden) {
			out = n.Hidden[i+1]
		}
		all[3*(i+1)] = layer(units, out)
	}
	return all
}
