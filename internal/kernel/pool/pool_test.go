package pool

import (
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// checkMaxPairs compares a row of max pooling and its backward pass on one path
// with those in Go, of awkward numbers from some element on.
func checkMaxPairs(set isa.Set, n, gap, shift, from int) error {
	width := 2*n + gap
	x := kerneltest.Awkward[float32](from + width + 2*n)[from:]
	for i := range x {
		if i%3 > 0 && i > 0 {
			x[i] = x[i-1] // ties
		}
	}
	y, yIntact := kerneltest.Guarded[float32](n, shift)
	want := make([]float32, n)
	maxPairsWith(set, y, x, width)
	maxPairs(want, x, width)
	if err := kerneltest.Verify("forward", y, want, yIntact); err != nil {
		return err
	}
	dy := kerneltest.Awkward[float32](n + 9)[9:]
	dx, dxIntact := kerneltest.Guarded[float32](len(x), shift)
	wantX := make([]float32, len(x))
	for i := range dx {
		dx[i], wantX[i] = 7, 7 // what is between the rows stays
	}
	maxPairsBackWith(set, dx, x, y, dy, width)
	maxPairsBack(wantX, x, want, dy, width)
	return kerneltest.Verify("backward", dx, wantX, dxIntact)
}

func TestMaxPairs(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for n := range 70 {
			for gap := range 3 {
				if err := checkMaxPairs(set, n, gap, n%8, 5*n); err != nil {
					t.Fatalf("n=%d gap=%d: %v", n, gap, err)
				}
			}
		}
	})
}

// Each of four numbers of every kind in each place.
func TestMaxPairsKinds(t *testing.T) {
	kinds := kerneltest.Awkward[float32](61 * 8)
	numbers := []float32{kinds[7], kinds[17], kinds[27], kinds[37], 0, 1, -1}
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, a := range numbers {
			for _, b := range numbers {
				for _, c := range numbers {
					for _, d := range numbers {
						var y, want [1]float32
						var dx, wantX [4]float32
						x, dy := []float32{a, b, c, d}, []float32{3}
						maxPairsWith(set, y[:], x, 2)
						maxPairs(want[:], x, 2)
						maxPairsBackWith(set, dx[:], x, y[:], dy, 2)
						maxPairsBack(wantX[:], x, want[:], dy, 2)
						if kerneltest.Differs(y[:], want[:]) >= 0 || kerneltest.Differs(dx[:], wantX[:]) >= 0 {
							t.Fatalf("%v: %v and %v, want %v and %v", x, y, dx, want, wantX)
						}
					}
				}
			}
		}
	})
}

func FuzzMaxPairs(f *testing.F) {
	f.Add(byte(7), byte(0), byte(0), uint16(3))
	f.Add(byte(200), byte(1), byte(9), uint16(60))
	f.Fuzz(func(t *testing.T, n, gap, shift byte, from uint16) {
		for _, set := range isa.Supported() {
			if err := checkMaxPairs(set, int(n), int(gap), int(shift%16), int(from%500)); err != nil {
				t.Fatalf("%s: %v", set, err)
			}
		}
	})
}

func BenchmarkMaxPairs(b *testing.B) {
	for _, n := range []int{7, 14, 112} {
		x, dx := make([]float32, 4*n), make([]float32, 4*n)
		y, dy := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(i * i % 101)
		}
		for _, set := range isa.Supported() {
			kerneltest.Bench(b, set.String()+"/forward", n, func() { maxPairsWith(set, y, x, 2*n) })
			kerneltest.Bench(b, set.String()+"/back", n, func() { maxPairsBackWith(set, dx, x, y, dy, 2*n) })
		}
	}
}

// Images of any size, in both types: what is beyond the last whole blocks gets no gradient.
func TestMaxPairsOfImages(t *testing.T) {
	for half := 1; half < 12; half++ {
		for odd := range 2 {
			for rows := range 4 {
				of32, back32 := pairsOfImage[float32](half, 2*half+odd, rows, odd)
				of64, back64 := pairsOfImage[float64](half, 2*half+odd, rows, odd)
				if !slices.Equal(of32, of64) || !slices.Equal(back32, back64) {
					t.Fatalf("%d×%d: float32 gives %v and %v, float64 %v and %v", half, rows, of32, back32, of64, back64)
				}
				var sum, left float64
				for _, v := range back64 {
					sum += v
					if v == 7 {
						left++
					}
				}
				if sum != float64(half*rows*(half*rows+1)/2) || left > 1 {
					t.Fatalf("%d×%d: each maximum must get its gradient, and nothing be left as it was: got %v", half, rows, back64)
				}
			}
		}
	}
}

// pairsOfImage returns maxima, and the gradient where that of maximum i is i+1, as float64.
func pairsOfImage[F float32 | float64](half, width, rows, odd int) (y, dx []float64) {
	x, d := make([]F, width*(2*rows+odd)), make([]F, width*(2*rows+odd))
	for i := range x {
		x[i], d[i] = F((i*7919)%101), 7
	}
	maxima, dy := make([]F, half*rows), make([]F, half*rows)
	for i := range dy {
		dy[i] = F(i + 1)
	}
	MaxPairs(maxima, x, half, width)
	MaxPairsBack(d, x, maxima, dy, half, width)
	for _, v := range maxima {
		y = append(y, float64(v))
	}
	for _, v := range d {
		dx = append(dx, float64(v))
	}
	return y, dx
}
