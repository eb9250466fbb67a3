package models

// A rate is a field of a layer that holds a drop probability.
type rate struct {
	field string
	p     float64
}

// checkRates returns an error unless all rates of a layer are probabilities: those too
// that a network of its size has no use for.
func (s *Scope) checkRates(layer string, rates ...rate) error {
	for _, r := range rates {
		if !(r.p >= 0 && r.p <= 1) {
			return s.Errorf("%s: %s: p must be in [0, 1], got %v", layer, r.field, r.p)
		}
	}
	return nil
}
