package metrics

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// Of returns a metric of a further output of a model, a head, instead of its own
// output: it reads [Batch.Heads]. Its name begins with that of the head: "age: MAE".
func Of(head string, m Metric) Metric { return headMetric{m, head} }

type headMetric struct {
	Metric
	head string
}

func (m headMetric) Name() string { return m.head + ": " + m.Metric.Name() }

func (m headMetric) Start() (Accumulator, error) {
	a, err := m.Metric.Start()
	if err != nil {
		return nil, errors.WithMessage(err, m.head)
	}
	return &headAccumulator{Accumulator: a, head: m.head}, nil
}

// A headAccumulator is the metric's own but for the batches that it is given.
type headAccumulator struct {
	Accumulator
	head string
}

func (a *headAccumulator) Add(b Batch) error {
	of, ok := b.Heads[a.head]
	if !ok {
		return errors.Errorf("metrics: Add: batch must have the head %q, got none of this name", a.head)
	}
	return errors.WithMessage(a.Accumulator.Add(of), a.head)
}

// PerClass implements PerClass, with no values where the metric has none.
func (a *headAccumulator) PerClass() []float64 {
	if p, ok := a.Accumulator.(PerClass); ok {
		return p.PerClass()
	}
	return nil
}

// MarshalJSON writes the state of the metric, and UnmarshalJSON reads it.
func (a *headAccumulator) MarshalJSON() ([]byte, error) { return json.Marshal(a.Accumulator) }

func (a *headAccumulator) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, a.Accumulator)
}

func (a *headAccumulator) Merge(from Accumulator) error {
	other, err := same(a, from)
	if err != nil {
		return err
	}
	return a.Accumulator.Merge(other.Accumulator)
}
