package metrics

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// NLL is the mean negative log-likelihood of the labels in nats: the negative
// logarithm of the probability that the output gives to their classes.
type NLL struct{}

// Name returns "NLL".
func (NLL) Name() string { return "NLL" }

// Direction returns [LowerIsBetter].
func (NLL) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with labels.
func (n NLL) Start() (Accumulator, error) { return newLabelMean(n.Name(), surprise, identity), nil }

// Perplexity is exp(NLL): the number of equally likely classes among which the
// model would be as unsure.
type Perplexity struct{}

// Name returns "perplexity".
func (Perplexity) Name() string { return "perplexity" }

// Direction returns [LowerIsBetter].
func (Perplexity) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with labels.
func (p Perplexity) Start() (Accumulator, error) {
	return newLabelMean(p.Name(), surprise, math.Exp), nil
}

// BitsPerToken is [NLL] in bits, NLL/log(2), where each label is a token.
type BitsPerToken struct{}

// Name returns "bits per token".
func (BitsPerToken) Name() string { return "bits per token" }

// Direction returns [LowerIsBetter].
func (BitsPerToken) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with labels.
func (t BitsPerToken) Start() (Accumulator, error) {
	return newLabelMean(t.Name(), surprise, func(nats float64) float64 { return nats / math.Ln2 }), nil
}

// surprise returns the negative logarithm of a label's probability, in nats.
func surprise(row []float64, probabilities bool, label int) float64 {
	if probabilities {
		return -portable.Log(row[label])
	}
	largest, sum := exponentials(row)
	if math.IsInf(largest, 1) && !math.IsInf(row[label], 1) {
		return largest
	}
	return largest - row[label] + portable.Log(sum)
}

// Brier is the mean over the labels of the squared distance between the
// probabilities and the one-hot label, from 0 to 2.
//
// Source: Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950.
type Brier struct{}

// Name returns "Brier score".
func (Brier) Name() string { return "Brier score" }

// Direction returns [LowerIsBetter].
func (Brier) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with labels.
func (s Brier) Start() (Accumulator, error) {
	return newLabelMean(s.Name(), func(row []float64, probabilities bool, label int) float64 {
		if !probabilities {
			toProbabilities(row)
		}
		row[label]--
		var sum float64
		for _, off := range row {
			sum += float64(off * off)
		}
		return sum
	}, identity), nil
}
