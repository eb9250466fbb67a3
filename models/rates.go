package models

import (
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/ops"
)

// A rate is a field of a layer that holds a drop probability.
type rate struct {
	field string
	p     float64
}

// checkRates returns an error unless all rates of a layer are probabilities,
// including those that a network of its size does not use.
func (s *Scope) checkRates(layer string, rates ...rate) error {
	for _, r := range rates {
		if !(r.p >= 0 && r.p <= 1) {
			return s.Errorf("%s: %s: p must be in [0, 1], got %v", layer, r.field, r.p)
		}
	}
	return nil
}

// noteRate adds a dropout's rate to what Summary says of the layer. The name is
// that of the layer or ends in that of its field: "LSTM: WeightDrop".
func (s *Scope) noteRate(name string, p float64) {
	if _, field, ok := strings.Cut(name, ": "); ok {
		name = field
	}
	if name == s.layer.Name {
		name = ""
	}
	r := LayerRate{Field: name, P: p}
	if r.Field == "" || !slices.Contains(s.layer.Rates, r) { // one of a field, however often it is used
		s.layer.Rates = append(s.layer.Rates, r)
	}
}

// noteOptions notes that the last rate changes with the step, if one of the
// options of a dropout says so.
func (s *Scope) noteOptions(opts []ops.Option) {
	for _, o := range opts {
		// All options except those of the rate also fit dropouts that learn it.
		if _, ok := o.(ops.ConcreteOption); !ok {
			s.layer.Rates[len(s.layer.Rates)-1].Varies = true
		}
	}
}
