package nn_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// propertyOf runs a loss of a property test.
func propertyOf(t *rapid.T, tb testing.TB, f gradcheck.Graph, in ...*tensor.Dense) ([]float64, [][]float64) {
	y, grads, err := lossAt(tb, f, in...)
	if err != nil {
		t.Fatal(err)
	}
	return y, grads
}

func about(a, b, tol float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tol*max(1, math.Abs(a), math.Abs(b))
}

func allAbout(a, b []float64, tol float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return about(x, y, tol) })
}

// A weight that is a whole number is so many examples alike, and a label is the
// distribution that has it alone.
func TestLossesOfRepeatedExamples(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const classes = 3
		n := rapid.IntRange(1, 4).Draw(rt, "examples")
		logit := rapid.Float64Range(-30, 30)
		x := rapid.SliceOfN(logit, n*classes, n*classes).Draw(rt, "logits")
		y := rapid.SliceOfN(rapid.IntRange(0, classes-1), n, n).Draw(rt, "labels")
		w := rapid.SliceOfN(rapid.IntRange(0, 3), n, n).Draw(rt, "weights")
		eps := rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(rt, "smoothing")
		weights, soft := make([]float64, n), make([]float64, n*classes)
		var many []float64
		var manyLabels []int
		for i := range n {
			weights[i], soft[i*classes+y[i]] = float64(w[i]), 1
			for range w[i] {
				many, manyLabels = append(many, x[i*classes:(i+1)*classes]...), append(manyLabels, y[i])
			}
		}
		weighted := func(labels *tensor.Dense) gradcheck.Graph {
			return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				node := gorgonia.NodeFromAny(in[0].Graph(), dense([]int{n}, weights...), gorgonia.WithName("weights"))
				return nn.SoftmaxCrossEntropy(in[0], classNode(in[0], labels), nn.WithWeights(node), nn.WithLabelSmoothing(eps))
			}
		}
		got, grads := propertyOf(rt, t, weighted(testkit.Labels([]int{n}, y...)), dense([]int{n, classes}, x...))
		bySoft, softGrads := propertyOf(rt, t, weighted(dense([]int{n, classes}, soft...)), dense([]int{n, classes}, x...))
		if !allAbout(got, bySoft, 1e-12) || !allAbout(grads[0], softGrads[0], 1e-12) {
			rt.Fatalf("labels give %v and %v, as distributions %v and %v", got, grads, bySoft, softGrads)
		}
		if len(many) == 0 {
			if got[0] != 0 {
				rt.Fatalf("without weight the loss must be 0, got %v", got)
			}
			return
		}
		repeated := fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{len(manyLabels)}, manyLabels...), nn.CrossEntropyOption(nn.WithLabelSmoothing(eps)))
		want, _ := propertyOf(rt, t, repeated, dense([]int{len(manyLabels), classes}, many...))
		if !allAbout(got, want, 1e-12) {
			rt.Fatalf("weights give %v, repeated examples %v", got, want)
		}
	})
}

// Whatever the numbers are, a loss is one that is not negative, or NaN of NaN; where
// logits are finite its gradient is, and lies within its bounds.
func TestLossesOfAnything(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(-5, 5), rapid.Float64(), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), 1e4, -1e4, 709, -745, 1e300, math.Inf(1), math.Inf(-1), math.NaN(),
	}))
	rapid.Check(t, func(rt *rapid.T) {
		x := number.Draw(rt, "x")
		target := float64(rapid.IntRange(0, 1).Draw(rt, "target"))
		at := func(v float64) *tensor.Dense { return dense([]int{1}, v) }
		gamma := rapid.SampledFrom([]float64{0, 0.5, 2, 5}).Draw(rt, "gamma")
		pair := func(a, b float64) *tensor.Dense { return dense([]int{1, 2}, a, b) }
		for name, c := range map[string]struct {
			f     gradcheck.Graph
			x     *tensor.Dense
			bound float64 // of the gradient
		}{
			"BCE":   {fixedTo(nn.BCEWithLogits, at(target)), at(x), 1},
			"focal": {fixedTo(focal(gamma), at(target)), at(x), 1 + gamma},
			"MAE":   {fixedTo(nn.MAE, at(target)), at(x), 1},
			"CE":    {fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{1}, int(target))), pair(x, 0), 1},
			"soft":  {fixedTo(nn.SoftmaxCrossEntropy, pair(target, 1-target)), pair(x, 0), 1},
			"KL":    {fixedTo(nn.KLDiv, pair(0.25, 0.75)), pair(x, 0), 1},
		} {
			y, grads := propertyOf(rt, t, c.f, c.x)
			if math.IsNaN(x) {
				if !math.IsNaN(y[0]) {
					rt.Fatalf("%s of NaN must be NaN, got %v", name, y[0])
				}
				continue
			}
			if math.IsInf(x, 0) {
				continue // a softmax of infinities is NaN
			}
			if !(y[0] >= -1e-12*max(1, math.Abs(x))) {
				rt.Fatalf("%s of %v must not be negative, got %v", name, x, y[0])
			}
			if !(math.Abs(grads[0][0]) <= c.bound) {
				rt.Fatalf("%s of %v: gradient must be at most %v, got %v", name, x, c.bound, grads[0][0])
			}
		}
	})
}
