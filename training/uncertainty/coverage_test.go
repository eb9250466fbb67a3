package uncertainty_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A model that learns how noisy each example is: in the units of the data the noise is its
// own, likelihood and coverage are right, and dropout adds to the variance.
func TestLearntNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	set := func(n int) *training.Examples {
		e := &training.Examples{Shape: []int{1}, TargetShape: []int{1}}
		for range n {
			x := 2*r.Float64() - 1
			e.X = append(e.X, float32(x))
			e.Targets = append(e.Targets, float32(100+30*x+deviation(x)*r.NormFloat64()))
		}
		return e
	}
	train, test := set(2000), set(1000)
	scale, err := datasets.FitTargets(train)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(models.Sequential{models.Linear(1, 32), models.Tanh(), models.Dropout(0.02), models.Linear(32, 2)}, []int{1}, models.WithDtype(tensor.Float32))
	if err != nil {
		t.Fatal(err)
	}
	tr := &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.01}, Epochs: 40, Loss: training.GaussianNLL(), Metrics: []metrics.Metric{metrics.GaussianNLL{}, metrics.OfMeans{Of: metrics.RMSE{}}}}
	if _, err := tr.Fit(t.Context(), training.Data{Train: scale.Apply(train)}); err != nil {
		t.Fatal(err)
	}
	p := &uncertainty.Predictor{Model: m, Gaussian: true, Passes: 30}
	all, err := p.PredictValues(t.Context(), scale.Apply(test), scale)
	if err != nil {
		t.Fatal(err)
	}
	var likelihood, truth, epistemic float64
	for i, v := range all {
		x := float64(test.X[i])
		if sd, want := math.Sqrt(v.Aleatoric[0]), deviation(x); math.Abs(sd/want-1) > 0.35 {
			t.Errorf("at %v the noise must be about %v, got %v", x, want, sd)
		}
		if math.Abs(v.Target[0]-float64(test.Targets[i])) > 1e-3 {
			t.Fatalf("target must be %v, got %v", test.Targets[i], v.Target[0])
		}
		likelihood += v.LogLikelihood(0, 0) / 1000
		d := v.Target[0] - (100 + 30*x)
		truth -= (d*d/deviation(x)/deviation(x) + math.Log(2*math.Pi*deviation(x)*deviation(x))) / 2000
		epistemic += v.Variance[0]
	}
	if !(math.Abs(likelihood-truth) < 0.05) || epistemic <= 0 {
		t.Errorf("log-likelihood is %v, that of the truth %v; epistemic variance %v", likelihood, truth, epistemic)
	}
	levels := []float64{0.1, 0.5, 0.9}
	shares, err := uncertainty.Coverage(all, levels, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, level := range levels {
		if math.Abs(shares[i]-level) > 0.06 {
			t.Errorf("intervals of %v cover %v", level, shares[i])
		}
		inside := 0.0
		for _, v := range all {
			if low, high := v.Interval(0, level, 0); low <= v.Target[0] && v.Target[0] <= high {
				inside += 1. / 1000
			}
		}
		if math.Abs(inside-shares[i]) > 1e-9 {
			t.Errorf("coverage must be %v as by the intervals, got %v", inside, shares[i])
		}
	}
	alone, err := p.PredictValuesDeterministic(t.Context(), scale.Apply(test), scale)
	if err != nil || alone[0].Variance[0] != 0 || !(alone[0].Aleatoric[0] > 0) {
		t.Errorf("without dropout: %+v, %v", alone[0], err)
	}
}

func deviation(x float64) float64 { return 4 + 5*(x+1) }

// Two passes with variances of their own, by hand.
func TestMixtureOfNoise(t *testing.T) {
	v := uncertainty.Values{Target: []float64{1}, Passes: [][]float64{{-1}, {3}}, Noise: [][]float64{{0.25}, {4}}}
	density := func(d, s float64) float64 { return math.Exp(-d*d/2/s) / math.Sqrt(2*math.Pi*s) }
	below := func(y, mean, s float64) float64 { return math.Erfc((mean-y)/math.Sqrt(2*s)) / 2 }
	for _, noise := range []float64{0, 0.5} {
		want := math.Log((density(2, 0.25+noise) + density(2, 4+noise)) / 2)
		if got := v.LogLikelihood(0, noise); math.Abs(got-want) > 1e-12 {
			t.Errorf("log-likelihood must be %v, got %v", want, got)
		}
		for _, y := range []float64{-3, 0, 1, 5} {
			want := (below(y, -1, 0.25+noise) + below(y, 3, 4+noise)) / 2
			if got := v.Probability(0, y, noise); math.Abs(got-want) > 1e-12 {
				t.Errorf("probability of at most %v must be %v, got %v", y, want, got)
			}
			if got := v.Quantile(0, want, noise); math.Abs(got-y) > 1e-6 {
				t.Errorf("quantile of %v must be %v, got %v", want, y, got)
			}
		}
	}
}

func TestCoverageRejects(t *testing.T) {
	odd := &uncertainty.Predictor{Model: dropped(t), Gaussian: true}
	_, err := odd.PredictValues(t.Context(), &training.Examples{Shape: []int{1}, X: []float32{1}, Targets: []float32{2}, TargetShape: []int{1}}, nil)
	testkit.Rejects(t, err, "outputs must be means and as many logarithms of variances for Gaussian, got 1")
	good := uncertainty.Values{Target: []float64{1}, Passes: [][]float64{{1}}, Mean: []float64{1}}
	for _, tt := range []struct {
		values []uncertainty.Values
		level  float64
		noise  float64
		want   string
	}{
		{nil, 0.5, 1, "must have a number to predict, got none"},
		{[]uncertainty.Values{good}, 1, 1, "levels must be in (0, 1), got 1"},
		{[]uncertainty.Values{good}, math.NaN(), 1, "levels must be in (0, 1), got NaN"},
		{[]uncertainty.Values{good}, 0.5, -1, "noise must be finite and not negative, got -1"},
		{[]uncertainty.Values{good, good}, 0.5, 0, "prediction 0: variance of number 0 must be finite and positive, got 0"},
		{[]uncertainty.Values{good, {Target: []float64{math.NaN()}, Passes: [][]float64{{1}}}}, 0.5, 1, "prediction 1: number 0 and its predictions must be numbers, got NaN"},
	} {
		_, err := uncertainty.Coverage(tt.values, []float64{tt.level}, tt.noise)
		testkit.Rejects(t, err, "uncertainty: Coverage: "+tt.want)
	}
}
