package drop

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

func TestThreshold(t *testing.T) {
	tests := []struct {
		p    float64
		want uint32
	}{
		{0, 0}, {1e-6, 0}, {1e-5, 1}, {0.2, 13107}, {0.5, 32768}, {0.999, 65470}, {1 - 1e-6, 65536},
		{1, 65536}, {1.5, 65536}, {-1, 0}, {math.NaN(), 0}, {math.Inf(1), 65536}, {math.Inf(-1), 0},
	}
	for _, tt := range tests {
		if got := Threshold(tt.p); got != tt.want {
			t.Errorf("Threshold(%v) = %d, want %d", tt.p, got, tt.want)
		}
	}
}

func TestScale(t *testing.T) {
	for _, tt := range []struct {
		t    uint32
		want float64
	}{{0, 1}, {32768, 2}, {65535, 65536}, {65536, 0}} {
		if got := Scale(tt.t); got != tt.want {
			t.Errorf("Scale(%d) = %v, want %v", tt.t, got, tt.want)
		}
	}
}

// Dropped elements are +0 whatever they held, and the mask does not depend on
// what is masked.
func TestDropsNaNAndInf(t *testing.T) {
	s := Stream{Seed: 3, Layer: 2, Step: 1}
	const n = 1000
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	Apply(ones, ones, 0, s, Threshold(0.5))
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)} {
		x32, x64 := make([]float32, n), make([]float64, n)
		for i := range x32 {
			x32[i], x64[i] = float32(bad), bad
		}
		Apply(x32, x32, 0, s, Threshold(0.5))
		Apply(x64, x64, 0, s, Threshold(0.5))
		for i := range x32 {
			want := bad * 2
			if ones[i] == 0 {
				want = 0
			}
			if !kerneltest.Same(x64[i], want) || !kerneltest.Same(float64(x32[i]), want) {
				t.Fatalf("element %d of %v is %v and %v, want %v", i, bad, x32[i], x64[i], want)
			}
		}
	}
}

// A mask may be applied in pieces at any offset, in place or not, in either
// precision.
func TestPiecesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Stream{
			Seed:  rapid.Uint64().Draw(t, "seed"),
			Layer: rapid.Uint32().Draw(t, "layer"),
			Step:  rapid.Uint64().Draw(t, "step"),
		}
		threshold := rapid.Uint32Range(0, Always).Draw(t, "threshold")
		n := rapid.IntRange(0, 10000).Draw(t, "n")
		start := rapid.Uint64Range(0, 1<<36).Draw(t, "start")
		x32, x64 := make([]float32, n), make([]float64, n)
		for i := range x32 {
			x32[i] = float32(i%251) - 125
			x64[i] = float64(x32[i])
		}
		whole := make([]float32, n)
		Apply(whole, x32, start, s, threshold)
		for at := 0; at < n; {
			m := rapid.IntRange(1, n-at).Draw(t, "piece")
			Apply(x32[at:at+m], x32[at:at+m], start+uint64(at), s, threshold)
			Apply(x64[at:at+m], x64[at:at+m], start+uint64(at), s, threshold)
			at += m
		}
		scale := Scale(threshold)
		for i := range whole {
			if math.Float32bits(whole[i]) != math.Float32bits(x32[i]) {
				t.Fatalf("element %d: %v in one piece, %v in several", i, whole[i], x32[i])
			}
			kept := x64[i] != 0
			want := float64(0)
			if kept {
				want = (float64(i%251) - 125) * scale
			}
			if x64[i] != want || kept != (whole[i] != 0) {
				t.Fatalf("element %d: float32 %v, float64 %v, want %v", i, whole[i], x64[i], want)
			}
		}
	})
}

// The share of dropped elements, the correlation between neighbours, layers
// and steps, and the mean of what is kept stay within five standard errors.
func TestStatistics(t *testing.T) {
	const n = 1 << 20
	draw := func(s Stream, p float64) []uint64 {
		b := make([]uint64, n/GroupSize)
		Bits(b, 0, s, Threshold(p))
		return b
	}
	at := func(b []uint64, i int) float64 { return float64(b[i/GroupSize] >> (i % GroupSize) & 1) }
	for _, p := range []float64{0.1, 0.2, 0.5, 0.8, 0.95} {
		q := 1 - float64(Threshold(p))/Always
		base := draw(Stream{Seed: 1, Layer: 1, Step: 1}, p)
		others := map[string][]uint64{
			"the next layer": draw(Stream{Seed: 1, Layer: 2, Step: 1}, p),
			"the next step":  draw(Stream{Seed: 1, Layer: 1, Step: 2}, p),
			"the next seed":  draw(Stream{Seed: 2, Layer: 1, Step: 1}, p),
		}
		var mean float64
		for i := range n {
			mean += at(base, i)
		}
		mean /= n
		if se := math.Sqrt(q * (1 - q) / n); math.Abs(mean-q) > 5*se {
			t.Errorf("p=%v: kept share %v, want %v within %v", p, mean, q, 5*se)
		}
		correlation := func(b []uint64, lag int) float64 {
			var sum float64
			for i := lag; i < n; i++ {
				sum += (at(base, i-lag) - q) * (at(b, i) - q)
			}
			return sum / float64(n-lag) / (q * (1 - q))
		}
		bound := 5 / math.Sqrt(n)
		for name, b := range others {
			if r := correlation(b, 0); math.Abs(r) > bound {
				t.Errorf("p=%v: correlation %v with %s, want at most %v", p, r, name, bound)
			}
		}
		for _, lag := range []int{1, 2, 7, 8, 16, 32, 63, 64, 128, 1024} {
			if r := correlation(base, lag); math.Abs(r) > bound {
				t.Errorf("p=%v: autocorrelation %v at lag %d, want at most %v", p, r, lag, bound)
			}
		}
	}
}
