package uncertainty_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// dropped is a model of one number whose output is 2x, dropped half of the time.
func dropped(t *testing.T) *models.Model {
	t.Helper()
	m, err := models.New(models.Sequential{models.Dropout(0.5), models.Linear(1, 1)}, []int{1})
	if err == nil {
		err = m.SetWeights(map[string]*tensor.Dense{
			"1.weight": tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float32{2})),
			"1.bias":   tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{0})),
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type timesTen struct{}

func (timesTen) Restore(values []float64) error {
	for i := range values {
		values[i] *= 10
	}
	return nil
}

func TestPredictValues(t *testing.T) {
	data := &training.Examples{Shape: []int{1}, X: []float32{1, 3, -2}, Targets: []float32{2, 5, 7}, TargetShape: []int{1}}
	p := &uncertainty.Predictor{Model: dropped(t), Passes: 4000}
	all, err := p.PredictValues(t.Context(), data, timesTen{})
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	for i, v := range all {
		// Kept inputs are doubled: 40x or 0, each half of the time.
		x := float64(data.X[i])
		if math.Abs(v.Mean[0]-20*x) > 1.5*math.Abs(x) || math.Abs(v.Variance[0]-400*x*x) > 5*x*x || v.Target[0] != 10*float64(data.Targets[i]) {
			t.Errorf("%v: got mean %v, variance %v, target %v", x, v.Mean, v.Variance, v.Target)
		}
	}
	alone, err := p.PredictValuesDeterministic(t.Context(), data, nil)
	if err != nil || alone[1].Mean[0] != 6 || alone[1].Variance[0] != 0 || len(alone[1].Passes) != 1 || alone[1].Target[0] != 5 {
		t.Errorf("got %+v, %v", alone, err)
	}
	data.X[1] = float32(math.Inf(1))
	_, err = p.PredictValuesDeterministic(t.Context(), data, nil)
	testkit.Rejects(t, err, "example 1: output 0 of pass 0 must be finite, got +Inf")
}

// The mixture of two normal distributions, by hand.
func TestMixtureOfPasses(t *testing.T) {
	v := uncertainty.Values{Target: []float64{1}, Passes: [][]float64{{-1}, {3}}, Mean: []float64{1}, Variance: []float64{4}}
	normal := func(d float64) float64 { return math.Exp(-d*d/2/0.25) / math.Sqrt(2*math.Pi*0.25) }
	if got, want := v.LogLikelihood(0, 0.25), math.Log(normal(2)); math.Abs(got-want) > 1e-12 {
		t.Errorf("log-likelihood must be %v, got %v", want, got)
	}
	if got := v.Probability(0, 1, 0.25); math.Abs(got-0.5) > 1e-15 {
		t.Errorf("half must be below the middle, got %v", got)
	}
	for _, level := range []float64{0.01, 0.5, 0.9, 0.999} {
		low, high := v.Interval(0, level, 0.25)
		if p := v.Probability(0, high, 0.25) - v.Probability(0, low, 0.25); math.Abs(p-level) > 1e-12 || math.Abs(low+high-2) > 1e-9 {
			t.Errorf("%v: got %v to %v, which has %v", level, low, high, p)
		}
	}
	one := uncertainty.Values{Target: []float64{0}, Passes: [][]float64{{5}}}
	if low, high := one.Interval(0, 0.95, 4); math.Abs(low-(5-2*1.959963984540054)) > 1e-12 || math.Abs(high-(5+2*1.959963984540054)) > 1e-12 {
		t.Errorf("got %v to %v", low, high)
	}
	// Far from all passes densities underflow; their logarithms do not.
	one.Target[0] = 1e6
	if got := one.LogLikelihood(0, 1); math.IsInf(got, 0) || math.Abs(got+(1e6-5)*(1e6-5)/2) > 1 {
		t.Errorf("got %v", got)
	}
}
