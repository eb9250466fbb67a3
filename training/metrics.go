package training

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/portable"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Metrics says how well a model does on a set of examples. Of labels all have the weight
// 1 here but those of weight 0, which are not counted; Scores go by all weights.
type Metrics struct {
	Examples int     `json:"examples"` // labels counted; examples where the targets are numbers
	NLL      float64 `json:"nll"`      // mean negative log-likelihood of labels, nats
	Correct  int     `json:"correct"`  // labels with the highest probability
	// Numeric says that the targets are numbers, of which NLL and Correct say nothing.
	Numeric bool `json:"numeric,omitempty"`
	// Scores are the values of Trainer.Metrics.
	Scores Scores `json:"scores,omitempty"`
}

// Accuracy is the share of labels with the highest probability, in [0, 1]; NaN of
// numbers.
func (m Metrics) Accuracy() float64 {
	if m.Numeric {
		return math.NaN()
	}
	return float64(m.Correct) / float64(m.Examples)
}

// Error is 1 minus the accuracy.
func (m Metrics) Error() float64 { return 1 - m.Accuracy() }

// Score returns the value of a metric with its direction: one of Scores or, of labels,
// "accuracy", "error" or "NLL". It has the value NaN where there is no such metric.
func (m Metrics) Score(name string) metrics.Score {
	for _, s := range m.all() {
		if s.Name == name {
			return s
		}
	}
	return metrics.Score{Name: name, Value: math.NaN()}
}

// all returns the scores that m has.
func (m Metrics) all() Scores {
	if m.Numeric {
		return m.Scores
	}
	return append(Scores{
		{Name: "NLL", Value: m.NLL, Direction: metrics.LowerIsBetter},
		{Name: "error", Value: m.Error(), Direction: metrics.LowerIsBetter},
		{Name: "accuracy", Value: m.Accuracy(), Direction: metrics.HigherIsBetter},
	}, m.Scores...)
}

// merge adds the metrics of more examples, but for the scores.
func (m *Metrics) merge(other Metrics) {
	m.Numeric = other.Numeric
	n := m.Examples + other.Examples
	if n == 0 {
		return
	}
	m.NLL = (float64(m.NLL*float64(m.Examples)) + float64(other.NLL*float64(other.Examples))) / float64(n)
	m.Examples, m.Correct = n, m.Correct+other.Correct
}

// score returns the metrics of logits, whose last axis is the class, for the
// labels y that count. NaN logits count as wrong.
func score(logits gorgonia.Value, y []int, counts func(i int) bool) (Metrics, error) {
	d, ok := logits.(*tensor.Dense)
	if !ok {
		return Metrics{}, errors.Errorf("logits must be a dense tensor, got %T", logits)
	}
	switch d.Dtype() {
	case tensor.Float32:
		return scoreRows(d.Float32s(), y, counts)
	case tensor.Float64:
		return scoreRows(d.Float64s(), y, counts)
	}
	return Metrics{}, errors.Errorf("logits must be of float32 or float64, got %v", d.Dtype())
}

func scoreRows[F float32 | float64](x []F, y []int, counts func(i int) bool) (Metrics, error) {
	var m Metrics
	classes := len(x) / len(y)
	for n, label := range y {
		if !counts(n) {
			continue
		}
		m.Examples++
		row := x[n*classes : (n+1)*classes]
		if label < 0 || label >= classes {
			return Metrics{}, errors.Errorf("label must be in [0, %d), got %d", classes, label)
		}
		best := 0
		for k, v := range row {
			if v > row[best] {
				best = k
			}
		}
		if best == label && row[label] == row[label] {
			m.Correct++
		}
		var sum float64
		for _, v := range row {
			sum += portable.Exp(float64(v - row[best]))
		}
		m.NLL += portable.Log(sum) - float64(row[label]-row[best])
	}
	if m.Examples > 0 {
		m.NLL /= float64(m.Examples)
	}
	return m, nil
}
