//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// drawMask draws a mask, and returns it for the kernels too.
func drawMask(t *rapid.T) (drop.Stream, uint32, []kernels.Mask) {
	s := drop.Stream{
		Seed:  rapid.Uint64().Draw(t, "seed"),
		Layer: rapid.Uint32().Draw(t, "layer"),
		Step:  rapid.Uint64().Draw(t, "step"),
	}
	threshold := rapid.OneOf(rapid.SampledFrom([]uint32{0, 1, drop.Always / 2, drop.Always - 1, drop.Always}), rapid.Uint32Range(0, drop.Always)).Draw(t, "threshold")
	return s, threshold, maskOf(s, threshold)
}

func maskOf(s drop.Stream, threshold uint32) []kernels.Mask {
	return []kernels.Mask{{Seed: s.Seed, Step: s.Step, Layer: s.Layer, Threshold: threshold, Scale: float32(drop.Scale(threshold))}}
}

func TestDrop(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 10000), rapid.SampledFrom([]int{2048, 4096, 6144})).Draw(t, "n")
		s, threshold, m := drawMask(t)
		x, want := numbers(t, "x", n), make([]float32, n)
		drop.Apply(want, x, 0, s, threshold)
		verifyDropout(t, l, "drop", x, want, m, func(y, x, m cuda.Pointer) kernels.Drop {
			return kernels.Drop{Y: y, X: x, N: int64(n), Inner: 1, Mask: m}
		})
	})
}

// verifyDropout launches a kernel of dropout, which args has the arguments of, on x, and then
// in place.
func verifyDropout[M, A any](t *rapid.T, l *library, kernel string, x, want []float32, m []M, args func(y, x, m cuda.Pointer) A) {
	t.Helper()
	var p pinned
	defer p.Unpin()
	from, _ := guarded(t, "x", len(x))
	copy(from, x)
	y, intact := guarded(t, "y", len(x))
	blocks, of := blockCount(t), pin(&p, m)
	launch(t, l, kernel, blocks, args(pin(&p, y), pin(&p, from), of))
	verify(t, kernel, y, want, intact)
	launch(t, l, kernel, blocks, args(pin(&p, from), pin(&p, from), of))
	verify(t, kernel+" in place", from, want, nil)
}

// With trailing axes that share a mask, as in ops.Dropout2d.
func TestDropShared(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		outer := rapid.IntRange(0, 200).Draw(t, "outer")
		inner := rapid.IntRange(2, 70).Draw(t, "inner")
		s, threshold, m := drawMask(t)
		x := numbers(t, "x", outer*inner)
		want := make([]float32, len(x))
		layout := mask.NewLayout([]int{outer, inner}, []bool{false, true})
		mask.Bits{Layout: layout, Kept: mask.Draw(layout, s, threshold), Form: mask.Scaled(drop.Scale(threshold))}.Float32(want, x)
		verifyDropout(t, l, "drop", x, want, m, func(y, x, m cuda.Pointer) kernels.Drop {
			return kernels.Drop{Y: y, X: x, N: int64(outer * inner), Inner: int64(inner), Mask: m}
		})
	})
}

// The masks of the contract's vectors, which do not come from this project's Go code.
func TestGoldenMasks(t *testing.T) {
	l := host(t)
	f, err := os.Open("../../kernel/drop/testdata/masks.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	count := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		head, kept, _ := strings.Cut(line, ": ")
		var s drop.Stream
		var rate float64
		if _, err := fmt.Sscan(head, &s.Seed, &s.Layer, &s.Step, &rate); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		var p pinned
		threshold := drop.Threshold(rate)
		y, ones, want := make([]float32, len(kept)), make([]float32, len(kept)), make([]float32, len(kept))
		for i := range ones {
			ones[i] = 1
			if kept[i] == '1' {
				want[i] = float32(drop.Scale(threshold))
			}
		}
		launch(t, l, "drop", 1, kernels.Drop{Y: pin(&p, y), X: pin(&p, ones), N: int64(len(y)), Inner: 1, Mask: pin(&p, maskOf(s, threshold))})
		verify(t, head, y, want, nil)
		p.Unpin()
		count++
	}
	if count < 40 {
		t.Errorf("there are %d masks, want at least 40", count)
	}
}
