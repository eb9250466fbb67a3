package uncertainty

import (
	"math"
	"sort"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Scores measure how good predictions are; see [Evaluate].
type Scores struct {
	Examples int     `json:"examples"`
	Accuracy float64 `json:"accuracy"` // share of examples with the right class
	// NLL is the mean negative log-probability of the label, in nats.
	NLL float64 `json:"nll"`
	// Brier is the mean over the examples of the squared error of the
	// probabilities, summed over the classes: from 0 to 2 (Brier, "Verification
	// of Forecasts Expressed in Terms of Probability", 1950).
	Brier float64 `json:"brier"`
	// ECE is the expected calibration error: the mean over the examples of the
	// distance between accuracy and confidence of their bin. MCE is the largest
	// such distance of a bin. Both are at most 1 (Naeini, Cooper and
	// Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
	// Binning", AAAI 2015; Guo et al., "On Calibration of Modern Neural
	// Networks", ICML 2017, equations 3 and 5).
	ECE float64 `json:"ece"`
	MCE float64 `json:"mce"`
	// Bins is the reliability diagram.
	Bins []Bin `json:"bins"`
}

// A Bin holds the examples with a confidence above Low and up to High; the first
// has those of confidence 0 as well.
type Bin struct {
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Examples int     `json:"examples"`
	// Confidence and Accuracy are means over the examples of the bin, 0 without
	// examples. In a calibrated model they are equal.
	Confidence float64 `json:"confidence"`
	Accuracy   float64 `json:"accuracy"`
}

// mostBins is far more than is useful.
const mostBins = 1 << 20

// Evaluate returns the scores of predictions, using the given number of bins of
// equal width; 15 is usual. It is an error if there are no predictions, if bins
// is not in [1, 2^20], if predictions have different numbers of classes or a
// label outside them, or if probabilities are not in [0, 1] or do not add up to
// 1 within 1e-6. NaN is thus an error too.
func Evaluate(predictions []Prediction, bins int) (Scores, error) {
	if len(predictions) == 0 {
		return Scores{}, errors.New("uncertainty: Evaluate: must have at least one prediction, got none")
	}
	if bins < 1 || bins > mostBins {
		return Scores{}, errors.Errorf("uncertainty: Evaluate: bins must be in [1, %d], got %d", mostBins, bins)
	}
	s := Scores{Examples: len(predictions), Bins: make([]Bin, bins)}
	for i := range s.Bins {
		s.Bins[i].Low, s.Bins[i].High = float64(i)/float64(bins), float64(i+1)/float64(bins)
	}
	n, rights := float64(len(predictions)), 0.0
	for i, p := range predictions {
		if err := p.check(len(predictions[0].Mean)); err != nil {
			return Scores{}, errors.Wrapf(err, "uncertainty: Evaluate: prediction %d", i)
		}
		confidence, right := p.Confidence(), 0.0
		if p.Class() == p.Label {
			right = 1
		}
		rights += right
		s.NLL -= portable.Log(p.Mean[p.Label]) / n
		for k, q := range p.Mean {
			if k == p.Label {
				q--
			}
			s.Brier += q * q / n
		}
		// Rounding may leave a confidence just above 1.
		at := sort.Search(bins-1, func(i int) bool { return confidence <= s.Bins[i].High })
		b := &s.Bins[at]
		b.Examples++
		b.Confidence += confidence
		b.Accuracy += right
	}
	s.Accuracy = rights / n // not the sum of shares, whose rounding would show
	for i := range s.Bins {
		b := &s.Bins[i]
		if b.Examples == 0 {
			continue
		}
		b.Confidence /= float64(b.Examples)
		b.Accuracy /= float64(b.Examples)
		gap := math.Abs(b.Accuracy - b.Confidence)
		s.ECE += gap * float64(b.Examples) / n
		s.MCE = max(s.MCE, gap)
	}
	return s, nil
}

// check returns an error unless p holds a distribution over classes and a label
// among them.
func (p Prediction) check(classes int) error {
	if len(p.Mean) != classes || classes == 0 {
		return errors.Errorf("must have probabilities of %d classes, at least 1, got %d", classes, len(p.Mean))
	}
	if p.Label < 0 || p.Label >= classes {
		return errors.Errorf("label must be in [0, %d), got %d", classes, p.Label)
	}
	var sum float64
	for k, q := range p.Mean {
		if !(q >= 0 && q <= 1+1e-9) {
			return errors.Errorf("probability of class %d must be in [0, 1], got %v", k, q)
		}
		sum += q
	}
	if !(math.Abs(sum-1) <= 1e-6) {
		return errors.Errorf("probabilities must add up to 1, got %v", sum)
	}
	return nil
}
