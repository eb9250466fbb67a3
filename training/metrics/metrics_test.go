package metrics_test

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Values by hand, at the edges of each metric.
func TestValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	sure := func(label int) metrics.Batch { // of the classes 0, 1, 2: 0.5, 0.3 and 0.2
		return metrics.Batch{Output: rows(3, 0.5, 0.3, 0.2), Target: labels(label), Probabilities: true}
	}
	labelled := func(n int, x []float64, y ...int) metrics.Batch {
		return metrics.Batch{Output: rows(n, x...), Target: labels(y...)}
	}
	// Decisions 0, 0, 1, 1 for the labels 0, 1, 1, 2 of four classes.
	four := labelled(4, []float64{9, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0}, 0, 1, 1, 2)
	choices := metrics.Batch{Output: rows(2, 1, -1, 1, 1, -1, -1), Target: rows(2, 1, 0, 0, 1, 1, 0)}
	scores := func(x []float64, y ...float64) metrics.Batch {
		return metrics.Batch{Output: column(x...), Target: column(y...)}
	}
	weighted := func(b metrics.Batch, w ...float64) metrics.Batch {
		b.Weight = column(w...)
		return b
	}
	for _, tt := range []struct {
		name  string
		m     metrics.Metric
		b     metrics.Batch
		value float64
	}{
		{"a right label", metrics.Accuracy{}, sure(0), 1},
		{"a wrong label", metrics.Accuracy{}, sure(1), 0},
		{"half of the labels", metrics.Accuracy{}, four, 0.5},
		{"of ties the first", metrics.Accuracy{}, labelled(2, []float64{1, 1, 1, 1}, 0, 1), 0.5},
		{"NaN", metrics.Accuracy{}, labelled(2, []float64{nan, 0, 0, nan}, 0, 0), 0},
		{"infinities", metrics.Accuracy{}, labelled(2, []float64{inf, 0, -inf, -inf}, 0, 0), 1},
		{"one class", metrics.Accuracy{}, labelled(1, []float64{-3}, 0), 1},
		{"weights", metrics.Accuracy{}, weighted(four, 3, 0, 0, 1), 0.75},
		{"no weight", metrics.Accuracy{}, weighted(four, 0, 0, 0, 0), nan},

		{"the second of three", metrics.TopK{K: 2}, sure(1), 1},
		{"the third of three", metrics.TopK{K: 2}, sure(2), 0},
		{"K of all", metrics.TopK{}, sure(2), 1},
		{"of ties the first two", metrics.TopK{K: 2}, labelled(3, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 1, 2), 2.0 / 3},
		{"NaN among few", metrics.TopK{K: 9}, labelled(2, []float64{nan, 0}, 1), 0},

		{"of a probability", metrics.NLL{}, sure(1), -math.Log(0.3)},
		{"of the impossible", metrics.NLL{}, labelled(2, []float64{0, -inf}, 1), inf},
		{"of large logits", metrics.NLL{}, labelled(2, []float64{1e4, 1e4}, 1), math.Ln2},
		{"where another class is infinite", metrics.NLL{}, labelled(2, []float64{inf, 0}, 1), inf},
		{"where two classes are infinite", metrics.NLL{}, labelled(2, []float64{inf, inf}, 1), nan},
		{"with NaN", metrics.NLL{}, labelled(2, []float64{nan, 0}, 1), nan},
		{"of 4 classes alike", metrics.Perplexity{}, labelled(4, []float64{7, 7, 7, 7}, 2), 4},
		{"of 4 classes alike", metrics.BitsPerToken{}, labelled(4, []float64{7, 7, 7, 7}, 2), 2},

		{"of a distribution", metrics.Brier{}, sure(1), 0.25 + 0.49 + 0.04},
		{"of the worst", metrics.Brier{}, labelled(2, []float64{1e4, 0}, 1), 2},
		{"of the best", metrics.Brier{}, labelled(2, []float64{1e4, 0}, 0), 0},

		{"a wrong label of confidence 1/2", metrics.ECE{}, sure(1), 0.5},
		{"bins of one", metrics.ECE{Bins: 1}, metrics.Batch{Output: rows(2, 1, 0, 0.5, 0.5), Target: labels(1, 0), Probabilities: true}, 0.25},
		{"the end of a bin", metrics.ECE{Bins: 2}, metrics.Batch{Output: rows(3, 0.5, 0.3, 0.2, 0.4, 0.3, 0.3), Target: labels(0, 1), Probabilities: true}, 0.05},
		{"NaN", metrics.ECE{}, labelled(2, []float64{nan, 0}, 1), nan},
		{"each class", metrics.ClasswiseECE{}, sure(0), (0.5 + 0.3 + 0.2) / 3},

		// Of the four classes 3 does not occur, 2 is not decided for.
		{"macro", metrics.Precision{}, four, (0.5 + 0.5 + 0) / 3},
		{"macro", metrics.Recall{}, four, (1 + 0.5 + 0) / 3},
		{"macro", metrics.F1{}, four, (2.0/3 + 0.5 + 0) / 3},
		{"micro", metrics.Precision{Average: metrics.Micro}, four, 0.5},
		{"micro", metrics.Recall{Average: metrics.Micro}, four, 0.5},
		{"micro", metrics.F1{Average: metrics.Micro}, four, 0.5},
		{"weighted", metrics.Precision{Average: metrics.Weighted}, four, (0.5 + 2*0.5 + 0) / 4},
		{"weighted", metrics.Recall{Average: metrics.Weighted}, four, (1 + 2*0.5 + 0) / 4},
		{"weighted", metrics.F1{Average: metrics.Weighted}, four, (2.0/3 + 2*0.5 + 0) / 4},
		{"weights", metrics.Precision{}, weighted(four, 1, 3, 0, 0), (0.25 + 0) / 2},
		{"one class alone", metrics.F1{}, labelled(1, []float64{2, 2}, 0, 0), 1},
		{"NaN decides for none", metrics.Recall{}, labelled(2, []float64{nan, 0}, 1), 0},
		{"many labels, macro", metrics.Precision{MultiLabel: true}, choices, (0.5 + 1) / 2},
		{"many labels, macro", metrics.Recall{MultiLabel: true}, choices, (0.5 + 1) / 2},
		{"many labels, micro", metrics.F1{MultiLabel: true, Average: metrics.Micro}, choices, 2.0 * 2 / (3 + 3)},
		{"many labels, weighted", metrics.Recall{MultiLabel: true, Average: metrics.Weighted}, choices, 2.0 / 3},
		{"no label, no decision", metrics.F1{MultiLabel: true}, scores([]float64{-1}, 0), nan},
		{"no label, no decision", metrics.F1{MultiLabel: true, Average: metrics.Micro}, scores([]float64{-1}, 0), nan},
		{"a logit of 0 is no decision", metrics.Precision{MultiLabel: true}, scores([]float64{0}, 1), 0},
		{"nor is 1/2", metrics.Recall{MultiLabel: true}, metrics.Batch{Output: column(0.5, 0.6), Target: column(1, 1), Probabilities: true}, 0.5},

		{"in order", metrics.AUROC{}, scores([]float64{1, 2, 3, 4}, 0, 0, 1, 1), 1},
		{"in reverse", metrics.AUROC{}, scores([]float64{4, 3, 2, 1}, 0, 0, 1, 1), 0},
		{"one swapped", metrics.AUROC{}, scores([]float64{1, 2, 3, 4}, 0, 1, 0, 1), 0.75},
		{"all tied", metrics.AUROC{}, scores([]float64{1, 1, 1}, 0, 1, 1), 0.5},
		{"some tied", metrics.AUROC{}, scores([]float64{1, 1, 2}, 0, 1, 1), 0.75},
		{"infinities", metrics.AUROC{}, scores([]float64{-inf, inf, inf, 0}, 0, 1, 0, 1), 0.625},
		{"one class only", metrics.AUROC{}, scores([]float64{1, 2}, 1, 1), nan},
		{"the other only", metrics.AUROC{}, scores([]float64{1, 2}, 0, 0), nan},
		{"NaN", metrics.AUROC{}, scores([]float64{1, nan}, 0, 1), nan},
		{"weights", metrics.AUROC{}, weighted(scores([]float64{1, 2, 3}, 0, 1, 0), 3, 1, 1), 0.75},
		{"weights 0", metrics.AUROC{}, weighted(scores([]float64{1, 2, 3}, 0, 1, 0), 1, 1, 0), 1},
		{"labels of two classes", metrics.AUROC{}, labelled(2, []float64{0, 1, 0, 2, 5, 8, 0, 4}, 0, 1, 0, 1), 0.75},
		{"one class of three does not occur", metrics.AUROC{}, labelled(3, []float64{9, 0, 0, 0, 9, 0}, 0, 1), 1},

		{"in order", metrics.AveragePrecision{}, scores([]float64{1, 2, 3, 4}, 0, 0, 1, 1), 1},
		{"in reverse", metrics.AveragePrecision{}, scores([]float64{4, 3, 2, 1}, 0, 0, 1, 1), (1.0/3 + 2.0/4) / 2},
		{"all tied", metrics.AveragePrecision{}, scores([]float64{1, 1, 1, 1}, 0, 1, 0, 0), 0.25},
		{"no example", metrics.AveragePrecision{}, scores([]float64{1, 1}, 0, 0), nan},
		{"examples only", metrics.AveragePrecision{}, scores([]float64{1, 2}, 1, 1), 1},
		{"weights", metrics.AveragePrecision{}, weighted(scores([]float64{1, 2}, 1, 0), 1, 3), 0.25},

		{"of values", metrics.MAE{}, scores([]float64{1, 2, 3}, 1, 0, 4), 1},
		{"weights", metrics.MAE{}, weighted(scores([]float64{1, 2, 3}, 1, 0, 4), 1, 0, 3), 0.75},
		{"of values", metrics.RMSE{}, scores([]float64{1, 5}, 1, 1), math.Sqrt(8)},
		{"NaN", metrics.RMSE{}, scores([]float64{nan}, 1), nan},
		{"of the targets", metrics.R2{}, scores([]float64{1, 2, 3}, 1, 2, 3), 1},
		{"of the mean", metrics.R2{}, scores([]float64{2, 2, 2}, 1, 2, 3), 0},
		{"worse than the mean", metrics.R2{}, scores([]float64{3, 2, 1}, 1, 2, 3), -3},
		{"targets alike that are met", metrics.R2{}, scores([]float64{2, 2}, 2, 2), nan},
		{"targets alike that are not", metrics.R2{}, scores([]float64{2, 3}, 2, 2), -inf},
		{"one value", metrics.R2{}, scores([]float64{2}, 3), -inf},
		{"NaN", metrics.R2{}, scores([]float64{nan, 1}, 3, 4), nan},
		{"a mean that is large", metrics.R2{}, scores([]float64{1e15, 1e15 + 1}, 1e15, 1e15+2), 0.5},
		{"that and weights with all digits", metrics.R2{}, weighted(scores([]float64{1e15, 1e15 + 1}, 1e15, 1e15+2), 0.1, 0.1), 0.5},
		{"weights", metrics.R2{}, weighted(scores([]float64{1, 2, 7}, 1, 3, 0), 1, 1, 0), 0.5},
		{"two outputs", metrics.R2{}, metrics.Batch{Output: rows(2, 1, 2, 2, 2, 3, 2), Target: rows(2, 1, 1, 2, 2, 3, 3)}, 0.5},
	} {
		t.Run(tt.m.Name()+" "+tt.name, func(t *testing.T) {
			if got := valueOf(t, tt.m, tt.b); !near(got, tt.value, 1e-15) {
				t.Errorf("want %v, got %v", tt.value, got)
			}
		})
	}
}

