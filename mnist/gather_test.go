package mnist

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The nearest float32 to v/255, found without floating-point division.
func TestUnitIsCorrectlyRounded(t *testing.T) {
	for v, got := range unit {
		if want, _ := big.NewRat(int64(v), 255).Float32(); got != want {
			t.Errorf("unit[%d] = %v, want %v", v, got, want)
		}
	}
	if unit[0] != 0 || unit[255] != 1 {
		t.Errorf("pixels span [%v, %v], want [0, 1]", unit[0], unit[255])
	}
}

func TestGather(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSet(t, 1, 50)
		indices := rapid.SliceOfN(rapid.IntRange(0, s.Len()-1), 0, 30).Draw(t, "indices")
		size := s.InputShape()[0]
		x, y := make([]float32, len(indices)*size), make([]int, len(indices))
		if err := s.Gather(indices, x, y); err != nil {
			t.Fatal(err)
		}
		for b, i := range indices {
			for j := range size {
				if want := float32(s.Pixels[i*size+j]) / 255; x[b*size+j] != want {
					t.Fatalf("pixel %d of example %d at position %d is %v, want %v", j, i, b, x[b*size+j], want)
				}
			}
			if y[b] != int(s.Labels[i]) {
				t.Fatalf("label of example %d at position %d is %d, want %d", i, b, y[b], s.Labels[i])
			}
		}
	})
}

// A slice gathers what the whole does at shifted indices.
func TestGatherFromSlice(t *testing.T) {
	s := numbered(make([]uint8, 300), 2, 3, 1)
	part, err := s.Slice(100, 200)
	if err != nil {
		t.Fatal(err)
	}
	got, want := make([]float32, 12), make([]float32, 12)
	y := make([]int, 2)
	if err := part.Gather([]int{99, 0}, got, y); err != nil {
		t.Fatal(err)
	}
	if err := s.Gather([]int{199, 100}, want, y); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("gathered %v from the slice, %v from the whole", got, want)
	}
	wantError(t, part.Gather([]int{100}, make([]float32, 6), make([]int, 1)), "indices must be in [0, 100), got 100 at position 0")
}

func TestGatherErrorsWriteNothing(t *testing.T) {
	s := numbered([]uint8{1, 2, 3}, 2, 3, 10)
	for _, c := range []struct {
		name    string
		indices []int
		x, y    int
		want    string
	}{
		{"negative index", []int{0, -1}, 12, 2, "indices must be in [0, 3), got -1 at position 1"},
		{"index beyond the end", []int{0, 1, 3}, 18, 3, "indices must be in [0, 3), got 3 at position 2"},
		{"largest index", []int{math.MaxInt}, 6, 1, "indices must be in [0, 3), got "},
		{"smallest index", []int{math.MinInt}, 6, 1, "indices must be in [0, 3), got -"},
		{"short x", []int{0, 1}, 11, 2, "x must have length 2 x 6 = 12, got 11"},
		{"long x", []int{0, 1}, 13, 2, "x must have length 2 x 6 = 12, got 13"},
		{"short y", []int{0, 1}, 12, 1, "y must have length 2, got 1"},
		{"long y", []int{0, 1}, 12, 3, "y must have length 2, got 3"},
		{"nothing for no indices", nil, 6, 1, "x must have length 0 x 6 = 0, got 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, y := make([]float32, c.x), make([]int, c.y)
			for i := range x {
				x[i] = -7
			}
			for i := range y {
				y[i] = -7
			}
			wantError(t, s.Gather(c.indices, x, y), "mnist: Gather: ", c.want)
			if slices.ContainsFunc(x, func(v float32) bool { return v != -7 }) || slices.ContainsFunc(y, func(v int) bool { return v != -7 }) {
				t.Errorf("buffers were written: %v, %v", x, y)
			}
		})
	}
}

func TestGatherDoesNotAllocate(t *testing.T) {
	s := numbered(make([]uint8, 100), 28, 28, 10)
	indices := []int{99, 3, 3, 50}
	x, y := make([]float32, 4*28*28), make([]int, 4)
	if n := testing.AllocsPerRun(100, func() {
		if err := s.Gather(indices, x, y); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a call, want 0", n)
	}
}

// A batch of 128 images of MNIST's size, scattered over a set of its size.
func BenchmarkGather(b *testing.B) {
	const batch, size = 128, 28 * 28
	s := numbered(make([]uint8, 60000), 28, 28, 10)
	indices := make([]int, batch)
	x, y := make([]float32, batch*size), make([]int, batch)
	b.ReportAllocs()
	b.SetBytes(batch * size)
	step := 0
	for b.Loop() {
		for k := range indices {
			step = (step + 25943) % s.Len()
			indices[k] = step
		}
		if err := s.Gather(indices, x, y); err != nil {
			b.Fatal(err)
		}
	}
}
