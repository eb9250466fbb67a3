package units

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// drawn returns units, from none to all of few or many, and a range of them. Sizes do not
// come from rapid's ranges, which mostly give small ones, too small for groups.
func drawn(t *rapid.T) (u *Units, from, to int) {
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	of := rnd.IntN(301)
	indices := rnd.Perm(of)[:rnd.IntN(of+1)]
	slices.Sort(indices)
	u = new(Units)
	if err := u.Set(indices, of); err != nil {
		t.Fatal(err)
	}
	from = rnd.IntN(len(indices) + 1)
	return u, from, from + rnd.IntN(len(indices)-from+1)
}

// Chosen elements are copied bit by bit, and nothing beyond them is written.
func TestChoose(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		t.Run("float32", func(t *testing.T) { testChoose[float32](t, set) })
		t.Run("float64", func(t *testing.T) { testChoose[float64](t, set) })
	})
}

func testChoose[F Float](t *testing.T, set isa.Set) {
	rapid.Check(t, func(t *rapid.T) {
		u, from, to := drawn(t)
		src, unread := kerneltest.Guarded[F](u.of, from%8)
		copy(src, kerneltest.Awkward[F](u.of))
		got, intact := kerneltest.Guarded[F](to-from, to%8)
		choose(set, got, src, u, from, to, 100)
		want := make([]F, to-from)
		for i, at := range u.indices[from:to] {
			want[i] = src[at]
		}
		if err := kerneltest.Verify("chosen", got, want, intact); err != nil || !unread() {
			t.Fatalf("units %d to %d of %v: %v", from, to, u.indices, err)
		}
	})
}

// The tables have a row for each set of eight things.
func TestEveryGroup(t *testing.T) {
	u := new(Units)
	if err := u.Set(kerneltest.EveryGroup()); err != nil {
		t.Fatal(err)
	}
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		everyGroup[float32](t, set, u)
		everyGroup[float64](t, set, u)
	})
}

func everyGroup[F Float](t *testing.T, set isa.Set, u *Units) {
	src, want := make([]F, u.of), make([]F, len(u.indices))
	for i := range src {
		src[i] = F(i)
	}
	for i, x := range u.indices {
		want[i] = F(x)
	}
	got, intact := kerneltest.Guarded[F](len(want), 0)
	choose(set, got, src, u, 0, len(want), 0)
	if err := kerneltest.Verify("chosen", got, want, intact); err != nil {
		t.Error(err)
	}
}

// Neighbouring ranges have no group in common, and a loop that takes eight elements from
// the first unit of a group on stays in its range.
func TestGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, from, to := drawn(t)
		g := u.Groups(from, to)
		if len(g.Bits) == 0 {
			if g.First != 0 || g.From != 0 || g.To != 0 {
				t.Fatalf("no groups, but %+v", g)
			}
			return
		}
		var things []int
		for i, bits := range g.Bits {
			if bits != 0 && len(things)+8 > to-from-g.From {
				t.Fatalf("group %d begins with unit %d of the %d of the range", i, g.From+len(things), to-from)
			}
			for lane := range 8 {
				if bits>>lane&1 == 1 {
					things = append(things, g.First+8*i+lane)
				}
			}
		}
		if want := u.indices[from:to][g.From:g.To]; !slices.Equal(things, want) {
			t.Fatalf("groups have the units %v, want %v", things, want)
		}
		for i, x := range u.indices {
			if in := x >= g.First && x < g.First+8*len(g.Bits); in && (i < from || i >= to) {
				t.Fatalf("unit %d of another range is in a group", x)
			}
		}
		if g.First+8*len(g.Bits) > u.of {
			t.Fatalf("groups end at %d, beyond %d", g.First+8*len(g.Bits), u.of)
		}
	})
}

// All units of many have groups: those whose eight things are in the range.
func TestGroupsOfAll(t *testing.T) {
	indices := make([]int, 64)
	for i := range indices {
		indices[i] = i
	}
	var u Units
	if err := u.Set(indices, len(indices)); err != nil {
		t.Fatal(err)
	}
	g := u.Groups(3, 60)
	if want := slices.Repeat([]uint8{0xff}, 6); !slices.Equal(g.Bits, want) || g.First != 8 || g.From != 5 || g.To != 53 {
		t.Errorf("want six groups of eight from thing 8 on, got %+v", g)
	}
}

func TestSet(t *testing.T) {
	var u Units
	for _, tt := range []struct {
		indices []int
		want    string
	}{
		{[]int{-1, 0}, "units must be ascending in [0, 4), got -1 after -1"},
		{[]int{0, 4}, "units must be ascending in [0, 4), got 4 after 0"},
		{[]int{2, 2}, "units must be ascending in [0, 4), got 2 after 2"},
		{[]int{2, 1}, "units must be ascending in [0, 4), got 1 after 2"},
	} {
		if err := u.Set(tt.indices, 4); err == nil || err.Error() != tt.want {
			t.Errorf("%v: error %v, want %s", tt.indices, err, tt.want)
		}
		if len(u.Indices()) > 0 {
			t.Errorf("%v: units are %v after the error", tt.indices, u.Indices())
		}
	}
	// Of the last units nothing is left.
	for _, indices := range [][]int{{1, 2, 9}, {0, 3}} {
		if err := u.Set(indices, 10); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]float64, 2)
	if Choose(got, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, &u, 0); got[0] != 1 || got[1] != 4 {
		t.Errorf("chosen are %v, want 1 and 4", got)
	}
	if !slices.Equal(u.bits, []uint8{9, 0}) {
		t.Errorf("bits are %v, want 9 and 0", u.bits)
	}
	all := make([]int, 100)
	for i := range all {
		all[i] = i
	}
	allocs := kerneltest.Allocations(func() {
		if err := u.Set(all, 100); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("Set allocates %v times", allocs)
	}
}

func BenchmarkChoose(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, kept := range []int{32, 128, 512, 1024} {
		indices := rnd.Perm(1024)[:kept]
		slices.Sort(indices)
		var u Units
		if err := u.Set(indices, 1024); err != nil {
			b.Fatal(err)
		}
		src, dst := make([]float32, 1024), make([]float32, kept)
		kerneltest.Bench(b, "float32", kept, func() { Choose(dst, src, &u, 0) })
		src64, dst64 := make([]float64, 1024), make([]float64, kept)
		kerneltest.Bench(b, "float64", kept, func() { Choose(dst64, src64, &u, 0) })
		kerneltest.Bench(b, "singly", kept, func() { chooseSingly(dst, src, indices) })
	}
}