// Without examples every metric is NaN, and an empty batch changes nothing.
func TestNothing(t *testing.T) {
	ofLabels, ofValues, ofChoices := every()
	b := metrics.Batch{Output: rows(2, 1, -1, 3, 4), Target: labels(0, 1)}
	none := metrics.Batch{Output: dense([]int{0, 2}), Target: labels()}
	values := metrics.Batch{Output: rows(2, 1, -1, 3, 4), Target: rows(2, 1, 0, 0, 1)}
	noValues := metrics.Batch{Output: dense([]int{0, 2}), Target: dense([]int{0, 2})}
	for i, of := range [][]metrics.Metric{ofLabels, ofValues, ofChoices} {
		some, empty := b, none
		if i > 0 {
			some, empty = values, noValues
		}
		for _, m := range of {
			if got := valueOf(t, m); !math.IsNaN(got) {
				t.Errorf("%s of nothing must be NaN, got %v", m.Name(), got)
			}
			if got := valueOf(t, m, empty); !math.IsNaN(got) {
				t.Errorf("%s of an empty batch must be NaN, got %v", m.Name(), got)
			}
			if got, want := valueOf(t, m, empty, some, empty), valueOf(t, m, some); got != want {
				t.Errorf("%s with empty batches must be %v, got %v", m.Name(), want, got)
			}
			fresh := started(t, m)
			if err := fresh.Merge(started(t, m)); err != nil || !math.IsNaN(fresh.Value()) {
				t.Errorf("%s: two of nothing merged are %v, %v", m.Name(), fresh.Value(), err)
			}
		}
	}
}

