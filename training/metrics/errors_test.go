package metrics_test

import (
	"encoding/json"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Settings are checked when a metric is started.
func TestSettings(t *testing.T) {
	for want, m := range map[string]metrics.Metric{
		"metrics: TopK: K must not be negative, got -1":                             metrics.TopK{K: -1},
		"metrics: ECE: Bins must be in [0, 1048576], got -1":                        metrics.ECE{Bins: -1},
		"metrics: class-wise ECE: Bins must be in [0, 1048576], got 1048577":        metrics.ClasswiseECE{Bins: 1<<20 + 1},
		"metrics: unknown F1: Average must be Macro, Micro or Weighted, got 3":      metrics.F1{Average: 3},
		"metrics: unknown recall: Average must be Macro, Micro or Weighted, got -1": metrics.Recall{Average: -1},
		`metrics: LabelMean: Of must be a function, got none for "own"`:             metrics.LabelMean{Title: "own"},
		`metrics: ValueMean: Of must be a function, got none for "own"`:             metrics.ValueMean{Title: "own"},
	} {
		a, err := m.Start()
		testkit.Rejects(t, err, want)
		if a != nil {
			t.Errorf("%s: got an accumulator beside the error", want)
		}
	}
}

// A batch that is wrong is an error, and nothing of it is added.
func TestWrongBatches(t *testing.T) {
	good := metrics.Batch{Output: rows(2, 1, -1, 3, 4), Target: labels(0, 1)}
	values := metrics.Batch{Output: rows(2, 1, -1, 3, 4), Target: rows(2, 1, 0, 0, 1)}
	nan, inf := math.NaN(), math.Inf(1)
	ofLabels, ofValues, ofChoices := every()
	reject := func(m metrics.Metric, good metrics.Batch, wrong map[string]metrics.Batch) {
		a := started(t, m, good)
		before := a.Value()
		state, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		for want, b := range wrong {
			testkit.Rejects(t, a.Add(b), "metrics: "+m.Name()+": "+want)
			now, err := json.Marshal(a)
			if err != nil || string(now) != string(state) || a.Value() != before {
				t.Errorf("%s: %s: the state must be as before", m.Name(), want)
			}
		}
	}
	for _, m := range ofLabels {
		wrong := map[string]metrics.Batch{
			"output must be a dense tensor of float32 or float64, got nothing": {Target: labels(0)},
			"output must be a dense tensor of float32 or float64, got *tensor": {Output: labels(0), Target: labels(0)},
			"output must be a dense tensor of float32 or float64, got *gorgon": {Output: gorgonia.NewF64(1), Target: labels(0)},
			"output must have the class as last axis of two or more, got shap": {Output: column(1, 2), Target: labels(0, 1)},
			"target must be labels of int and shape (2), got *tensor.Dense of": {Output: rows(2, 1, 2, 3, 4), Target: labels(0, 1, 1)},
			"label 1 must be in [0, 2), got 2":                                 {Output: rows(2, 1, 2, 3, 4), Target: labels(0, 2)},
			"label 0 must be in [0, 2), got -1":                                {Output: rows(2, 1, 2, 3, 4), Target: labels(-1, 1)},
			"weight must have the shape (2) of the labels or values or of the": {Output: rows(2, 1, 2, 3, 4), Target: labels(0, 1), Weight: column(1)},
			"weight 1 must be finite and not negative, got -1":                 {Output: rows(2, 1, 2, 3, 4), Target: labels(0, 1), Weight: column(1, -1)},
			"weight 0 must be finite and not negative, got NaN":                {Output: rows(2, 1, 2, 3, 4), Target: labels(0, 1), Weight: column(nan, 1)},
			"weight 0 must be finite and not negative, got +Inf":               {Output: rows(2, 1, 2, 3, 4), Target: labels(0, 1), Weight: column(inf, 1)},
			"output 3 must be a probability in [0, 1], got 4":                  {Output: rows(2, 1, 0, 0, 4), Target: labels(0, 1), Probabilities: true},
			"output 2 must be a probability in [0, 1], got NaN":                {Output: rows(2, 1, 0, nan, 4), Target: labels(0, 1), Probabilities: true},
		}
		if _, ok := m.(metrics.AUROC); !ok && m.Name() != "average precision" {
			wrong["target must be labels of int and shape (2), got nothing"] = metrics.Batch{Output: rows(2, 1, 2, 3, 4)}
			wrong["target must be labels of int and shape (2), got *tensor.Dense of float64"] = values
		}
		if a, ok := started(t, m, good).(metrics.PerClass); ok && len(a.PerClass()) > 1 {
			wrong["classes must be 2 as before, got 3"] = metrics.Batch{Output: rows(3, 1, 2, 3), Target: labels(0)}
		}
		reject(m, good, wrong)
	}
	for i, m := range append(ofValues, ofChoices...) {
		wrong := map[string]metrics.Batch{
			"output must be a dense tensor of float32 or float64, got nothing": {Target: column(0)},
			"target must have the shape (2, 2) of the output, with the batch ": {Output: rows(2, 1, 2, 3, 4), Target: rows(1, 1, 2)},
			"weight must have the shape (2, 2) of the labels or values or of ": {Output: rows(2, 1, 2, 3, 4), Target: rows(2, 1, 0, 1, 1), Weight: column(1, 1, 1)},
		}
		if i >= len(ofValues) {
			wrong["target 3 must be 0 or 1, got 2"] = metrics.Batch{Output: rows(2, 1, 2, 3, 4), Target: rows(2, 1, 0, 1, 2)}
			wrong["target 0 must be 0 or 1, got NaN"] = metrics.Batch{Output: rows(2, 1, 2, 3, 4), Target: rows(2, nan, 0, 1, 2)}
			wrong["output 1 must be a probability in [0, 1], got 2"] = metrics.Batch{Output: rows(2, 1, 2, 3, 4), Target: rows(2, 1, 0, 1, 1), Probabilities: true}
		}
		reject(m, values, wrong)
	}
}

// Accumulators of two metrics are not merged.
func TestWrongMerges(t *testing.T) {
	batch := func(n int) metrics.Batch {
		return metrics.Batch{Output: dense([]int{1, n}, make([]float64, n)...), Target: labels(0)}
	}
	value := func(n int) metrics.Batch {
		return metrics.Batch{Output: dense([]int{1, n}, make([]float64, n)...), Target: dense([]int{1, n}, make([]float64, n)...)}
	}
	confusion := func(n int) *metrics.Confusion {
		var c metrics.Confusion
		if err := c.Add(batch(n)); err != nil {
			t.Fatal(err)
		}
		return &c
	}
	for want, pair := range map[string][2]metrics.Accumulator{
		"metrics: Merge: accumulator must be a *metrics.mean, got *metrics.counts":       {started(t, metrics.NLL{}), started(t, metrics.F1{})},
		"metrics: Merge: accumulator must be a *metrics.mean, got <nil>":                 {started(t, metrics.NLL{}), nil},
		"metrics: Merge: accumulator must be of NLL, got one of accuracy":                {started(t, metrics.NLL{}), started(t, metrics.Accuracy{})},
		"metrics: Merge: accumulator must be of macro F1, got one of macro recall":       {started(t, metrics.F1{}), started(t, metrics.Recall{})},
		"metrics: Merge: accumulator must be of ECE with 15 bins, got one of ECE with 3": {started(t, metrics.ECE{}), started(t, metrics.ECE{Bins: 3})},
		"metrics: Merge: accumulator must be of AUROC, got one of average precision":     {started(t, metrics.AUROC{}), started(t, metrics.AveragePrecision{})},
		"metrics: macro F1: classes must be 2 as before, got 3":                          {started(t, metrics.F1{}, batch(2)), started(t, metrics.F1{}, batch(3))},
		"metrics: class-wise ECE: classes must be 2 as before, got 3":                    {started(t, metrics.ClasswiseECE{}, batch(2)), started(t, metrics.ClasswiseECE{}, batch(3))},
		"metrics: AUROC: scores must be of 1 classes as before, got 3":                   {started(t, metrics.AUROC{}, batch(2)), started(t, metrics.AUROC{}, batch(3))},
		"metrics: R²: outputs must be 2 as before, got 3":                                {started(t, metrics.R2{}, value(2)), started(t, metrics.R2{}, value(3))},
		"metrics: Confusion: classes must be 2 as before, got 3":                         {confusion(2), confusion(3)},
	} {
		testkit.Rejects(t, pair[0].Merge(pair[1]), want)
	}
}

// NaN is never better, and delta counts in the direction of the metric.
func TestBetter(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		d                  metrics.Direction
		value, than, delta float64
		want               bool
	}{
		{metrics.LowerIsBetter, 1, 2, 0, true}, {metrics.LowerIsBetter, 2, 2, 0, false}, {metrics.LowerIsBetter, 1.5, 2, 0.5, false}, {metrics.LowerIsBetter, 1.4, 2, 0.5, true},
		{metrics.HigherIsBetter, 2, 1, 0, true}, {metrics.HigherIsBetter, 1, 1, 0, false}, {metrics.HigherIsBetter, 1.5, 1, 0.5, false}, {metrics.HigherIsBetter, 1.6, 1, 0.5, true},
		{metrics.LowerIsBetter, nan, 2, 0, false}, {metrics.LowerIsBetter, 2, nan, 9, true}, {metrics.HigherIsBetter, nan, nan, 0, false}, {metrics.HigherIsBetter, math.Inf(-1), nan, 0, true},
	} {
		if got := tt.d.Better(tt.value, tt.than, tt.delta); got != tt.want {
			t.Errorf("%v: %v better than %v by more than %v must be %v", tt.d, tt.value, tt.than, tt.delta, tt.want)
		}
	}
}

