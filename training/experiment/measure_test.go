package experiment_test

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// Each measure is the number that its name says; the gap is how much worse the test set
// is than the training set.
func TestMeasures(t *testing.T) {
	r := experiment.Result{History: &training.History{
		Train: &training.Metrics{Examples: 10, Correct: 9, NLL: 0.25},
		Test:  &training.Metrics{Examples: 20, Correct: 14, NLL: 0.75},
	}}
	for _, tt := range []struct {
		m    experiment.Measure
		want float64
	}{
		{experiment.TrainError, 0.1}, {experiment.TestError, 0.3}, {experiment.TestNLL, 0.75}, {experiment.Gap, 0.2},
	} {
		if got := tt.m.Of(r); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s must be %v, got %v", tt.m.Name, tt.want, got)
		}
	}
}
