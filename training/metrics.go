package training

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Metrics says how well a classifier does on a set of examples.
type Metrics struct {
	Examples int     `json:"examples"` // labels counted
	NLL      float64 `json:"nll"`      // mean negative log-likelihood, nats
	Correct  int     `json:"correct"`  // labels with the highest probability
}

// Accuracy is the share of labels with the highest probability, in [0, 1].
func (m Metrics) Accuracy() float64 { return float64(m.Correct) / float64(m.Examples) }

// Error is 1 minus the accuracy.
func (m Metrics) Error() float64 { return 1 - m.Accuracy() }

// merge adds the metrics of more examples.
func (m *Metrics) merge(other Metrics) {
	n := m.Examples + other.Examples
	if n == 0 {
		return
	}
	m.NLL = (float64(m.NLL*float64(m.Examples)) + float64(other.NLL*float64(other.Examples))) / float64(n)
	m.Examples, m.Correct = n, m.Correct+other.Correct
}

// score returns the metrics of logits, whose last axis is the class, for the
// labels y. NaN logits count as wrong.
func score(logits gorgonia.Value, y []int) (Metrics, error) {
	d, ok := logits.(*tensor.Dense)
	if !ok {
		return Metrics{}, errors.Errorf("logits must be a dense tensor, got %T", logits)
	}
	switch d.Dtype() {
	case tensor.Float32:
		return scoreRows(d.Float32s(), y)
	case tensor.Float64:
		return scoreRows(d.Float64s(), y)
	}
	return Metrics{}, errors.Errorf("logits must be of float32 or float64, got %v", d.Dtype())
}

func scoreRows[F float32 | float64](x []F, y []int) (Metrics, error) {
	m := Metrics{Examples: len(y)}
	classes := len(x) / len(y)
	for n, label := range y {
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
	m.NLL /= float64(len(y))
	return m, nil
}
