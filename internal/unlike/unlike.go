// Package unlike tells whether a network is less sure of an example than it is of most that
// it was not trained on, as of one that is unlike its training data.
package unlike

import "slices"

// Ordinary is the share of held-out examples that are like the training data, by each
// measure. A larger one would let noise pass.
const Ordinary = 0.95

// A Usual says how unsure a network is of examples that it was not trained on: what the
// entropy of its predictions and the mutual information of prediction and network, in nats,
// do not exceed for most.
type Usual struct {
	Examples    int     `json:"examples"`
	Entropy     float64 `json:"entropy"`
	Information float64 `json:"mutual_information"`
}

// Of returns what is usual of examples with the given entropies and informations, of which
// there must be at least one. It sorts both.
func Of(entropies, informations []float64) *Usual {
	return &Usual{len(entropies), quantile(entropies), quantile(informations)}
}

// Exceeds reports whether a prediction is less sure than most are.
func (u *Usual) Exceeds(entropy, information float64) bool {
	return entropy > u.Entropy || information > u.Information
}

// quantile returns the least of the values that the ordinary share does not exceed.
func quantile(values []float64) float64 {
	slices.Sort(values)
	return values[min(len(values)-1, int(Ordinary*float64(len(values))))]
}
