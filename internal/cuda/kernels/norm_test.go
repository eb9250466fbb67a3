//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"slices"
	"testing"

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
		w, intact := guarded(t, "w", len(start))
		copy(w, start)
		want := tensor.New(tensor.WithShape(outer, units, inner), tensor.WithBacking(slices.Clone(start)))
		if err := optim.MaxNorm(want, c, 1); err != nil {
			t.Fatal(err)
		}
		launch(t, l, "max_norm", blockCount(t), kernels.MaxNorm{W: pin(&p, w), Outer: int32(outer), Units: int32(units), Inner: int32(inner), C: c})
		verify(t, "max_norm", w, want.Float32s(), intact)
	})
}
