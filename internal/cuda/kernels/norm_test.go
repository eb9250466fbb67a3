//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

func TestMaxNorm(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		outer := rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(200, 700)).Draw(t, "outer")
		units := rapid.IntRange(1, 70).Draw(t, "units")
		inner := 1
		if outer < 10 {
			inner = rapid.OneOf(rapid.Just(1), rapid.IntRange(2, 90)).Draw(t, "inner")
		}
		c := rapid.SampledFrom([]float64{0.5, 3, 30, 100, 1e-30, 1e-150}).Draw(t, "c")
		start := numbers(t, "w", outer*units*inner)
		if rapid.Bool().Draw(t, "small") {
			for i := range start {
				start[i] /= 16
			}
		}
		if rapid.Bool().Draw(t, "close") {
			// To the norm of the first unit.
			sum := 0.0
			for i, x := range start {
				if i/inner%units == 0 {
					sum += float64(x) * float64(x)
				}
			}
			if norm := math.Sqrt(sum); norm > 0 && !math.IsInf(norm, 1) {
				c = norm * rapid.SampledFrom([]float64{1 - 1e-7, 1, 1 + 1e-7}).Draw(t, "of the norm")
			}
		}
		w, intact := guarded(t, "w", len(start))
		copy(w, start)
		want := tensor.New(tensor.WithShape(outer, units, inner), tensor.WithBacking(slices.Clone(start)))
		if err := optim.MaxNorm(want, c, 1); err != nil {
			t.Fatal(err)
		}
		args := kernels.MaxNorm{W: pin(&p, w), Outer: int32(outer), Units: int32(units), Inner: int32(inner), C: c}
		due := false
		if args.Loss, due = loss(t, &p); !due {
			copy(want.Float32s(), start)
		}
		launch(t, l, "max_norm", blockCount(t), args)
		verify(t, "max_norm", w, want.Float32s(), intact)
	})
}

// The factor of ClipNorm is what a step of SGD with it and without momentum shows.
func TestClipNorm(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(2000, 40000), rapid.Just(kernels.ClipTask)), 1, 4).Draw(t, "sizes")
		clipNorm := rapid.SampledFrom([]float64{1e-3, 1, 400, 1e9}).Draw(t, "clip norm")
		clipValue := rapid.SampledFrom([]float64{0, 0.7, 3}).Draw(t, "clip value")
		blocks := blockCount(t)
		settings := []kernels.SGDSettings{{Penalties: kernels.Penalties{ClipValue: float32(clipValue), Keep: 1}, LR: 1}}

		var model []gorgonia.ValueGrad
		var values, gradients [][]float32
		tasks := 0
		sums := make([]float64, 64)
		for _, n := range sizes {
			g := numbers(t, "g", n)
			if rapid.Bool().Draw(t, "finite") {
				for i, x := range g {
					if x != x || x-x != 0 {
						g[i] = 1e20
					}
				}
			}
			w := make([]float32, n)
			values, gradients = append(values, w), append(gradients, g)
			model = append(model, parameter{vector(w), vector(g)})
			launch(t, l, "clip_squares", blocks, kernels.ClipSquares{Sums: pin(&p, sums[tasks:]), G: pin(&p, g), N: int64(n), ClipValue: clipValue})
			tasks += (n + kernels.ClipTask - 1) / kernels.ClipTask
		}
		factor := make([]float32, 1)
		launch(t, l, "clip_factor", blocks, kernels.ClipFactor{Factor: pin(&p, factor), Sums: pin(&p, sums), Tasks: int32(tasks), ClipNorm: clipNorm})
		s := &optim.SGD{LR: 1, Regularization: optim.Regularization{ClipNorm: clipNorm, ClipValue: clipValue}}
		if err := s.Step(model); err != nil {
			t.Fatal(err)
		}
		for i, m := range model {
			launch(t, l, "sgd", blocks, kernels.SGD{
				W: pin(&p, values[i]), G: pin(&p, gradients[i]), N: int64(sizes[i]), Settings: pin(&p, settings), Clip: pin(&p, factor),
			})
			verify(t, "clipped", values[i], m.Value().Data().([]float32), nil)
		}
	})
}
