package uncertainty_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 1,
	}))
}

// Logits are an error or give a distribution, whatever they are.
func TestFromLogitsOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.IntRange(0, 4).Draw(t, "classes")
		logits := rapid.SliceOfN(rapid.SliceOfN(numbers(), classes, classes), 0, 3).Draw(t, "logits")
		p, err := uncertainty.FromLogits(rapid.IntRange(-1, 4).Draw(t, "label"), logits)
		if err != nil {
			return
		}
		var sum float64
		for k, q := range p.Mean {
			sum += q
			if !(q >= 0 && q <= 1+1e-12) || !(p.Variance[k] >= 0 && p.Variance[k] <= 1) {
				t.Fatalf("class %d has %v with variance %v", k, q, p.Variance[k])
			}
		}
		most := math.Log(float64(classes)) + 1e-9
		if math.Abs(sum-1) > 1e-9 || !(p.Entropy >= 0 && p.Entropy <= most) || !(p.ExpectedEntropy >= 0 && p.ExpectedEntropy <= most) || !(p.MutualInformation() >= 0) {
			t.Fatalf("got %+v", p)
		}
		if s, err := uncertainty.Evaluate([]uncertainty.Prediction{p}, 15); err != nil || math.IsNaN(s.ECE) || math.IsNaN(s.NLL) {
			t.Fatalf("%v: scores of %+v are %+v", err, p, s)
		}
	})
}

// Scores are errors or in their ranges, whatever predictions are.
func TestEvaluateOfAnything(t *testing.T) {
	prediction := rapid.Custom(func(t *rapid.T) uncertainty.Prediction {
		p := uncertainty.Prediction{
			Label: rapid.IntRange(-1, 3).Draw(t, "label"), Mean: rapid.SliceOfN(numbers(), 0, 3).Draw(t, "mean"),
			Entropy: numbers().Draw(t, "entropy"), ExpectedEntropy: numbers().Draw(t, "expected"),
		}
		if len(p.Mean) == 2 && rapid.Bool().Draw(t, "distribution") {
			p.Mean[1] = 1 - p.Mean[0]
		}
		return p
	})
	bins := rapid.OneOf(rapid.IntRange(-1, 20), rapid.SampledFrom([]int{math.MaxInt, math.MinInt, 1 << 40}))
	rapid.Check(t, func(t *rapid.T) {
		predictions := rapid.SliceOfN(prediction, 0, 4).Draw(t, "predictions")
		for _, p := range predictions {
			p.Class()
			p.Confidence()
			p.MutualInformation()
		}
		s, err := uncertainty.Evaluate(predictions, bins.Draw(t, "bins"))
		if err == nil && !(s.Accuracy >= 0 && s.Accuracy <= 1+1e-9 && s.NLL >= -1e-9 && s.Brier >= 0 && s.Brier <= 2+1e-6 && s.ECE >= 0 && s.ECE <= 1+1e-6 && s.MCE <= 1+1e-6) {
			t.Fatalf("got %+v", s)
		}
	})
}