func TestSet(t *testing.T) {
	set := func(of ...metrics.Metric) *metrics.Set {
		s, err := metrics.New(of...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	b := metrics.Batch{Output: rows(2, 1, -1, 3, 4), Target: labels(0, 0)}
	s, other := set(metrics.Accuracy{}, metrics.NLL{}), set(metrics.Accuracy{}, metrics.NLL{})
	for _, s := range []*metrics.Set{s, other} {
		if err := s.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	state, err := json.Marshal(other)
	if err != nil {
		t.Fatal(err)
	}
	back := set(metrics.Accuracy{}, metrics.NLL{})
	if err := json.Unmarshal(state, back); err != nil {
		t.Fatal(err)
	}
	if err := s.Merge(back); err != nil {
		t.Fatal(err)
	}
	for i, want := range []metrics.Score{
		{"accuracy", 0.5, metrics.HigherIsBetter},
		{"NLL", valueOf(t, metrics.NLL{}, b), metrics.LowerIsBetter},
	} {
		if got := s.Scores()[i]; got != want || s.Accumulator(want.Name).Value() != want.Value {
			t.Errorf("want %v, got %v", want, got)
		}
	}
	if s.Accumulator("F1") != nil {
		t.Error("a metric that is not in the set must have no accumulator")
	}
	testkit.Rejects(t, s.Add(metrics.Batch{Output: rows(2, 1, 1), Target: labels(7)}), "metrics: accuracy: label 0 must be in [0, 2), got 7")
	testkit.Rejects(t, s.Merge(set(metrics.NLL{})), "metrics: Merge: set must have 2 metrics, got 1")
	testkit.Rejects(t, s.Merge(set(metrics.NLL{}, metrics.Accuracy{})), "metrics: Merge: metric 0 must be accuracy, got NLL")
	for want, state := range map[string]string{
		"metrics: Set: state must be of 2 metrics, got 1":  `{"NLL":{}}`,
		"metrics: Set: state must have accuracy, got none": `{"NLL":{},"MAE":{}}`,
		"metrics: Set: state of NLL: ":                     `{"NLL":{"total":"x"},"accuracy":{}}`,
		"metrics: Set: state: ":                            `[]`,
	} {
		testkit.Rejects(t, json.Unmarshal([]byte(state), back), want)
		if back.Scores()[0].Value != 0.5 {
			t.Errorf("%s: what was there must stay", want)
		}
	}
	_, err = metrics.New(metrics.NLL{}, metrics.NLL{})
	testkit.Rejects(t, err, `metrics: New: names must differ, got "NLL" twice`)
	_, err = metrics.New(nil)
	testkit.Rejects(t, err, "metrics: New: metrics must be there, got nil")
	_, err = metrics.New(metrics.TopK{K: -1})
	testkit.Rejects(t, err, "metrics: TopK: K must not be negative, got -1")
}
