package datasets_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/training"
)

var _ training.Dataset = (*datasets.Windows)(nil)

func TestVocabulary(t *testing.T) {
	v, err := datasets.NewVocabulary("banä", "n")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := v.Encode("nabä")
	if err != nil || v.Size() != 4 || !slices.Equal(ids, []int{2, 0, 1, 3}) {
		t.Errorf("got %v, %v", ids, err)
	}
	if _, err := v.Encode("äx"); err == nil || err.Error() != `datasets: Vocabulary: Encode: must be one of 4 characters, got 'x' at byte 2` {
		t.Errorf("got %v", err)
	}
	if _, err := v.Decode([]int{0, 4}); err == nil || err.Error() != "datasets: Vocabulary: Decode: indices must be in [0, 4), got 4 at position 1" {
		t.Errorf("got %v", err)
	}
	if _, err := datasets.NewVocabulary("", ""); err == nil {
		t.Error("want an error for no characters")
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(1, 50, -1).Draw(t, "text")
		v, err := datasets.NewVocabulary(text)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := v.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := v.Decode(ids); err != nil || back != text {
			t.Fatalf("%q came back as %q, %v", text, back, err)
		}
	})
}

func TestWindows(t *testing.T) {
	w := &datasets.Windows{IDs: []int{5, 6, 7, 8, 9, 10, 11}, Length: 3}
	x, y := make([]float32, 6), make([]int, 6)
	if err := w.Gather([]int{1, 0}, x, y); err != nil {
		t.Fatal(err)
	}
	if w.Len() != 2 || !slices.Equal(x, []float32{8, 9, 10, 5, 6, 7}) || !slices.Equal(y, []int{9, 10, 11, 6, 7, 8}) {
		t.Errorf("got %v and %v of %d", x, y, w.Len())
	}
	w.Stride = 1
	if w.Len() != 4 {
		t.Errorf("stride 1: got %d windows, want 4", w.Len())
	}
	for _, tt := range []struct {
		w    datasets.Windows
		want int
	}{
		{datasets.Windows{}, 0},
		{datasets.Windows{IDs: []int{1, 2}, Length: 2}, 0},
		{datasets.Windows{IDs: []int{1, 2, 3}, Length: 2}, 1},
		{datasets.Windows{IDs: []int{1, 2, 3}, Length: 2, Stride: -1}, 0},
		{datasets.Windows{IDs: []int{1, 2, 3, 4}, Length: 2}, 1},
	} {
		if got := tt.w.Len(); got != tt.want {
			t.Errorf("%+v: got %d windows, want %d", tt.w, got, tt.want)
		}
	}
	if err := w.Gather([]int{4}, x[:3], y[:3]); err == nil || !strings.Contains(err.Error(), "indices must be in [0, 4), got 4") {
		t.Errorf("got %v", err)
	}
	if err := w.Gather([]int{0}, x[:3], y[:1]); err == nil || !strings.Contains(err.Error(), "must have 3 values for 1 examples, got 3 and 1") {
		t.Errorf("got %v", err)
	}
}

// Every id but the first is a label once, and what comes before it the input.
func TestWindowsCoverTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, length := rapid.IntRange(2, 60).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "length")
		w := &datasets.Windows{IDs: make([]int, n), Length: length}
		for i := range w.IDs {
			w.IDs[i] = i
		}
		next := 1
		x, y := make([]float32, length), make([]int, length)
		for i := range w.Len() {
			if err := w.Gather([]int{i}, x, y); err != nil {
				t.Fatal(err)
			}
			for j := range y {
				if y[j] != next || int(x[j]) != next-1 {
					t.Fatalf("window %d: got %v and %v, want label %d at %d", i, x, y, next, j)
				}
				next++
			}
		}
		if left := n - next; left < 0 || left >= length {
			t.Fatalf("%d ids are left over of windows of %d", left, length)
		}
	})
}
