package compare

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// Level is the probability of the intervals of numbers whose coverage is measured.
const Level = 0.9

// calibrationBins is the number of bins of confidence by which calibration is measured.
const calibrationBins = 10

// Predictions are what was said of the examples of a test part, or of several.
type Predictions struct {
	Kind    Kind
	Outputs int
	Index   []int // of the examples, in the subject
	// Of classes, and of labels with their answers as 0 and 1 in Truth: the probability of
	// each.
	Probabilities [][]float64
	Classes       []int
	Truth         [][]float64
	// Entropies are those of each class prediction, and Disagreement its mutual information
	// with the network, in nats.
	Entropies, Disagreement []float64
	// Of numbers, with the variance of the noise that each was predicted with, and the
	// standard deviation of the training part.
	Values []uncertainty.Values
	Noise  [][]float64
	Std    [][]float64
	// Of text there are no predictions to keep, only what they are worth.
	text *Scores
}

// Scores say how good predictions are.
type Scores struct {
	// Error is the share of wrong classes, labels or characters, or the RMSE of numbers:
	// in units of their standard deviation where there are several.
	Error float64 `json:"error"`
	NLL   float64 `json:"nll"` // mean negative log-likelihood of an example, in nats
	// Calibration is the expected calibration error of classes and labels, and the share
	// of numbers in their intervals of [Level]; -1 for text.
	Calibration float64 `json:"calibration"`
	Examples    int     `json:"examples"`
}

// smallest keeps logarithms of probabilities finite.
const smallest = 1e-12

// Scores returns how good the predictions are.
func (p *Predictions) Scores() Scores {
	switch {
	case p.text != nil:
		return *p.text
	case p.Kind == Numbers:
		return p.ofNumbers()
	case p.Kind == Labels:
		return p.ofLabels()
	}
	s := Scores{Examples: len(p.Classes)}
	var bins reliability
	for i, q := range p.Probabilities {
		class := top(q)
		if class != p.Classes[i] {
			s.Error++
		}
		s.NLL -= math.Log(max(q[p.Classes[i]], smallest))
		bins.add(q[class], class == p.Classes[i])
	}
	n := float64(s.Examples)
	s.Error, s.NLL, s.Calibration = s.Error/n, s.NLL/n, bins.error()
	return s
}

func top(q []float64) int { return slices.Index(q, slices.Max(q)) }

func (p *Predictions) ofLabels() Scores {
	s := Scores{Examples: len(p.Probabilities)}
	var bins reliability
	var n float64
	for i, q := range p.Probabilities {
		for k, yes := range q {
			said, true := yes > 0.5, p.Truth[i][k] == 1
			confidence, right := yes, yes
			if !said {
				confidence = 1 - yes
			}
			if !true {
				right = 1 - yes
			}
			if said != true {
				s.Error++
			}
			s.NLL -= math.Log(max(right, smallest))
			bins.add(confidence, said == true)
			n++
		}
	}
	s.Error, s.NLL, s.Calibration = s.Error/n, s.NLL/float64(s.Examples), bins.error()
	return s
}

// wrong is the error alone.
func (p *Predictions) wrong() float64 {
	if p.Kind != Numbers {
		return p.Scores().Error
	}
	square := make([]float64, p.Outputs)
	for i, v := range p.Values {
		for k := range p.Outputs {
			d := v.Target[k] - v.Mean[k]
			if p.Outputs > 1 {
				d /= p.Std[i][k]
			}
			square[k] += d * d
		}
	}
	var sum float64
	for _, q := range square {
		sum += math.Sqrt(q/float64(len(p.Values))) / float64(p.Outputs)
	}
	return sum
}

func (p *Predictions) ofNumbers() Scores {
	s := Scores{Examples: len(p.Values), Error: p.wrong()}
	for i, v := range p.Values {
		for k := range p.Outputs {
			s.NLL -= v.LogLikelihood(k, p.Noise[i][k])
			if q := v.Probability(k, v.Target[k], p.Noise[i][k]); (1-Level)/2 <= q && q <= (1+Level)/2 {
				s.Calibration++
			}
		}
	}
	n := float64(s.Examples)
	s.NLL /= n
	s.Calibration /= n * float64(p.Outputs)
	return s
}

