package metrics

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// A Set accumulates several metrics over the same batches. It is not safe for
// use by several goroutines.
type Set struct {
	metrics      []Metric
	accumulators []Accumulator
}

// A Score is the value of a metric.
type Score struct {
	Name      string
	Value     float64
	Direction Direction
}

// New returns a set of metrics that has seen nothing, or an error if a metric's
// settings are wrong or two have the same name.
func New(of ...Metric) (*Set, error) {
	s := &Set{metrics: of}
	seen := make(map[string]bool)
	for _, m := range of {
		if m == nil {
			return nil, errors.New("metrics: New: metrics must be there, got nil")
		}
		if seen[m.Name()] {
			return nil, errors.Errorf("metrics: New: names must differ, got %q twice", m.Name())
		}
		seen[m.Name()] = true
		a, err := m.Start()
		if err != nil {
			return nil, err
		}
		s.accumulators = append(s.accumulators, a)
	}
	return s, nil
}

// Add adds a batch to all metrics. After an error the set is no longer usable,
// since some metrics may have the batch and others not.
func (s *Set) Add(b Batch) error {
	for _, a := range s.accumulators {
		if err := a.Add(b); err != nil {
			return err
		}
	}
	return nil
}

// Merge adds what another set of the same metrics has seen.
func (s *Set) Merge(other *Set) error {
	if len(other.metrics) != len(s.metrics) {
		return errors.Errorf("metrics: Merge: set must have %d metrics, got %d", len(s.metrics), len(other.metrics))
	}
	for i, m := range s.metrics {
		if name := other.metrics[i].Name(); name != m.Name() {
			return errors.Errorf("metrics: Merge: metric %d must be %s, got %s", i, m.Name(), name)
		}
	}
	for i, a := range s.accumulators {
		if err := a.Merge(other.accumulators[i]); err != nil {
			return err
		}
	}
	return nil
}

// Scores returns the values of the metrics, in their order.
func (s *Set) Scores() []Score {
	all := make([]Score, len(s.metrics))
	for i, m := range s.metrics {
		all[i] = Score{m.Name(), s.accumulators[i].Value(), m.Direction()}
	}
	return all
}

// Accumulator returns the accumulator of the metric called name, nil if there
// is none.
func (s *Set) Accumulator(name string) Accumulator {
	for i, m := range s.metrics {
		if m.Name() == name {
			return s.accumulators[i]
		}
	}
	return nil
}

// MarshalJSON writes the states of all metrics by their names.
func (s *Set) MarshalJSON() ([]byte, error) {
	states := make(map[string]Accumulator)
	for i, m := range s.metrics {
		states[m.Name()] = s.accumulators[i]
	}
	return json.Marshal(states)
}

// UnmarshalJSON replaces the state by one that a set of the same metrics has
// written; a set of other metrics is an error.
func (s *Set) UnmarshalJSON(data []byte) error {
	var states map[string]json.RawMessage
	if err := json.Unmarshal(data, &states); err != nil {
		return errors.Wrap(err, "metrics: Set: state")
	}
	if len(states) != len(s.metrics) {
		return errors.Errorf("metrics: Set: state must be of %d metrics, got %d", len(s.metrics), len(states))
	}
	fresh, err := New(s.metrics...)
	if err != nil {
		return err
	}
	for i, m := range s.metrics {
		state, ok := states[m.Name()]
		if !ok {
			return errors.Errorf("metrics: Set: state must have %s, got none", m.Name())
		}
		if err := json.Unmarshal(state, fresh.accumulators[i]); err != nil {
			return errors.Wrapf(err, "metrics: Set: state of %s", m.Name())
		}
	}
	*s = *fresh
	return nil
}
