package sweep

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// An interval stays where the metric can be: two seeds that differ have one beyond.
func TestInterval(t *testing.T) {
	wide := Row{Values: []float64{0.1, 0.9}, Estimate: experiment.Estimated([]float64{0.1, 0.9})}
	for metric, want := range map[string]string{"error": "[0.00, 100.00]", "nll": "[0.0000, 5.5825]"} {
		s := &Spec{Metric: metric}
		if got := s.Interval(s.Scaled([]Row{wide})[0]); got != want {
			t.Errorf("%s: got %s, want %s", metric, got, want)
		}
	}
}
