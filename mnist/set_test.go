package mnist

import (
	"slices"
	"testing"
)

func TestSet(t *testing.T) {
	s := numbered([]uint8{2, 0, 2, 1, 2}, 3, 4, 5)
	if s.Len() != 5 {
		t.Errorf("Len() = %d, want 5", s.Len())
	}
	if got := s.InputShape(); !slices.Equal(got, []int{12}) {
		t.Errorf("InputShape() = %v, want [12]", got)
	}
	if got := s.Counts(); !slices.Equal(got, []int{1, 1, 3, 0, 0}) {
		t.Errorf("Counts() = %v, want [1 1 3 0 0]", got)
	}
}

func TestSliceSharesMemory(t *testing.T) {
	s := numbered([]uint8{2, 0, 2, 1, 2}, 3, 4, 5)
	part, err := s.Slice(1, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := part.Validate(); err != nil {
		t.Error(err)
	}
	if part.Len() != 3 || part.Rows != 3 || part.Cols != 4 || part.Classes != 5 {
		t.Errorf("%d examples of %d x %d in %d classes, want 3 of 3 x 4 in 5", part.Len(), part.Rows, part.Cols, part.Classes)
	}
	if &part.Pixels[0] != &s.Pixels[12] || &part.Labels[0] != &s.Labels[1] {
		t.Error("the slice is a copy")
	}
	if cap(part.Pixels) != 36 || cap(part.Labels) != 3 {
		t.Error("an append to the slice would write into the whole")
	}
	for i := range s.Len() + 1 {
		empty, err := s.Slice(i, i)
		if err != nil {
			t.Fatal(err)
		}
		if empty.Len() != 0 || empty.Validate() != nil {
			t.Errorf("Slice(%d, %d) has %d examples: %v", i, i, empty.Len(), empty.Validate())
		}
	}
}

func TestSliceErrors(t *testing.T) {
	s := numbered([]uint8{2, 0, 2, 1, 2}, 3, 4, 5)
	for _, c := range [][2]int{{-1, 2}, {3, 2}, {0, 6}, {6, 6}, {-2, -1}} {
		part, err := s.Slice(c[0], c[1])
		wantError(t, err, "mnist: Slice: i and j must satisfy 0 <= i <= j <= 5, got i = ")
		if part != nil {
			t.Errorf("Slice(%d, %d): a Set beside the error", c[0], c[1])
		}
	}
}

// Sets made by hand need not fit together. Every method that can say so does,
// and none panics.
func TestInconsistentSets(t *testing.T) {
	for _, c := range []struct {
		name string
		set  Set
		want string
	}{
		{"zero value", Set{}, "images must have 1 to 4096 rows and columns, got 0 x 0"},
		{"negative", Set{Rows: -1, Cols: -1, Classes: 1, Pixels: []uint8{1}, Labels: []uint8{0}}, "got -1 x -1"},
		{"huge", Set{Rows: 1 << 30, Cols: 1 << 30, Classes: 1, Labels: []uint8{0}}, "got 1073741824 x 1073741824"},
		{"few pixels", Set{Rows: 1, Cols: 2, Classes: 1, Pixels: []uint8{1}, Labels: []uint8{0}}, "must have 1 x 1 x 2 = 2 pixels, got 1"},
		{"many pixels", Set{Rows: 1, Cols: 2, Classes: 1, Pixels: make([]uint8, 3), Labels: []uint8{0}}, "must have 1 x 1 x 2 = 2 pixels, got 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, c.set.Validate(), "mnist: Validate: ", c.want)
			_, err := c.set.Slice(0, c.set.Len())
			wantError(t, err, "mnist: Slice: ", c.want)
			wantError(t, c.set.Gather([]int{0}, make([]float32, 2), make([]int, 1)), "mnist: Gather: ", c.want)
			_, _, err = c.set.Stratified(0, 1)
			wantError(t, err, "mnist: Stratified: ", c.want)
			c.set.Counts()
			c.set.InputShape()
		})
	}

	for _, c := range []struct {
		classes int
		want    string
		counts  []int
	}{
		{-3, "classes must be in [1, 256], got -3", []int{}},
		{0, "classes must be in [1, 256], got 0", []int{}},
		{257, "classes must be in [1, 256], got 257", append([]int{1, 0, 0, 1}, make([]int, 252)...)},
		{3, "label of example 1 must be in [0, 2], got 3", []int{1, 0, 0}},
	} {
		s := Set{Rows: 1, Cols: 1, Classes: c.classes, Pixels: []uint8{1, 2}, Labels: []uint8{0, 3}}
		wantError(t, s.Validate(), "mnist: Validate: ", c.want)
		_, _, err := s.Stratified(1, 1)
		wantError(t, err, "mnist: Stratified: ", c.want)
		if got := s.Counts(); !slices.Equal(got, c.counts) {
			t.Errorf("Counts() of %d classes = %v, want %v", c.classes, got, c.counts)
		}
	}
}
