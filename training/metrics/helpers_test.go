package metrics_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/metrics"
)

func dense(shape []int, x ...float64) *tensor.Dense {
	if len(x) == 0 {
		return tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float64))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
}

func labels(y ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(y)), tensor.WithBacking(y))
}

// column are values of one axis, rows of n classes.
func column(x ...float64) *tensor.Dense      { return dense([]int{len(x)}, x...) }
func rows(n int, x ...float64) *tensor.Dense { return dense([]int{len(x) / n, n}, x...) }

// valueOf is a metric over batches.
func valueOf(t testing.TB, m metrics.Metric, batches ...metrics.Batch) float64 {
	t.Helper()
	return started(t, m, batches...).Value()
}

func started(t testing.TB, m metrics.Metric, batches ...metrics.Batch) metrics.Accumulator {
	t.Helper()
	a, err := m.Start()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := a.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func near(got, want, tol float64) bool {
	return got == want || math.IsNaN(got) && math.IsNaN(want) || math.Abs(got-want) <= tol*max(1, math.Abs(want))
}

// every are all metrics of the package: those of labels, those of values, and those of
// values of 0 and 1.
func every() (ofLabels, ofValues, ofChoices []metrics.Metric) {
	for _, average := range []metrics.Average{metrics.Macro, metrics.Micro, metrics.Weighted} {
		for i, multi := range []bool{false, true} {
			of := []*[]metrics.Metric{&ofLabels, &ofChoices}[i]
			*of = append(*of, metrics.Precision{Average: average, MultiLabel: multi}, metrics.Recall{Average: average, MultiLabel: multi}, metrics.F1{Average: average, MultiLabel: multi})
		}
	}
	ofLabels = append(ofLabels, metrics.Accuracy{}, metrics.TopK{K: 2}, metrics.NLL{}, metrics.Perplexity{}, metrics.BitsPerToken{},
		metrics.Brier{}, metrics.ECE{}, metrics.ECE{Bins: 3}, metrics.ClasswiseECE{}, metrics.ClasswiseECE{Bins: 4}, metrics.AUROC{}, metrics.AveragePrecision{},
		metrics.LabelMean{Title: "own", Of: func(outputs []float64, label int) float64 { return outputs[label] }})
	ofChoices = append(ofChoices, metrics.AUROC{}, metrics.AveragePrecision{})
	ofValues = []metrics.Metric{metrics.MAE{}, metrics.RMSE{}, metrics.R2{},
		metrics.ValueMean{Title: "bias", Of: func(output, target float64) float64 { return output - target }}}
	return ofLabels, ofValues, ofChoices
}

// narrow is a tensor of float64 in float32.
func narrow(v *tensor.Dense) *tensor.Dense {
	x := make([]float32, v.DataSize())
	for i, f := range v.Float64s() {
		x[i] = float32(f)
	}
	return tensor.New(tensor.WithShape(v.Shape()...), tensor.WithBacking(x))
}