// A reliability counts answers by how sure they were.
type reliability [calibrationBins]struct{ n, confidence, right float64 }

func (r *reliability) add(confidence float64, right bool) {
	b := &r[min(int(confidence*calibrationBins), calibrationBins-1)]
	b.n++
	b.confidence += confidence
	if right {
		b.right++
	}
}

// error is the expected calibration error (Naeini, Cooper and Hauskrecht 2015).
func (r *reliability) error() float64 {
	var sum, n float64
	for _, b := range r {
		sum += math.Abs(b.confidence - b.right)
		n += b.n
	}
	return sum / n
}

// add appends the predictions of another test part.
func (p *Predictions) add(q *Predictions) {
	p.Kind, p.Outputs = q.Kind, q.Outputs
	p.Index = append(p.Index, q.Index...)
	p.Probabilities = append(p.Probabilities, q.Probabilities...)
	p.Classes = append(p.Classes, q.Classes...)
	p.Truth = append(p.Truth, q.Truth...)
	p.Entropies = append(p.Entropies, q.Entropies...)
	p.Disagreement = append(p.Disagreement, q.Disagreement...)
	p.Values = append(p.Values, q.Values...)
	p.Noise = append(p.Noise, q.Noise...)
	p.Std = append(p.Std, q.Std...)
	if q.text == nil {
		return
	}
	if p.text == nil {
		p.text = &Scores{Calibration: -1}
	}
	a, b := float64(p.text.Examples), float64(q.text.Examples)
	p.text.Error = (p.text.Error*a + q.text.Error*b) / (a + b)
	p.text.NLL = (p.text.NLL*a + q.text.NLL*b) / (a + b)
	p.text.Examples += q.text.Examples
}

// Noise returns the variance of the noise under which number k of the values is most likely.
// It is searched by its logarithm, in golden sections.
func Noise(values []uncertainty.Values, k int) (float64, error) {
	var square float64
	for _, v := range values {
		d := v.Target[k] - v.Mean[k]
		square += d * d / float64(len(values))
	}
	if !(square > 0) {
		return 0, errors.Errorf("the errors of validation must be positive, got %v", square)
	}
	if len(values[0].Passes) == 1 {
		return square, nil
	}
	likelihood := func(logarithm float64) float64 {
		var sum float64
		for _, v := range values {
			sum += v.LogLikelihood(k, math.Exp(logarithm))
		}
		return sum
	}
	const golden, tolerance = 0.6180339887498949, 0.01
	low, high := math.Log(square/1000), math.Log(square*2)
	a, b := high-golden*(high-low), low+golden*(high-low)
	fa, fb := likelihood(a), likelihood(b)
	for high-low > tolerance {
		if fa > fb {
			high, b, fb = b, a, fa
			a = high - golden*(high-low)
			fa = likelihood(a)
		} else {
			low, a, fa = a, b, fb
			b = low + golden*(high-low)
			fb = likelihood(b)
		}
	}
	return math.Exp((low + high) / 2), nil
}

// Coverage returns the share of numbers in their intervals of a level.
func (p *Predictions) Coverage(level float64) float64 {
	var inside, n float64
	for i, v := range p.Values {
		for k := range p.Outputs {
			// The quantile itself takes far longer to find.
			if q := v.Probability(k, v.Target[k], p.Noise[i][k]); (1-level)/2 <= q && q <= (1+level)/2 {
				inside++
			}
			n++
		}
	}
	return inside / n
}

// Surprise returns the negative log-likelihood of each example, in nats.
func (p *Predictions) Surprise() []float64 {
	var all []float64
	for i, q := range p.Probabilities {
		if p.Kind == Classes {
			all = append(all, -math.Log(max(q[p.Classes[i]], smallest)))
			continue
		}
		one := Predictions{Kind: Labels, Outputs: p.Outputs, Probabilities: [][]float64{q}, Truth: p.Truth[i : i+1]}
		all = append(all, one.Scores().NLL)
	}
	for i, v := range p.Values {
		var sum float64
		for k := range p.Outputs {
			sum -= v.LogLikelihood(k, p.Noise[i][k])
		}
		all = append(all, sum)
	}
	return all
}
