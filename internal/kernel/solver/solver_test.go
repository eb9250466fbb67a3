package solver

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

// drawn returns numbers of many sizes, from an element of memory on.
func drawn(rng *rand.Rand, n, from int) []float32 {
	out := make([]float32, from+n)
	for i := range out {
		out[i] = float32(rng.NormFloat64() * math.Exp(10*rng.NormFloat64()))
	}
	return out[from:]
}

// agree runs a test of n elements at several lengths and alignments, with every set.
func agree(t *testing.T, f func(t *testing.T, set isa.Set, rng *rand.Rand, n, from int)) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		rng := rand.New(rand.NewPCG(1, 2))
		for n := range 70 {
			for _, from := range []int{0, 1, 3} {
				f(t, set, rng, n, from)
			}
		}
	})
}

// sameBits fails where the elements differ.
func sameBits[F Float](t *testing.T, what string, got, want []F) {
	t.Helper()
	if i := kerneltest.Differs(got, want); i >= 0 {
		t.Fatalf("%s, length %d, element %d: %v, want %v", what, len(got), i, got[i], want[i])
	}
}

// guardedCopy is a copy of x with guards.
func guardedCopy[F Float](x []F, from int) ([]F, func() bool) {
	c, intact := kerneltest.Guarded[F](len(x), from)
	copy(c, x)
	return c, intact
}

func TestAdam(t *testing.T) {
	agree(t, func(t *testing.T, set isa.Set, rng *rand.Rand, n, from int) {
		k := &Adam[float32]{Step: 1e-3, Beta1: 0.9, Beta2: 0.999, Rest1: 0.1, Rest2: 0.001, Eps: 1e-8}
		w, g, m, v := drawn(rng, n, from), drawn(rng, n, from), drawn(rng, n, from), drawn(rng, n, from)
		for i, x := range v {
			v[i] = float32(math.Abs(float64(x)))
		}
		if n > 5 {
			g[5], m[5], v[5] = 0, 0, 0
			w[4], g[3], v[2] = float32(math.NaN()), float32(math.Inf(1)), math.SmallestNonzeroFloat32
		}
		w2, intactW := guardedCopy(w, from)
		m2, intactM := guardedCopy(m, from)
		v2, intactV := guardedCopy(v, from)
		adam32(set, k, w2, g, m2, v2)
		k.update(w, g, m, v)
		sameBits(t, "w", w2, w)
		sameBits(t, "m", m2, m)
		sameBits(t, "v", v2, v)
		if !intactW() || !intactM() || !intactV() {
			t.Fatalf("length %d: wrote outside", n)
		}
	})
}

func TestMomentum(t *testing.T) {
	agree(t, func(t *testing.T, set isa.Set, rng *rand.Rand, n, from int) {
		w, g, v := drawn(rng, n, from), drawn(rng, n, from), drawn(rng, n, from)
		if n > 5 {
			g[5], v[5], w[3] = float32(math.Inf(1)), 0, float32(math.NaN())
		}
		w2, intactW := guardedCopy(w, from)
		v2, intactV := guardedCopy(v, from)
		momentum32(set, w2, g, v2, 0.02, 0.95)
		momentum(w, g, v, 0.02, 0.95)
		sameBits(t, "w", w2, w)
		sameBits(t, "v", v2, v)
		if !intactW() || !intactV() {
			t.Fatalf("length %d: wrote outside", n)
		}
	})
}

// Elements that are no units keep their bits.
func TestMomentumAt(t *testing.T) {
	agree(t, func(t *testing.T, set isa.Set, rng *rand.Rand, n, from int) {
		n *= 3
		for _, kept := range []int{n, n - n/3, n / 2, n / 9} {
			indices := rng.Perm(n)[:kept]
			slices.Sort(indices)
			var at units.Units
			if err := at.Set(indices, n); err != nil {
				t.Fatal(err)
			}
			lo, hi := kept/(1+from)-kept/4, kept-from*kept/7
			lo, hi = max(0, min(lo, hi)), max(lo, hi)
			w, g, v := drawn(rng, n, from), drawn(rng, hi-lo, from), drawn(rng, n, from)
			for _, x := range [][]float32{w, g, v} {
				for k := range len(x) / 5 {
					x[rng.IntN(len(x))] = []float32{float32(math.Inf(1)), 0, float32(math.NaN()), math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1))}[k%5]
				}
			}
			w2, intactW := guardedCopy(w, from)
			v2, intactV := guardedCopy(v, from)
			momentumAt(set, w2, g, v2, 0.02, 0.95, &at, lo, hi, 64)
			for i, k := range indices[lo:hi] {
				momentum(w[k:k+1], g[i:i+1], v[k:k+1], 0.02, 0.95)
			}
			sameBits(t, "w", w2, w)
			sameBits(t, "v", v2, v)
			if !intactW() || !intactV() {
				t.Fatalf("%d units of %d: wrote outside", kept, n)
			}
		}
	})
}

