package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// torchMetrics is a case as testdata/metrics.py reads it.
type torchMetrics struct {
	Kind   string      `json:"kind"`
	Output [][]float64 `json:"output"`
	Target [][]float64 `json:"target"`
	Labels []int       `json:"labels"`
	Weight []float64   `json:"weight"`

	examples []example
}

// Metrics over batches of many sizes are those that PyTorch finds from the definitions
// over all examples at once. Scores have ties, weights are 0 for some, and some
// classes do not occur.
func TestMetricsAgreeWithPyTorch(t *testing.T) {
	var cases []torchMetrics
	r := rand.New(rand.NewPCG(3, 4))
	for _, kind := range []string{"labels", "choices", "values"} {
		for _, n := range []int{2, 3, 7} {
			for _, coarse := range []bool{false, true} {
				c := torchMetrics{Kind: kind}
				for range 60 {
					e := example{label: r.IntN(max(2, n-1)), weight: float64(r.IntN(4)) / 2}
					for k := range n {
						x := r.NormFloat64()
						if coarse && kind != "labels" { // ties; of labels PyTorch's argmax is of any
							x = math.Round(2 * x)
						}
						e.output = append(e.output, x+truth(k == e.label))
						target := float64(r.IntN(2))
						if kind == "values" {
							target = x + r.NormFloat64() + 1000*float64(k)
						}
						e.target = append(e.target, target)
					}
					c.examples = append(c.examples, e)
					c.Output, c.Target = append(c.Output, e.output), append(c.Target, e.target)
					c.Labels, c.Weight = append(c.Labels, e.label), append(c.Weight, e.weight)
				}
				cases = append(cases, c)
			}
		}
	}
	var answers []map[string]float64
	pytorch.Run(t, "testdata/metrics.py", cases, &answers)
	ofLabels, ofValues, ofChoices := every()
	compared := 0
	for i, c := range cases {
		of := map[string][]metrics.Metric{"labels": ofLabels, "choices": ofChoices, "values": ofValues}[c.Kind]
		for _, m := range of {
			want, ok := answers[i][m.Name()]
			if e, binned := m.(metrics.ECE); !ok || binned && e.Bins != 0 {
				continue
			}
			if e, binned := m.(metrics.ClasswiseECE); binned && e.Bins != 0 {
				continue
			}
			a := started(t, m)
			for from, size := 0, 1; from < len(c.examples); from, size = from+size, size+3 {
				b := batchOf(c.examples[from:min(from+size, len(c.examples))], len(c.Output[0]), c.Kind == "labels")
				if err := a.Add(b); err != nil {
					t.Fatal(err)
				}
			}
			compared++
			if got := a.Value(); !near(got, want, 1e-12) {
				t.Errorf("%s of %d: must be %v, got %v", m.Name(), len(c.Output[0]), want, got)
			}
		}
	}
	if compared < 19*6+11*6+3*6 {
		t.Errorf("want all metrics compared, got %d", compared)
	}
	t.Log(fmt.Sprint(compared, " values agree with PyTorch to 1e-12"))
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
