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
			"Shakeout": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.Shakeout(gorgonia.Must(nn.Flatten(x)), p, q, at)
			},
			"VariationalDropout":     func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.VariationalDropout(x, x, at) },
			"VariationalRegularizer": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.VariationalRegularizer(x, x, p) },
			"LayerDrop": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.LayerDrop(x, x, 0.5, at, ops.WithRate(schedule.Curriculum{P: p, Gamma: q}))
			},
			"TargetedDropout": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.TargetedDropout(gorgonia.Must(nn.Flatten(x)), p, q, at)
			},
			"TargetedUnitDropout": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return ops.TargetedUnitDropout(gorgonia.Must(nn.Flatten(x)), p, q, at, ops.WithShare(schedule.Linear{From: q, To: p, End: int64(n)}))
			},
			"Standout": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.Standout(x, x, p, q, at) },
			"ConcreteRegularizer": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				logit := gorgonia.NewScalar(x.Graph(), tensor.Float32, gorgonia.WithName("logit"), gorgonia.WithValue(float32(p)))
				return ops.ConcreteRegularizer(x, logit, n, q, p)
			},
			"LockedDropout": func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.LockedDropout(x, p, n, at) },
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
