package exactsum

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// number draws float64s of all sizes, and those at the ends.
func number() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64Range(-1, 1), rapid.Custom(func(t *rapid.T) float64 {
		return math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "mantissa"), rapid.IntRange(-1080, 1022).Draw(t, "exponent"))
	}), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), 1, -1, 5e-324, -5e-324, 0x1p-1022, math.MaxFloat64, -math.MaxFloat64, 0x1p32, 0x1p31, -0x1p63, 1e16,
	}))
}

func sumOf(x []float64) *Sum {
	s := new(Sum)
	for _, v := range x {
		s.Add(v)
	}
	return s
}

// exact is the sum by big numbers, rounded once.
func exact(x []float64) float64 {
	total := new(big.Rat)
	for _, v := range x {
		total.Add(total, new(big.Rat).SetFloat64(v))
	}
	f, _ := total.Float64()
	return f
}

// The sum is the exact one, rounded once, in any order and any groups, also where it
// overflows on the way.
func TestSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(number(), 0, 30).Draw(t, "x")
		whole := sumOf(x)
		if got, want := whole.Float64(), exact(x); got != want {
			t.Fatalf("sum must be %v, got %v", want, got)
		}
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffled := slices.Clone(x)
		order.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var parts []*Sum
		for len(shuffled) > 0 {
			n := 1 + order.IntN(len(shuffled))
			parts = append(parts, sumOf(shuffled[:n]))
			shuffled = shuffled[n:]
		}
		merged := new(Sum)
		for _, p := range parts {
			merged.Merge(p)
		}
		a, _ := whole.MarshalText()
		b, _ := merged.MarshalText()
		if string(a) != string(b) {
			t.Fatalf("merged sums must be %s, got %s", a, b)
		}
		merged.Subtract(whole)
		if got := merged.Float64(); got != 0 {
			t.Fatalf("a sum less itself must be 0, got %v", got)
		}
	})
}

// Digits carry before they overflow, whatever the signs.
func TestCarry(t *testing.T) {
	for _, x := range [][]float64{{1}, {-1}, {math.MaxFloat64, -1}, {-0x1p-1074, 3}, {-0x1p40, 0x1p40, -1}} {
		s := sumOf(x)
		want := s.Float64()
		size := 0
		for i := range 10 {
			s.carry()
			if got := s.Float64(); got != want {
				t.Errorf("%v: carried %d times the sum must be %v, got %v", x, i+1, want, got)
			}
			for j, d := range s.digits[:len(s.digits)-1] {
				if d < 0 || d >= 1<<digitBits {
					t.Errorf("%v: digit %d is %d", x, j, d)
				}
			}
			if i > 1 && len(s.digits) != size {
				t.Errorf("%v: digits must stay %d, got %d", x, size, len(s.digits))
			}
			size = len(s.digits)
		}
	}
	s := sumOf([]float64{-3, 0x1p40})
	for _, add := range []func(){func() { s.Add(1) }, func() { s.Merge(s) }} {
		s.added = full - 1
		if add(); s.added != 0 {
			t.Errorf("%d additions must make digits carry, got %d since", full, s.added)
		}
	}
	if got := s.Float64(); got != 2*(0x1p40-2) {
		t.Errorf("want %v, got %v", 2*(0x1p40-2), got)
	}
}

func TestSpecial(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, tt := range []struct {
		x    []float64
		want float64
	}{
		{[]float64{1, inf}, inf}, {[]float64{-inf, 1}, -inf}, {[]float64{inf, -inf}, nan}, {[]float64{nan, 1}, nan},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, inf}, {[]float64{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, math.MaxFloat64},
	} {
		s := sumOf(tt.x)
		if got := s.Float64(); got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("%v: want %v, got %v", tt.x, tt.want, got)
		}
	}
}

// A product is added with all its digits.
func TestAddProduct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.Custom(func(t *rapid.T) float64 {
			return math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "mantissa"), rapid.IntRange(-200, 200).Draw(t, "exponent"))
		})
		x, y := scale.Draw(t, "x"), scale.Draw(t, "y")
		var s Sum
		s.AddProduct(x, y)
		want := new(big.Rat).Mul(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
		got := new(big.Rat).SetFrac(s.Units(), new(big.Int).Lsh(big.NewInt(1), 1074))
		// A mantissa that is not normal has fewer digits.
		if math.Abs(x*y) > 0x1p-900 && got.Cmp(want) != 0 {
			t.Fatalf("want %v, got %v", want, got)
		}
	})
}

func TestRatio(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, tt := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1}, []float64{3}, 1.0 / 3}, {[]float64{1e16, 1}, []float64{1e16, 1}, 1}, {[]float64{1e300, 1e300}, []float64{2e300}, 1},
		{nil, []float64{2}, 0}, {nil, nil, nan}, {[]float64{1}, nil, inf}, {[]float64{-1}, nil, -inf}, {[]float64{inf}, []float64{2}, inf}, {[]float64{1}, []float64{inf}, 0},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, []float64{2}, math.MaxFloat64},
	} {
		if got := Ratio(sumOf(tt.a), sumOf(tt.b)); got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("%v over %v: want %v, got %v", tt.a, tt.b, tt.want, got)
		}
	}
}

// A sum comes back from its text, and goes on.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.OneOf(number(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)})), 0, 9).Draw(t, "x")
		text, err := json.Marshal(sumOf(x))
		if err != nil {
			t.Fatal(err)
		}
		var back Sum
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		back.Add(1)
		got, want := back.Float64(), sumOf(append(x, 1)).Float64()
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("%s: want %v, got %v", text, want, got)
		}
	})
	for _, bad := range []string{"", "1", "p", "1p", "xp0", "1p-1", "1p99999", "1p9999999999999999999", "Inf", "1p0p0"} {
		if err := new(Sum).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q must be an error", bad)
		}
	}
}

// Whatever a text is, reading it is an error or gives a sum that is written as such.
func FuzzText(f *testing.F) {
	for _, s := range []string{"1p1074", "-ffp3", "0p0", "NaN", "+Inf", "p", "1p2199"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var s, back Sum
		if err := s.UnmarshalText(text); err != nil {
			return
		}
		again, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := back.UnmarshalText(again); err != nil {
			t.Fatal(err)
		}
		if twice, _ := back.MarshalText(); string(twice) != string(again) {
			t.Fatalf("%q is %s and then %s", text, again, twice)
		}
	})
}
