package ops_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// The mean of what is x = 1 everywhere stays 1, for each element and over all,
// within five standard errors of 2000 steps; alpha dropout keeps mean 0 and
// variance 1.
func TestRuleExpectation(t *testing.T) {
	const steps = 2000
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, p := range []float64{0.1, 0.5, 0.75} {
			x := testkit.Ones(tensor.Float64, v.shape...)
			n := x.DataSize()
			if v.selfNorm {
				for i := range n {
					x.Float64s()[i] = float64(i%2*2 - 1)
				}
			}
			tr := v.try(t, x, p)
			var mean, variance moments
			element := make([]moments, n)
			for step := range int64(steps) {
				var sum, squares float64
				for i, y := range tr.at(step, x) {
					sum += y
					squares += y * y
					element[i].add(y)
				}
				mean.add(sum / float64(n))
				variance.add(squares / float64(n))
			}
			switch {
			case v.selfNorm:
				mean.check(t, fmt.Sprintf("p=%v: mean", p), 0, 5, 1e-9)
				variance.check(t, fmt.Sprintf("p=%v: variance", p), 1, 5, 1e-9)
			default:
				mean.check(t, fmt.Sprintf("p=%v: mean", p), 1, 5, 1e-9+v.bias)
				for i := range element {
					if !v.average {
						element[i].check(t, fmt.Sprintf("p=%v: mean of element %d", p, i), 1, 5.5, 1e-9+v.bias)
					}
				}
			}
		}
	})
}

// moments gathers a mean and its standard error.
type moments struct{ n, sum, squares float64 }

func (m *moments) add(x float64) { m.n++; m.sum += x; m.squares += x * x }

// check reports a mean that is not within errs standard errors, plus slack, of
// want.
func (m *moments) check(t *testing.T, what string, want, errs, slack float64) {
	t.Helper()
	mean := m.sum / m.n
	se := math.Sqrt(max(m.squares/m.n-mean*mean, 0) / m.n)
	if !(math.Abs(mean-want) <= errs*se+slack) {
		t.Errorf("%s must be %v within %v, got %v", what, want, errs*se+slack, mean)
	}
}

// The masks of the next layer, the next seed and the next step are uncorrelated
// with a layer's own, within five standard errors of 2000 steps.
func TestRuleIndependence(t *testing.T) {
	const steps = 2000
	eachVariant(t, nil, func(t *testing.T, v variant) {
		x := testkit.Ones(tensor.Float64, v.shape...)
		draw := func(first int64, opts ...ops.Option) [][]float64 {
			tr := v.try(t, x, 0.5, opts...)
			masks := make([][]float64, steps)
			mean := make([]float64, x.DataSize())
			for s := range masks {
				masks[s] = tr.at(first+int64(s), x)
				for i, y := range masks[s] {
					mean[i] += y / steps
				}
			}
			for _, m := range masks {
				for i := range m {
					m[i] -= mean[i]
				}
			}
			return masks
		}
		base := draw(0, ops.WithLayer(1))
		for name, other := range map[string][][]float64{
			"the next layer": draw(0, ops.WithLayer(2)),
			"the next seed":  draw(0, ops.WithLayer(1), ops.WithSeed(1)),
			"the next step":  draw(1, ops.WithLayer(1)),
		} {
			var product moments
			for s, m := range base {
				var sum float64
				for i := range m {
					sum += m[i] * other[s][i]
				}
				product.add(sum)
			}
			product.check(t, "covariance with "+name, 0, 5, 1e-9)
		}
	})
}
