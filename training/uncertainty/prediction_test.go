package uncertainty_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// Two passes whose probabilities are (3/4, 1/4) and (1/4, 3/4), and a class that
// is impossible.
func TestFromLogits(t *testing.T) {
	inf := math.Inf(-1)
	for _, shift := range []float64{0, 1e6, -1e6} {
		p, err := uncertainty.FromLogits(1, [][]float64{
			{math.Log(3) + shift, shift, inf}, {shift, math.Log(3) + shift, inf},
		})
		if err != nil {
			t.Fatal(err)
		}
		expected := -0.75*math.Log(0.75) - 0.25*math.Log(0.25)
		for _, c := range []struct {
			what      string
			got, want float64
		}{
			{"mean", p.Mean[0], 0.5}, {"mean", p.Mean[1], 0.5}, {"mean", p.Mean[2], 0},
			{"variance", p.Variance[0], 1.0 / 16}, {"variance", p.Variance[1], 1.0 / 16}, {"variance", p.Variance[2], 0},
			{"entropy", p.Entropy, math.Ln2}, {"expected entropy", p.ExpectedEntropy, expected},
			{"mutual information", p.MutualInformation(), math.Ln2 - expected}, {"confidence", p.Confidence(), 0.5},
		} {
			if math.Abs(c.got-c.want) > 1e-9 {
				t.Errorf("shift %v: %s must be %v, got %v", shift, c.what, c.want, c.got)
			}
		}
		if p.Label != 1 {
			t.Errorf("label must be 1, got %d", p.Label)
		}
	}
}

func TestFromLogitsRejects(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tt := range []struct {
		label  int
		logits [][]float64
		want   string
	}{
		{0, nil, "logits must have at least one pass and class, got none"},
		{0, [][]float64{{}}, "logits must have at least one pass and class, got none"},
		{2, [][]float64{{1, 2}}, "label must be in [0, 2), got 2"},
		{-1, [][]float64{{1, 2}}, "label must be in [0, 2), got -1"},
		{0, [][]float64{{1, 2}, {1}}, "logits of pass 1 must have 2 classes, got 1"},
		{0, [][]float64{{1, 2}, {1, nan}}, "logits of pass 1: class 1: logit must be a number below +Inf, got NaN"},
		{0, [][]float64{{inf, 2}}, "logits of pass 0: class 0: logit must be a number below +Inf, got +Inf"},
		{0, [][]float64{{-inf, -inf}}, "logits of pass 0: one logit at least must be above -Inf, got none"},
	} {
		if _, err := uncertainty.FromLogits(tt.label, tt.logits); err == nil || err.Error() != "uncertainty: FromLogits: "+tt.want {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

func TestEmptyPrediction(t *testing.T) {
	var p uncertainty.Prediction
	if p.Class() != 0 || p.Confidence() != 0 || p.MutualInformation() != 0 {
		t.Errorf("want zeros, got %d, %v, %v", p.Class(), p.Confidence(), p.MutualInformation())
	}
}

// Ten predictions of two classes in bins of a half and of a quarter.
func TestEvaluate(t *testing.T) {
	var predictions []uncertainty.Prediction
	add := func(n, label int, q float64) {
		for range n {
			predictions = append(predictions, uncertainty.Prediction{Label: label, Mean: []float64{q, 1 - q}})
		}
	}
	add(3, 0, 0.6) // right with confidence 0.6
	add(1, 1, 0.6) // wrong
	add(4, 1, 0.1) // right with confidence 0.9
	add(2, 0, 0)   // wrong with confidence 1
	s, err := uncertainty.Evaluate(predictions, 4)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(s.NLL, 1) {
		t.Errorf("a label of probability 0 must make the NLL infinite, got %v", s.NLL)
	}
	third, last := s.Bins[2], s.Bins[3]
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"accuracy", s.Accuracy, 0.7},
		{"Brier", s.Brier, (3*2*0.16 + 2*0.36 + 4*2*0.01 + 2*2) / 10},
		{"examples", float64(third.Examples), 4}, {"confidence", third.Confidence, 0.6}, {"accuracy", third.Accuracy, 0.75},
		{"examples", float64(last.Examples), 6}, {"confidence", last.Confidence, (4*0.9 + 2) / 6}, {"accuracy", last.Accuracy, 4.0 / 6},
		{"ECE", s.ECE, 0.4*0.15 + 0.6*(1.6/6)}, {"MCE", s.MCE, 1.6 / 6},
		{"low", third.Low, 0.5}, {"high", third.High, 0.75},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s must be %v, got %v", c.what, c.want, c.got)
		}
	}
	s, err = uncertainty.Evaluate(predictions[:8], 1)
	if want := -(3*math.Log(0.6) + math.Log(0.4) + 4*math.Log(0.9)) / 8; err != nil || math.Abs(s.NLL-want) > 1e-12 {
		t.Errorf("NLL must be %v, got %v, %v", want, s.NLL, err)
	}
}

