package metrics_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// The values are those of the definitions, and do not depend on how the examples are split,
// also with states that are written and read.
func TestGaussian(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(2, 8).Draw(t, "examples"), rapid.IntRange(1, 3).Draw(t, "numbers")
		number := rapid.Float64Range(-3, 3)
		outputs := rapid.SliceOfN(number, 2*n*k, 2*n*k).Draw(t, "outputs")
		targets := rapid.SliceOfN(number, n*k, n*k).Draw(t, "targets")
		weights := rapid.SliceOfN(rapid.SampledFrom([]float64{1, 2, 0.5}), n, n).Draw(t, "weights")
		batch := func(from, to int) metrics.Batch {
			return metrics.Batch{Output: dense([]int{to - from, 2 * k}, outputs[2*k*from:2*k*to]...), Target: dense([]int{to - from, k}, targets[k*from:k*to]...), Weight: dense([]int{to - from}, weights[from:to]...)}
		}
		all := []metrics.Metric{metrics.GaussianNLL{}, metrics.OfMeans{Of: metrics.RMSE{}}, metrics.OfMeans{Of: metrics.R2{}}}
		start := func() *metrics.Set {
			s, err := metrics.New(all...)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		add := func(s *metrics.Set, b metrics.Batch) {
			if err := s.Add(b); err != nil {
				t.Fatal(err)
			}
		}
		whole, first, second := start(), start(), start()
		add(whole, batch(0, n))
		cut := rapid.IntRange(1, n-1).Draw(t, "cut")
		add(first, batch(cut, n))
		add(second, batch(0, cut))
		state, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		again := start()
		if err := json.Unmarshal(state, again); err != nil {
			t.Fatal(err)
		}
		if err := second.Merge(again); err != nil {
			t.Fatal(err)
		}
		for i, s := range second.Scores() {
			sameBits(t, s.Name, s.Value, whole.Scores()[i].Value)
		}
		var total, nll, squares float64
		for i := range n {
			for j := range k {
				s, d := outputs[2*k*i+k+j], targets[k*i+j]-outputs[2*k*i+j]
				total += weights[i]
				nll += weights[i] * (math.Log(2*math.Pi) + s + d*d*math.Exp(-s)) / 2
				squares += weights[i] * d * d
			}
		}
		for i, want := range []float64{nll / total, math.Sqrt(squares / total)} {
			if got := whole.Scores()[i]; !(math.Abs(got.Value-want) <= 1e-9*max(1, math.Abs(want))) {
				t.Fatalf("%s must be %v, got %v", got.Name, want, got.Value)
			}
		}
	})
}

func TestGaussianRejects(t *testing.T) {
	bad := metrics.Batch{Output: dense([]int{2, 3}, 1, 2, 3, 4, 5, 6), Target: dense([]int{2, 2}, 1, 2, 3, 4)}
	const want = "output must be means and logarithms of variances, twice as many as the targets of shape (2, 2), got shape (2, 3)"
	for prefix, m := range map[string]metrics.Metric{"metrics: Gaussian NLL: ": metrics.GaussianNLL{}, "metrics: OfMeans: ": metrics.OfMeans{Of: metrics.MAE{}}} {
		a, err := m.Start()
		if err != nil {
			t.Fatal(err)
		}
		testkit.Rejects(t, a.Add(bad), prefix+want)
		other, err := metrics.Accuracy{}.Start()
		if err != nil {
			t.Fatal(err)
		}
		testkit.Rejects(t, a.Merge(other), "metrics: Merge: accumulator must be a ")
	}
	_, err := metrics.OfMeans{}.Start()
	testkit.Rejects(t, err, "metrics: OfMeans: Of must be a metric, got nil")
}
