package uncertainty

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Prediction is a model's prediction for an example.
type Prediction struct {
	Label int // the true class
	// Mean holds the predicted probability of each class, averaged over the
	// passes, and Variance its variance over the passes: the mean squared
	// distance from Mean.
	Mean, Variance []float64
	// Entropy is the entropy of Mean, in nats: the total uncertainty. It is at
	// most log(classes).
	Entropy float64
	// ExpectedEntropy is the mean entropy of the single passes, in nats: the
	// uncertainty in the data, whatever the network (aleatoric).
	ExpectedEntropy float64
}

// Class returns the class with the highest probability, the first of several.
func (p Prediction) Class() int {
	best := 0
	for k, q := range p.Mean {
		if q > p.Mean[best] {
			best = k
		}
	}
	return best
}

// Confidence returns the highest probability, 0 if there is none.
func (p Prediction) Confidence() float64 {
	if len(p.Mean) == 0 {
		return 0
	}
	return p.Mean[p.Class()]
}

// MutualInformation returns Entropy minus ExpectedEntropy, in nats and not
// negative: the information about the class that a single pass adds to the
// mean. It measures how much the networks disagree (epistemic uncertainty), and
// is high where a label would teach the model most.
//
// Source: Houlsby et al., "Bayesian Active Learning for Classification and
// Preference Learning", 2011 (BALD).
func (p Prediction) MutualInformation() float64 { return max(0, p.Entropy-p.ExpectedEntropy) }

// FromLogits returns the prediction for an example with the given label from
// one row of logits for each pass. It is an error unless there is a row, all
// rows have the same length, at least 1, and each holds no NaN, no +Inf and at
// least one value other than -Inf, which stands for an impossible class.
func FromLogits(label int, logits [][]float64) (Prediction, error) {
	p, err := fromLogits(label, logits)
	return p, errors.Wrap(err, "uncertainty: FromLogits")
}

func fromLogits(label int, logits [][]float64) (Prediction, error) {
	if len(logits) == 0 || len(logits[0]) == 0 {
		return Prediction{}, errors.New("logits must have at least one pass and class, got none")
	}
	classes := len(logits[0])
	if label < 0 || label >= classes {
		return Prediction{}, errors.Errorf("label must be in [0, %d), got %d", classes, label)
	}
	p := Prediction{Label: label, Mean: make([]float64, classes), Variance: make([]float64, classes)}
	probabilities := make([]float64, classes)
	for pass, row := range logits {
		if len(row) != classes {
			return Prediction{}, errors.Errorf("logits of pass %d must have %d classes, got %d", pass, classes, len(row))
		}
		if err := softmax(probabilities, row); err != nil {
			return Prediction{}, errors.Wrapf(err, "logits of pass %d", pass)
		}
		p.ExpectedEntropy += entropy(probabilities) / float64(len(logits))
		// Welford's update: the differences stay exact where passes agree.
		for k, q := range probabilities {
			d := q - p.Mean[k]
			p.Mean[k] += d / float64(pass+1)
			p.Variance[k] += d * (q - p.Mean[k]) / float64(len(logits))
		}
	}
	p.Entropy = entropy(p.Mean)
	return p, nil
}

// softmax sets p to the probabilities of logits.
func softmax(p, logits []float64) error {
	largest := math.Inf(-1)
	for k, v := range logits {
		if math.IsNaN(v) || math.IsInf(v, 1) {
			return errors.Errorf("class %d: logit must be a number below +Inf, got %v", k, v)
		}
		largest = max(largest, v)
	}
	if math.IsInf(largest, -1) {
		return errors.New("one logit at least must be above -Inf, got none")
	}
	var sum float64
	for k, v := range logits {
		p[k] = portable.Exp(v - largest)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return nil
}

// entropy returns the entropy of a distribution in nats.
func entropy(p []float64) float64 {
	var h float64
	for _, q := range p {
		if q > 0 {
			h -= float64(q * portable.Log(q))
		}
	}
	return h
}
