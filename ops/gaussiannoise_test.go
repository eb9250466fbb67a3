package ops_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

var gaussianNoise = variant{name: "GaussianNoise", shape: []int{9, 7}, build: ops.GaussianNoise}

// The noise has mean 0 and variance sigma², for each element and whatever x is, is
// another one at each step and layer, and the same for both types.
func TestGaussianNoiseMoments(t *testing.T) {
	const steps = 2000
	for _, sigma := range []float64{0.1, 3} {
		x := testkit.Ramp(tensor.Float64, 9, 7)
		before := testkit.Floats(t, x)
		tr := gaussianNoise.try(t, x, sigma)
		other := gaussianNoise.try(t, x, sigma, ops.WithLayer(7))
		means, variances := make([]moments, len(before)), make([]moments, len(before))
		var steadiness, agreement moments // products with the noise of the last step and of another layer
		last := make([]float64, len(before))
		for step := range int64(steps) {
			beside := other.at(step, x)
			for i, y := range tr.at(step, x) {
				z := (y - before[i]) / sigma
				means[i].add(z)
				variances[i].add(z * z)
				steadiness.add(z * last[i])
				agreement.add(z * (beside[i] - before[i]) / sigma)
				last[i] = z
			}
		}
		for i := range before {
			means[i].check(t, "mean of an element", 0, 5, 1e-9)
			variances[i].check(t, "variance of an element", 1, 5, 1e-9)
		}
		steadiness.check(t, "correlation with the step before", 0, 5, 1e-9)
		agreement.check(t, "correlation with another layer", 0, 5, 1e-9)
		x32 := testkit.Ramp(tensor.Float32, 9, 7)
		want := tr.at(1, x)
		for i, y := range gaussianNoise.try(t, x32, sigma).at(1, x32) {
			if math.Abs(y-want[i]) > 4e-7*max(1, math.Abs(want[i])) {
				t.Errorf("element %d: float64 gives %v, float32 %v", i, want[i], y)
			}
		}
	}
}

// The noise is that of GaussianDropout, whose factors are 1 + sigma*z.
func TestGaussianNoiseIsThatOfGaussianDropout(t *testing.T) {
	x := testkit.Ones(tensor.Float64, 5, 13)
	multiplied := variant{build: ops.GaussianDropout}.try(t, x, 0.5, ops.WithSeed(3)).at(4, x)
	for i, y := range gaussianNoise.try(t, x, 1, ops.WithSeed(3)).at(4, x) {
		if math.Abs(y-multiplied[i]) > 1e-15 {
			t.Errorf("element %d: want %v, got %v", i, multiplied[i], y)
		}
	}
	axis := ops.WithBroadcastAxes(0)
	y := gaussianNoise.try(t, x, 1, axis).at(4, x)
	for i := range y {
		if y[i] != y[i%13] {
			t.Fatalf("noise must be shared over axis 0, got %v", y)
		}
	}
}

func TestGaussianNoiseGradients(t *testing.T) {
	for _, sigma := range []float64{0, 0.5, 10} {
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := ops.GaussianNoise(in[0], sigma, ops.WithFixedStep(3), ops.WithSeed(2))
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(y)
		}, 1e-6, testkit.Ramp(tensor.Float64, 4, 5))
		if err != nil {
			t.Errorf("sigma=%v: %v", sigma, err)
		}
	}
	x := testkit.Ramp(tensor.Float32, 3, 4)
	gaussianNoise.gradient(t, x, 2, []int64{0, 1}, func(_ int64, _, dx []float64) {
		if want := testkit.Floats(t, testkit.Ramp(tensor.Float32, 3, 4)); !testkit.SameBits(dx, want) {
			t.Errorf("gradient must pass unchanged, got %v", dx)
		}
	})
}

func TestGaussianNoiseEdges(t *testing.T) {
	for _, dt := range testkit.Dtypes {
		x := odd(dt, 3, 11)
		for what, got := range map[string][]float64{
			"sigma 0":         gaussianNoise.try(t, x, 0).at(3, x),
			"inference":       gaussianNoise.try(t, x, 1, ops.WithMode(ops.Eval)).at(3, x),
			"a negative step": gaussianNoise.try(t, x, 1).at(-1, x),
		} {
			if !testkit.SameBits(got, testkit.Floats(t, x)) {
				t.Errorf("%v, %s: x must pass unchanged, got %v", dt, what, got)
			}
		}
		for i, y := range gaussianNoise.try(t, x, 1).at(3, x) {
			if before := testkit.Floats(t, x)[i]; (math.IsNaN(before) || math.IsInf(before, 0)) && math.Float64bits(y) != math.Float64bits(before) {
				t.Errorf("%v, element %d: %v must stay, got %v", dt, i, before, y)
			}
		}
	}
	for _, sigma := range []float64{-1, math.NaN(), math.Inf(1)} {
		x := gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
		want := "ops: GaussianNoise: sigma must be finite and not negative, got "
		if _, err := ops.GaussianNoise(x, sigma); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("sigma=%v: want error %q, got %v", sigma, want, err)
		}
	}
	if _, err := ops.GaussianNoise(nil, 1); err == nil {
		t.Error("no node must be an error")
	}
}

// A rate multiplies sigma.
func TestGaussianNoiseRate(t *testing.T) {
	x := testkit.Ramp(tensor.Float64, 2, 40)
	fades := ops.WithRate(schedule.Linear{From: 0.5, To: 0, End: 10})
	half, faded := gaussianNoise.try(t, x, 1).at(0, x), gaussianNoise.try(t, x, 2, fades)
	for i, y := range faded.at(0, x) {
		if math.Abs(y-half[i]) > 1e-12 {
			t.Errorf("element %d at step 0: want %v, got %v", i, half[i], y)
		}
	}
	if got := faded.at(10, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
		t.Errorf("at step 10 x must pass unchanged, got %v", got)
	}
}
