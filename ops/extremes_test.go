package ops_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// extremeFloat and extremeInt draw what numbers from outside may be at worst.
var (
	extremeFloat = rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64(), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1), 1,
	}))
	extremeInt = rapid.OneOf(rapid.IntRange(-2, 9), rapid.Int(), rapid.SampledFrom([]int{
		math.MaxInt, math.MinInt, math.MaxInt32, math.MinInt32, 1 << 31, 1 << 32, 1 << 33, 1 << 62,
	}))
)

// Sizes whose products overflow are errors: neither a panic nor a short mask.
func TestHugeMasks(t *testing.T) {
	for _, shape := range [][]int{{1 << 32, 1 << 32}, {math.MaxInt}, {1 << 62, 4}, {1 << 31, 1 << 31, 4}, {1<<35 + 1}} {
		_, err := ops.MaskAt(1, 1, 0, shape, 0.5)
		testkit.Rejects(t, err, "ops: MaskAt: shape: sizes must multiply to 34359738368 at most")
	}
	if m, err := ops.MaskAt(1, 1, 0, []int{1 << 32, 0, 1 << 32}, 0.5); err != nil || len(m) != 0 {
		t.Errorf("a mask without elements is %v and %v", m, err)
	}
	for _, n := range []int{math.MaxInt, 1<<33 + 1} {
		_, err := ops.KeptUnits(1, 1, 0, n, 2)
		testkit.Rejects(t, err, "ops: KeptUnits: n must be at most 2^33")
	}
	_, err := nn.NewRunning(tensor.Float32, math.MaxInt)
	testkit.Rejects(t, err, "nn: NewRunning: channels must be in [1, 2147483647]")
}

// Plain functions of numbers return something that is right, or an error.
func TestFunctionsOfExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, n, k := extremeFloat.Draw(t, "p"), extremeInt.Draw(t, "n"), extremeInt.Draw(t, "k")
		step := rapid.Int64().Draw(t, "step")
		if kept := ops.KeptCount(n, p); kept < 0 || kept > max(n, 0) {
			t.Fatalf("%d of %d units are kept", kept, n)
		}
		if n < 1<<20 || n > 1<<33 { // between them it is right, and takes its time
			if units, err := ops.KeptUnits(1, 1, step, n, k); err == nil && len(units) != k {
				t.Fatalf("%d units are kept of %d, want %d", len(units), n, k)
			}
		}
		if n < 1<<10 && k < 1<<10 || max(n, k) > 1<<35 { // as above
			if kept, err := ops.MaskAt(1, 1, step, []int{n, k}, p); err == nil && k < 1<<10 && len(kept) != n*k {
				t.Fatalf("a mask of %d by %d has %d elements", n, k, len(kept))
			}
		}
		rates, err := ops.DropPathRates(p, k)
		for _, r := range rates {
			if err != nil || !(r >= 0 && r <= p) {
				t.Fatalf("rate of a block is %v, of %v", r, p)
			}
		}
		_ = ops.Logit(p)
	})
}

