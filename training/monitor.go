package training

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// A Monitor says by which metric of the validation set the epochs of a run are judged.
type Monitor struct {
	// Metric is the name of one of Trainer.Metrics or, of labels, "NLL", "error" or
	// "accuracy". "" means the NLL of labels, and else the first metric.
	Metric string
	// MinDelta is how much better than the best one an epoch must be to count as better.
	MinDelta float64
}

// check returns an error unless a run can be judged by m: it has a validation set, and
// measures the metric.
func (m Monitor) check(r *Run) error {
	if r.setup.Validation == 0 {
		return errors.New("data must have a validation set, got none")
	}
	if m.Metric == "" && len(r.scores()) == 0 {
		return errors.New("Metrics must have one to judge by, got none")
	}
	return m.measured(r)
}

// measured returns an error if m names a metric that the run does not measure.
func (m Monitor) measured(r *Run) error {
	if !(m.MinDelta >= 0) || !finite(m.MinDelta) {
		return errors.Errorf("MinDelta must be finite and not negative, got %v", m.MinDelta)
	}
	var known []string
	for _, s := range r.scores() {
		if s.Name == m.Metric {
			return nil
		}
		known = append(known, s.Name)
	}
	if m.Metric != "" {
		return errors.Errorf("Metric must be one of %q, which the trainer measures, got %q", known, m.Metric)
	}
	return nil
}

// scores are those that the run measures, whatever their values.
func (r *Run) scores() Scores {
	var all Scores
	for _, m := range r.Trainer.measures(r.judgedBy) {
		all = append(all, metrics.Score{Name: m.Name(), Value: math.NaN(), Direction: m.Direction()})
	}
	return Metrics{Numeric: !r.judgedBy.labelled(), Scores: all}.all()
}

// of returns the score of an epoch that counts; ok is false where it has none.
func (m Monitor) of(e Epoch) (s metrics.Score, ok bool) {
	if e.Validation == nil {
		return s, false
	}
	all := e.Validation.all()
	if m.Metric != "" || len(all) == 0 {
		return e.Validation.Score(m.Metric), m.Metric != ""
	}
	return all[0], true
}

// Best returns the place of the best epoch and its score, -1 where none has one.
// An epoch is better than the best one before it if its score is better by more than
// MinDelta.
func (m Monitor) Best(epochs []Epoch) (at int, score metrics.Score) {
	at = -1
	for i, e := range epochs {
		if s, ok := m.of(e); ok && (at < 0 || s.Direction.Better(s.Value, score.Value, m.MinDelta)) {
			at, score = i, s
		}
	}
	return at, score
}
