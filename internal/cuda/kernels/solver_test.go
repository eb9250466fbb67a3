//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A parameter is a tensor with its gradient.
type parameter struct{ value, gradient *tensor.Dense }

func (p parameter) Value() gorgonia.Value         { return p.value }
func (p parameter) Grad() (gorgonia.Value, error) { return p.gradient, nil }

func vector(x []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(slices.Clone(x)))
}

// regularization draws penalties, and returns them for the kernels too.
func regularization(t *rapid.T, decoupled bool, lr float64) (optim.Regularization, kernels.Penalties) {
	r := optim.Regularization{
		WeightDecay: rapid.SampledFrom([]float64{0, 0, 1e-3, 0.3}).Draw(t, "decay"),
		L1:          rapid.SampledFrom([]float64{0, 0, 1e-2}).Draw(t, "l1"),
		ClipValue:   rapid.SampledFrom([]float64{0, 0, 0.7}).Draw(t, "clip value"),
	}
	p := kernels.Penalties{ClipValue: float32(r.ClipValue), L1: float32(r.L1), Keep: 1}
	if decoupled {
		p.Keep = float32(1 - lr*r.WeightDecay)
	} else {
		p.Decay = float32(r.WeightDecay)
	}
	return r, p
}

// loss draws the loss of a step, and whether the step is done then.
func loss(t *rapid.T, p *pinned) (at cuda.Pointer, due bool) {
	x := []float32{rapid.SampledFrom([]float32{0, 3, math.MaxFloat32, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}).Draw(t, "loss")}
	if rapid.Bool().Draw(t, "without loss") {
		return 0, true
	}
	return pin(p, x), x[0]-x[0] == 0
}

// step does a step of a solver.
func step(t *rapid.T, s gorgonia.Solver, p parameter, g []float32) {
	t.Helper()
	copy(p.gradient.Float32s(), g)
	if err := s.Step([]gorgonia.ValueGrad{p}); err != nil {
		t.Fatalf("%v", err)
	}
}

func TestSGD(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		n, blocks := rapid.IntRange(1, 3000).Draw(t, "n"), blockCount(t)
		s := &optim.SGD{LR: rapid.SampledFrom([]float64{0.1, 0.01}).Draw(t, "lr"), Momentum: rapid.SampledFrom([]float64{0, 0.9}).Draw(t, "momentum")}
		s.Nesterov = s.Momentum > 0 && rapid.Bool().Draw(t, "nesterov")
		settings := make([]kernels.SGDSettings, 1)
		s.Regularization, settings[0].Penalties = regularization(t, false, 0)
		settings[0].LR, settings[0].Momentum = float32(s.LR), float32(s.Momentum)
		start := numbers(t, "w", n)
		w, intact := guarded(t, "w", n)
		copy(w, start)
		args := kernels.SGD{W: pin(&p, w), N: int64(n), Settings: pin(&p, settings)}
		if s.Momentum > 0 {
			v, _ := guarded(t, "v", n)
			clear(v)
			args.V, args.Velocity = pin(&p, v), 1
		}
		if s.Nesterov {
			args.Nesterov = 1
		}
		cpu := parameter{vector(start), vector(start)}
		for range 3 {
			g := numbers(t, "g", n)
			args.G = pin(&p, g)
			var due bool
			args.Loss, due = loss(t, &p)
			launch(t, l, "sgd", blocks, args)
			if due {
				step(t, s, cpu, g)
			}
			verify(t, "sgd", w, cpu.value.Float32s(), intact)
		}
	})
}

func TestAdam(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		n, blocks := rapid.IntRange(1, 3000).Draw(t, "n"), blockCount(t)
		const beta1, beta2, eps = 0.9, 0.999, 1e-8
		lr := rapid.SampledFrom([]float64{1e-3, 0.1}).Draw(t, "lr")
		decoupled := rapid.Bool().Draw(t, "decoupled")
		settings := make([]kernels.AdamSettings, 1)
		r, penalties := regularization(t, decoupled, lr)
		var s gorgonia.Solver = &optim.Adam{LR: lr, Regularization: r}
		if decoupled {
			s = &optim.AdamW{LR: lr, Regularization: r}
		}
		start := numbers(t, "w", n)
		w, intact := guarded(t, "w", n)
		copy(w, start)
		args := kernels.Adam{
			W: pin(&p, w), M: pin(&p, make([]float32, n)), V: pin(&p, make([]float32, n)), N: int64(n), Settings: pin(&p, settings),
		}
		cpu := parameter{vector(start), vector(start)}
		for i := 0; i < 3; {
			b1, b2 := beta1, beta2
			root := math.Sqrt(1 - math.Pow(b2, float64(i+1)))
			settings[0] = kernels.AdamSettings{
				Penalties: penalties,
				Step:      float32(lr * root / (1 - math.Pow(b1, float64(i+1)))),
				Beta1:     beta1,
				Beta2:     beta2,
				Rest1:     float32(1 - b1),
				Rest2:     float32(1 - b2),
				Eps:       float32(eps * root),
			}
			g := numbers(t, "g", n)
			args.G = pin(&p, g)
			var due bool
			args.Loss, due = loss(t, &p)
			launch(t, l, "adam", blocks, args)
			if due {
				step(t, s, cpu, g)
				i++
			}
			verify(t, "adam", w, cpu.value.Float32s(), intact)
		}
	})
}