// Ops of any settings on a small tensor are built, or say what is wrong; what is built
// runs forward and backward, or says so.
func TestOpsOfExtremes(t *testing.T) {
	images := []int{2, 2, 3, 3}
	rapid.Check(t, func(t *rapid.T) {
		p, q := extremeFloat.Draw(t, "p"), extremeFloat.Draw(t, "q")
		n, k := extremeInt.Draw(t, "n"), extremeInt.Draw(t, "k")
		step := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{-1, 0, math.MaxInt64, math.MinInt64})).Draw(t, "step")
		at := ops.WithFixedStep(step)
		window := []nn.WindowOption{nn.WithStride(n), nn.WithPadding(k), nn.WithDilation(1, max(1, n))}
		builds := map[string]func(x *gorgonia.Node) (*gorgonia.Node, error){
			"Dropout": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.Dropout(x, p, at) },
			"Dropout noise shape": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.Dropout(x, p, ops.WithNoiseShape(n, k, 1, 1))
			},
			"Dropout axes": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.Dropout(x, p, ops.WithBroadcastAxes(n, k)) },
			"Linear": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.Dropout(x, 0.5, at, ops.WithRate(schedule.Linear{From: p, To: q, Start: int64(n), End: int64(k)}))
			},
			"Curriculum": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.Dropout(x, 0.5, at, ops.WithRate(schedule.Curriculum{P: p, Gamma: q}))
			},
			"Early": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.Dropout(x, 0.5, at, ops.WithRate(schedule.Early{P: p, Cutoff: int64(n), Decay: true}))
			},
			"AlphaDropout":         func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.AlphaDropout(x, p, at) },
			"GaussianDropout":      func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.GaussianDropout(x, p, at) },
			"GaussianNoise":        func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.GaussianNoise(x, p, at) },
			"DropBlock2d":          func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.DropBlock2d(x, p, n, at) },
			"ExactK":               func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.ExactK(x, p, at) },
			"WeightScalingDropout": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.WeightScalingDropout(x, p, at) },
			"LeakyReLU":            func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.LeakyReLU(x, p) },
			"Unflatten":            func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Unflatten(x, n, k) },
			"MaxPool2d":            func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MaxPool2d(x, 2, nn.WithStride(n)) },
			"MaxPool2d kernel":     func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MaxPool2d(x, n) },
			"AvgPool2d": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return nn.AvgPool2d(x, min(n, 3), nn.WithStride(max(1, n)))
			},
			"window": func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MaxPool2d(x, 2, window...) },
			"Shakeout": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.Shakeout(gorgonia.Must(nn.Flatten(x)), p, q, at)
			},
			"ConcreteRegularizer": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				logit := gorgonia.NewScalar(x.Graph(), tensor.Float32, gorgonia.WithName("logit"), gorgonia.WithValue(float32(p)))
				return ops.ConcreteRegularizer(x, logit, n, q, p)
			},
			"LockedDropout": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.LockedDropout(x, p, n, at) },
			"Sequences":     func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Sequences(gorgonia.Must(nn.Flatten(x)), n) },
			"SymmetricKL":   func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.SymmetricKL(x, x) },
			"SoftmaxCrossEntropy": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return nn.SoftmaxCrossEntropy(x, x, nn.WithLabelSmoothing(p), nn.WithClassWeights(q))
			},
			"Huber":         func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Huber(x, x, p) },
			"BCEWithLogits": func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.BCEWithLogits(x, x, nn.WithPosWeight(p, q)) },
			"Focal":         func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Focal(x, x, p, nn.WithAlpha(q)) },
		}
		name := rapid.SampledFrom(sortedKeys(builds)).Draw(t, "op")
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 1, images...), gorgonia.WithName("x"))
		y, err := builds[name](x)
		if err != nil {
			return
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		if err := m.RunAll(); err == nil && y.Value() == nil {
			t.Fatalf("%s has no value", name)
		}
	})
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// A graph at negative steps has a new mask at each run of what samples, and of what
// rests none, until a step is set.
func TestNegativeStepsCountOn(t *testing.T) {
	const n = 64
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(n), gorgonia.WithName("x"), gorgonia.WithInit(gorgonia.Ones()))
	sampled, err := ops.Dropout(x, 0.5, ops.WithMode(ops.Sampling))
	if err != nil {
		t.Fatal(err)
	}
	rests, err := ops.Dropout(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	s := ops.StepOf(g)
	run := func() (sample, rest []float64) {
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		defer m.Reset()
		return slices.Clone(sampled.Value().Data().([]float64)), slices.Clone(rests.Value().Data().([]float64))
	}
	s.Set(-1)
	var seen [][]float64
	for i := range int64(5) {
		if got := s.Next(); got != -1-i {
			t.Fatalf("run %d: want step %d, got %d", i, -1-i, got)
		}
		sample, rest := run()
		if slices.ContainsFunc(seen, func(other []float64) bool { return slices.Equal(other, sample) }) {
			t.Errorf("run %d draws the mask of an earlier one", i)
		}
		if slices.ContainsFunc(rest, func(v float64) bool { return v != 1 }) {
			t.Errorf("run %d: Auto must rest at a negative step, got %v", i, rest)
		}
		seen = append(seen, sample)
	}
	// A step that is set again has the same mask again.
	s.Set(-3)
	if sample, _ := run(); !slices.Equal(sample, seen[2]) {
		t.Error("step -3 must have one mask")
	}
	s.Set(0)
	if _, rest := run(); !slices.Contains(rest, 0) {
		t.Error("Auto must drop at step 0")
	}
}

// The last step of all is an error, not the first of the negative ones.
func TestLastStep(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	if _, err := ops.Dropout(x, 0.5); err != nil {
		t.Fatal(err)
	}
	s := ops.StepOf(g)
	s.Set(math.MaxInt64 - 1)
	if _, err := s.Node().Op().Do(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Node().Op().Do()
	testkit.Rejects(t, err, "ops: Step: step must be below 9223372036854775807")
	s.Set(math.MinInt64)
	_, err = s.Node().Op().Do()
	testkit.Rejects(t, err, "ops: Step: step must be above -9223372036854775808")
}