// The table has a row for each choice of eight elements.
func TestMomentumOfEveryGroup(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		var at units.Units
		indices, n := kerneltest.EveryGroup()
		if err := at.Set(indices, n); err != nil {
			t.Fatal(err)
		}
		w, v, g := make([]float32, n), make([]float32, n), make([]float32, len(indices))
		wantW, wantV := make([]float32, n), make([]float32, n)
		for i, x := range indices {
			g[i] = float32(1 + i)
			wantW[x], wantV[x] = -g[i], g[i]
		}
		momentumAt(set, w, g, v, 1, 1, &at, 0, len(g), 0)
		sameBits(t, "w", w, wantW)
		sameBits(t, "v", v, wantV)
	})
}

func BenchmarkMomentumAt(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, kept := range []int{64, 128, 256, 512, 1024} {
		indices := rng.Perm(1024)[:kept]
		slices.Sort(indices)
		var at units.Units
		if err := at.Set(indices, 1024); err != nil {
			b.Fatal(err)
		}
		w, g, v := make([]float32, 1024), make([]float32, kept), make([]float32, 1024)
		kerneltest.Bench(b, "groups", kept, func() { MomentumAt(w, g, v, 0.1, 0.9, &at, 0, kept, 0) })
		kerneltest.Bench(b, "singly", kept, func() { momentumSingly(w, g, v, 0.1, 0.9, indices) })
	}
}

func BenchmarkMomentumAtRows(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	half := func(n int) []int {
		x := rng.Perm(n)[:n/2]
		slices.Sort(x)
		return x
	}
	const side, height = 1024, 8192
	rows, cols := half(height), half(side)
	var at units.Units
	if err := at.Set(cols, side); err != nil {
		b.Fatal(err)
	}
	w, g, v := make([]float32, side*height), make([]float32, side/2), make([]float32, side*height)
	for _, fetch := range []bool{false, true} {
		r := 0
		kerneltest.Bench(b, fmt.Sprint("fetch=", fetch), side/2, func() {
			at0, to := rows[r]*side, rows[r+1]*side
			ahead := 0
			if fetch {
				ahead = to - at0
			}
			if r++; r == len(rows)-1 {
				r = 0
			}
			MomentumAt(w[at0:at0+side], g, v[at0:at0+side], 0.1, 0.9, &at, 0, side/2, ahead)
		})
	}
}

// The loops in Go round every product: on machines that could fuse it with a sum too.
func TestProductsAreRounded(t *testing.T) {
	// a*a is 1 + 2^-11 + 2^-24: rounded to float32, the last part is lost.
	const a = 1 + 0x1p-12
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, n := range []int{1, 9} {
			fill := func(x float32) []float32 { return slices.Repeat([]float32{x}, n) }
			w, g, v := fill(1+0x1p-11), fill(0), fill(a)
			momentum32(set, w, g, v, 1, 1)
			w, v = fill(1+0x1p-11), fill(a)
			momentum32(set, w, g, v, a, 1)
			if w[n-1] != 0 {
				t.Errorf("momentum of %d: w - lr*v is %v, want 0", n, w[n-1])
			}
			v = fill(a)
			momentum32(set, w, fill(-1-0x1p-11), v, 0, a)
			if v[n-1] != 0 {
				t.Errorf("momentum of %d: mu*v + g is %v, want 0", n, v[n-1])
			}
			k := &Adam[float32]{Beta1: a, Rest1: 1, Beta2: 1, Eps: 1}
			m := fill(a)
			adam32(set, k, fill(0), fill(-1-0x1p-11), m, fill(1))
			if m[n-1] != 0 {
				t.Errorf("Adam of %d: beta1*m + rest1*g is %v, want 0", n, m[n-1])
			}
		}
	})
}

func TestSquares(t *testing.T) {
	agree(t, func(t *testing.T, set isa.Set, rng *rand.Rand, n, from int) {
		g := drawn(rng, n, from)
		wide := make([]float64, n) // its loop is that in Go
		for i, x := range g {
			wide[i] = float64(x)
		}
		if got, want := squares(set, g), squares(isa.Generic, wide); got != want {
			t.Errorf("length %d: %v, want %v", n, got, want)
		}
	})
}

func TestProjection(t *testing.T) {
	agree(t, func(t *testing.T, set isa.Set, rng *rand.Rand, n, from int) {
		for _, rows := range []int{1, 3, 4, 5, 8, 11} {
			w := drawn(rng, rows*n, from)
			sums, intact := kerneltest.Guarded[float64](n, from)
			clear(sums)
			columnSquares(set, sums, w, n, rows)
			if !intact() {
				t.Fatalf("%d rows of %d: wrote outside", rows, n)
			}
			for i, got := range sums {
				want, row := 0.0, 0
				square := func(r int) float64 { return float64(w[r*n+i]) * float64(w[r*n+i]) }
				for ; row+4 <= rows; row += 4 {
					want += (square(row) + square(row+1)) + (square(row+2) + square(row+3))
				}
				for ; row < rows; row++ {
					want += square(row)
				}
				if got != want {
					t.Fatalf("%d rows, column %d of %d: %v, want %v", rows, i, n, got, want)
				}
				sums[i] = 1 / (1 + math.Sqrt(got))
			}
			got, intact32 := guardedCopy(w[:n], from)
			want := slices.Clone(w[:n])
			for i, x := range want {
				want[i] = float32(float64(x) * sums[i])
			}
			scaleBy(set, got, sums)
			sameBits(t, "scaled", got, want)
			if !intact32() {
				t.Fatalf("%d columns: wrote outside", n)
			}
		}
	})
}