// What is left out may hold anything, and float32 and strides make no difference.
func TestBatches(t *testing.T) {
	ofLabels, ofValues, ofChoices := every()
	nan := math.NaN()
	ignored := -100
	whole := metrics.Batch{Output: rows(2, 1, -1, 3, 4, -2, 2), Target: labels(0, 1, 0)}
	more := rows(2, 1, -1, nan, nan, 3, 4, -2, 2)
	for _, m := range ofLabels {
		want := valueOf(t, m, whole)
		for name, b := range map[string]metrics.Batch{
			"mask":    {Output: more, Target: labels(0, 77, 1, 0), Weight: column(1, 0, 1, 1)},
			"ignored": {Output: more, Target: labels(0, -100, 1, 0), Ignored: &ignored},
			"strided": {Output: testkit.Reversed(t, rows(2, 1, -1, 3, 4, -2, 2)), Target: labels(0, 1, 0)},
			"weights": {Output: rows(2, 1, -1, 3, 4, -2, 2), Target: labels(0, 1, 0), Weight: column(2, 2, 2)},
			"float32": {Output: narrow(rows(2, 1, -1, 3, 4, -2, 2)), Target: labels(0, 1, 0), Weight: narrow(column(1, 1, 1))},
		} {
			if got := valueOf(t, m, b); got != want {
				t.Errorf("%s, %s: must be %v, got %v", m.Name(), name, want, got)
			}
		}
	}
	values := metrics.Batch{Output: rows(2, 1, -1, 3, 4, -2, 2), Target: rows(2, 1, 0, 0, 1, 1, 1)}
	for _, m := range append(ofValues, ofChoices...) {
		want := valueOf(t, m, values)
		for name, b := range map[string]metrics.Batch{
			"mask":    {Output: more, Target: rows(2, 1, 0, 7, nan, 0, 1, 1, 1), Weight: column(1, 0, 1, 1)},
			"strided": {Output: testkit.Reversed(t, rows(2, 1, -1, 3, 4, -2, 2)), Target: testkit.Reversed(t, rows(2, 1, 0, 0, 1, 1, 1))},
			"weights": {Output: values.Output, Target: values.Target, Weight: rows(2, 2, 2, 2, 2, 2, 2)},
			"float32": {Output: narrow(rows(2, 1, -1, 3, 4, -2, 2)), Target: narrow(rows(2, 1, 0, 0, 1, 1, 1))},
		} {
			if got := valueOf(t, m, b); got != want {
				t.Errorf("%s, %s: must be %v, got %v", m.Name(), name, want, got)
			}
		}
	}
}
