package mnist

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// anyInt draws small numbers and the extremes, at which products and sums overflow.
func anyInt() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(-3, 12), rapid.SampledFrom([]int{
		math.MinInt, math.MinInt32, math.MaxInt32, 1 << 31, 1<<32 + 1, 1 << 62, math.MaxInt - 1, math.MaxInt, 256, 257, 4096, 4097,
	}))
}

// Sets of any numbers, and any numbers asked of them, are an error or examples.
func TestSetsOfExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Set{
			Rows: anyInt().Draw(t, "rows"), Cols: anyInt().Draw(t, "cols"), Classes: anyInt().Draw(t, "classes"),
			Pixels: make([]uint8, rapid.IntRange(0, 40).Draw(t, "pixels")), Labels: rapid.SliceOfN(rapid.Uint8(), 0, 9).Draw(t, "labels"),
		}
		if rapid.Bool().Draw(t, "valid") {
			s = genSet(t, 0, 9)
		}
		valid := s.Validate() == nil
		_ = s.InputShape()
		if counts := s.Counts(); len(counts) > MaxClasses {
			t.Fatalf("%d classes", len(counts))
		}
		i, j, n := anyInt().Draw(t, "i"), anyInt().Draw(t, "j"), anyInt().Draw(t, "n")
		if part, err := s.Slice(i, j); err == nil && part.Len() != j-i {
			t.Fatalf("examples %d to %d are %d", i, j, part.Len())
		}
		subset, rest, err := s.Stratified(n, rapid.Uint64().Draw(t, "seed"))
		if err == nil && (!valid || subset.Len() != n || rest.Len() != s.Len()-n) {
			t.Fatalf("%d of %+v are %+v", n, s, subset)
		}
		indices := rapid.SliceOfN(anyInt(), 0, 3).Draw(t, "indices")
		x, y := make([]float32, rapid.IntRange(0, 48).Draw(t, "x")), make([]int, rapid.IntRange(0, 3).Draw(t, "y"))
		if rapid.Bool().Draw(t, "fits") && valid {
			x, y = make([]float32, len(indices)*s.Rows*s.Cols), make([]int, len(indices))
		}
		if err := s.Gather(indices, x, y); err == nil {
			for k, i := range indices {
				if y[k] != int(s.Labels[i]) {
					t.Fatalf("label %d, want %d", y[k], s.Labels[i])
				}
			}
		}
	})
}

func TestOptionsOfExtremes(t *testing.T) {
	s := numbered([]uint8{0, 1}, 1, 2, 2)
	rapid.Check(t, func(t *rapid.T) {
		n := anyInt().Draw(t, "classes")
		got, err := Read(bytes.NewReader(encodeImages(s)), bytes.NewReader(encodeLabels(s)), Classes(n))
		if (err == nil) != (n >= 2 && n <= MaxClasses) || err == nil && len(got.Counts()) != n {
			t.Fatalf("%d classes: %v", n, err)
		}
	})
	_, err := Read(bytes.NewReader(nil), bytes.NewReader(nil), Classes(3), nil)
	wantError(t, err, "mnist: Read: options must be set, got nil as number 2")
	_, _, err = OpenFS(nil)
	wantError(t, err, "mnist: OpenFS: file system must be set, got nil")
	_, _, err = OpenFS(fstest.MapFS{}, nil)
	wantError(t, err, "mnist: OpenFS: options must be set, got nil as number 1")
}

// vast is an image that only says to be large.
type vast struct{ bounds image.Rectangle }

func (vast) ColorModel() color.Model   { return color.GrayModel }
func (v vast) Bounds() image.Rectangle { return v.bounds }
func (vast) At(int, int) color.Color   { return color.Gray{} }

func TestFromImageOfExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := image.Pt(anyInt().Draw(t, "x"), anyInt().Draw(t, "y"))
		to := image.Pt(anyInt().Draw(t, "right"), anyInt().Draw(t, "bottom"))
		pixels, err := FromImage(vast{image.Rectangle{Min: at, Max: to}})
		// It is blank.
		if err == nil {
			t.Fatalf("got %v", pixels)
		}
		if !strings.HasPrefix(err.Error(), "mnist: FromImage: image must ") {
			t.Fatal(err)
		}
	})
	for _, size := range [][2]int{{1<<14 + 1, 1}, {1, 1<<14 + 1}, {1 << 14, 1<<12 + 1}} {
		_, err := FromImage(vast{image.Rect(0, 0, size[0], size[1])})
		wantError(t, err, "image must have 1 to 2^14 pixels on each side and at most 2^26 in all, got ")
	}
	_, err := FromImage(nil)
	wantError(t, err, "mnist: FromImage: image must be set, got nil")
}
