package schedule_test

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/schedule"
)

func TestOneCycleAgreesWithPyTorch(t *testing.T) {
	type testCase struct {
		Peak  float64 `json:"peak"`
		Rise  float64 `json:"rise"`
		Steps int64   `json:"steps"`
	}
	cases := []testCase{{0.1, 0.3, 100}, {3, 0.25, 17}, {0.01, 0.9, 40}, {1, 0.5, 8}}
	var want []struct {
		LR       []float64 `json:"lr"`
		Momentum []float64 `json:"momentum"`
	}
	pytorch.Run(t, "testdata/onecycle.py", cases, &want)
	for i, c := range cases {
		lr := schedule.OneCycle{Peak: c.Peak, Rise: c.Rise, Steps: c.Steps}
		momentum := schedule.OneCycle{Initial: 0.95, Peak: 0.85, Final: 0.95, Rise: c.Rise, Steps: c.Steps}
		for step := range c.Steps {
			if got, want := lr.At(step), want[i].LR[step]; !(math.Abs(got-want) <= 1e-14*c.Peak) {
				t.Errorf("%v at %d: learning rate must be %v, got %v", lr, step, want, got)
			}
			if got, want := momentum.At(step), want[i].Momentum[step]; !(math.Abs(got-want) <= 1e-14) {
				t.Errorf("%v at %d: momentum must be %v, got %v", momentum, step, want, got)
			}
		}
	}
}