// The edges of bins belong to the bin below, exactly.
func TestEvaluateBinEdges(t *testing.T) {
	for bins := 1; bins <= 20; bins++ {
		for i := 1; i <= bins; i++ {
			edge := float64(i) / float64(bins)
			rest := (1 - edge) / 99
			p := uncertainty.Prediction{Mean: make([]float64, 100)}
			for k := range p.Mean {
				p.Mean[k] = rest
			}
			if p.Mean[0] = edge; edge < rest {
				continue
			}
			s, err := uncertainty.Evaluate([]uncertainty.Prediction{p}, bins)
			if err != nil {
				t.Fatal(err)
			}
			if s.Bins[i-1].Examples != 1 {
				t.Errorf("%d bins: confidence %v must be in bin %d", bins, edge, i-1)
			}
		}
	}
}

func TestEvaluateRejects(t *testing.T) {
	of := func(label int, mean ...float64) uncertainty.Prediction {
		return uncertainty.Prediction{Label: label, Mean: mean}
	}
	good := of(0, 0.5, 0.5)
	for _, tt := range []struct {
		predictions []uncertainty.Prediction
		bins        int
		want        string
	}{
		{nil, 15, "must have at least one prediction, got none"},
		{[]uncertainty.Prediction{good}, 0, "bins must be in [1, 1048576], got 0"},
		{[]uncertainty.Prediction{good, of(2, 0.5, 0.5)}, 15, "prediction 1: label must be in [0, 2), got 2"},
		{[]uncertainty.Prediction{good, of(0, 1)}, 15, "prediction 1: must have probabilities of 2 classes, at least 1, got 1"},
		{[]uncertainty.Prediction{{}}, 15, "prediction 0: must have probabilities of 0 classes, at least 1, got 0"},
		{[]uncertainty.Prediction{of(0, math.NaN(), 0.5)}, 15, "prediction 0: probability of class 0 must be in [0, 1], got NaN"},
		{[]uncertainty.Prediction{of(0, 1.5, -0.5)}, 15, "prediction 0: probability of class 0 must be in [0, 1], got 1.5"},
		{[]uncertainty.Prediction{of(0, 0.5, 0.25)}, 15, "prediction 0: probabilities must add up to 1, got 0.75"},
	} {
		if _, err := uncertainty.Evaluate(tt.predictions, tt.bins); err == nil || !strings.HasSuffix(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "uncertainty: Evaluate: ") {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

// What holds for all logits: distributions, the order of the entropies, the
// ranges of the scores, whatever the order of the examples.
func TestPropertiesOfPredictions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.IntRange(1, 5).Draw(t, "classes")
		logit := rapid.OneOf(rapid.Float64Range(-50, 50), rapid.Float64Range(-1e300, 1e300))
		var predictions []uncertainty.Prediction
		for range rapid.IntRange(1, 12).Draw(t, "examples") {
			var logits [][]float64
			for range rapid.IntRange(1, 5).Draw(t, "passes") {
				logits = append(logits, rapid.SliceOfN(logit, classes, classes).Draw(t, "logits"))
			}
			p, err := uncertainty.FromLogits(rapid.IntRange(0, classes-1).Draw(t, "label"), logits)
			if err != nil {
				t.Fatal(err)
			}
			var sum, variance float64
			for k := range p.Mean {
				sum += p.Mean[k]
				variance += p.Variance[k]
				if !(p.Variance[k] >= 0 && p.Variance[k] <= 0.25+1e-12) {
					t.Fatalf("variance of class %d must be in [0, 0.25], got %v", k, p.Variance[k])
				}
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Fatalf("probabilities add up to %v", sum)
			}
			const slack = 1e-12
			if p.ExpectedEntropy > p.Entropy+slack || p.Entropy > math.Log(float64(classes))+slack || p.ExpectedEntropy < 0 {
				t.Fatalf("entropies are %v and %v of %d classes", p.ExpectedEntropy, p.Entropy, classes)
			}
			if len(logits) == 1 && (variance != 0 || p.MutualInformation() > slack) {
				t.Fatalf("one pass has variance %v and mutual information %v", variance, p.MutualInformation())
			}
			predictions = append(predictions, p)
		}
		bins := rapid.IntRange(1, 20).Draw(t, "bins")
		s, err := uncertainty.Evaluate(predictions, bins)
		if err != nil {
			t.Fatal(err)
		}
		const slack = 1e-9
		if s.ECE < 0 || s.ECE > s.MCE+slack || s.MCE > 1+slack || s.Brier < 0 || s.Brier > 2+slack || s.NLL < -slack || s.Accuracy < 0 || s.Accuracy > 1+slack {
			t.Fatalf("scores out of range: %+v", s)
		}
		slices.Reverse(predictions)
		again, err := uncertainty.Evaluate(predictions, bins)
		if err != nil || math.Abs(again.ECE-s.ECE) > slack || math.Abs(again.Brier-s.Brier) > slack || again.Bins[0].Examples != s.Bins[0].Examples {
			t.Fatalf("another order gives %+v instead of %+v, %v", again, s, err)
		}
	})
}
