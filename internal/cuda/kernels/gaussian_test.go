//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// drawNoise draws a stream and a standard deviation, and returns them for the kernels too.
func drawNoise(t *rapid.T) (drop.Stream, float64, []kernels.Noise) {
	s, _, _ := drawMask(t)
	var words [drop.WordGroup]uint32
	drop.Words(words[:], 0, s)
	// A sigma at which 1 + sigma*z cancels for some element, so that a product that is not
	// rounded shows in float32 too.
	cancels := math.Abs(1 / portable.Normal(rapid.SampledFrom(words[:]).Draw(t, "cancelled")))
	sigma := rapid.OneOf(
		rapid.SampledFrom([]float64{0, 5e-324, 1e-9, 0.5, 1, 1e8, 1e38, 1e300, cancels, cancels, cancels}), rapid.Float64Range(0, 3),
	).Draw(t, "sigma")
	return s, sigma, noiseOf(s, sigma)
}

func noiseOf(s drop.Stream, sigma float64) []kernels.Noise {
	return []kernels.Noise{{Seed: s.Seed, Step: s.Step, Layer: s.Layer, Sigma: sigma}}
}

func TestGaussian(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 5000), rapid.IntRange(0, 70), rapid.SampledFrom([]int{1024, 2048})).Draw(t, "n")
		s, sigma, m := drawNoise(t)
		x, want := numbers(t, "x", n), make([]float32, n)
		mask.Gaussian(mask.NewLayout([]int{n}, nil), s, sigma).Float32(want, x)
		verifyDropout(t, l, "gaussian", x, want, m, func(y, x, m cuda.Pointer) kernels.Gaussian {
			return kernels.Gaussian{Y: y, X: x, N: int64(n), Inner: 1, Noise: m}
		})
	})
}

// With trailing axes that share the noise.
func TestGaussianShared(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		outer := rapid.IntRange(0, 200).Draw(t, "outer")
		inner := rapid.IntRange(2, 70).Draw(t, "inner")
		s, sigma, m := drawNoise(t)
		x := numbers(t, "x", outer*inner)
		want := make([]float32, len(x))
		mask.Gaussian(mask.NewLayout([]int{outer, inner}, []bool{false, true}), s, sigma).Float32(want, x)
		verifyDropout(t, l, "gaussian", x, want, m, func(y, x, m cuda.Pointer) kernels.Gaussian {
			return kernels.Gaussian{Y: y, X: x, N: int64(outer * inner), Inner: int64(inner), Noise: m}
		})
	})
}

// The words of the vectors, which do not come from this project's Go code, as factors.
func TestGoldenNoise(t *testing.T) {
	l := host(t)
	f, err := os.Open("../../mask/testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	count := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		head, words, ok := strings.Cut(lines.Text(), ": ")
		if !ok || strings.HasPrefix(head, "#") {
			continue
		}
		var s drop.Stream
		if _, err := fmt.Sscan(head, &s.Seed, &s.Layer, &s.Step); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		var ones, want []float32
		for _, field := range strings.Fields(words) {
			var word uint32
			if _, err := fmt.Sscanf(field, "%x", &word); err != nil {
				t.Fatalf("%s: %v", head, err)
			}
			ones, want = append(ones, 1), append(want, float32(1+portable.Normal(word)))
		}
		var p pinned
		y := make([]float32, len(ones))
		launch(t, l, "gaussian", 1, kernels.Gaussian{Y: pin(&p, y), X: pin(&p, ones), N: int64(len(y)), Inner: 1, Noise: pin(&p, noiseOf(s, 1))})
		verify(t, head, y, want, nil)
		p.Unpin()
		count++
	}
	if count < 4 {
		t.Errorf("there are words of %d streams, want at least 4", count)
	}
}

// Float32 hides most of the bits of a quantile.
func TestNormal(t *testing.T) {
	l := host(t)
	if l == nil {
		t.Skip("only the library for the host has the functions by themselves")
	}
	// Where the tails begin.
	words := []uint32{0, 1, 1<<31 - 1, 1 << 31, math.MaxUint32}
	for d := range uint32(40) {
		words = append(words, 322122547-20+d, math.MaxUint32-322122547-20+d)
	}
	more := make([]uint32, 1<<17)
	drop.Words(more, 0, drop.Stream{Seed: 1})
	words = append(words, more...)
	got, want := make([]float64, len(words)), make([]float64, len(words))
	for i, w := range words {
		got[i], want[i] = float64(w), portable.Normal(w)
	}
	l.normals(&got[0], int64(len(got)))
	verify(t, "normal", got, want, nil)
}
