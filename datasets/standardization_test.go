package datasets_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/training"
)

func gather(t *testing.T, d training.Dataset) []float32 {
	t.Helper()
	size := 1
	for _, n := range d.InputShape() {
		size *= n
	}
	indices := make([]int, d.Len())
	for i := range indices {
		indices[i] = i
	}
	x := make([]float32, len(indices)*size)
	if err := d.Gather(indices, x, make([]int, len(indices))); err != nil {
		t.Fatal(err)
	}
	return x
}

func near(got, want []float32) bool {
	return slices.EqualFunc(got, want, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-5 })
}

// What is applied to the others is what was measured on the training part.
func TestStandardization(t *testing.T) {
	train := &training.Examples{Shape: []int{3}, X: []float32{1, 10, 7, 3, 10, 9}, Y: []int{0, 1}}
	test := &training.Examples{Shape: []int{3}, X: []float32{5, 12, 8}, Y: []int{1}}
	s, err := datasets.FitStandardization(train)
	if err != nil {
		t.Fatal(err)
	}
	if !near(s.Mean, []float32{2, 10, 8}) || !near(s.Std, []float32{1, 1, 1}) {
		t.Errorf("got %+v", s)
	}
	if got := gather(t, s.Apply(train)); !near(got, []float32{-1, 0, -1, 1, 0, 1}) {
		t.Errorf("training part: got %v", got)
	}
	if got := gather(t, s.Apply(test)); !near(got, []float32{3, 2, 0}) {
		t.Errorf("test part: got %v", got)
	}
	if !slices.Equal(test.X, []float32{5, 12, 8}) {
		t.Errorf("the data was changed to %v", test.X)
	}
}

func TestFitChannels(t *testing.T) {
	images := &training.Examples{Shape: []int{2, 1, 2}, X: []float32{0, 2, 10, 10, 2, 4, 30, 30}, Y: []int{0, 1}}
	s, err := datasets.FitChannels(images)
	if err != nil {
		t.Fatal(err)
	}
	if !near(s.Mean, []float32{2, 20}) || !near(s.Std, []float32{math.Sqrt2, 10}) {
		t.Errorf("got %+v", s)
	}
	if got := gather(t, s.Apply(images)); !near(got[:4], []float32{-math.Sqrt2, 0, -1, -1}) {
		t.Errorf("got %v", got)
	}
	one := &datasets.Standardization{Mean: []float32{1}, Std: []float32{2}}
	if got := gather(t, one.Apply(images)); !near(got[:4], []float32{-0.5, 0.5, 4.5, 4.5}) {
		t.Errorf("one mean for all: got %v", got)
	}
}

// Small deviations beside a large mean are measured.
func TestStandardizationIsExact(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(r, "n")
		shift := rapid.Float32Range(-1e4, 1e4).Draw(r, "shift")
		e := &training.Examples{Shape: []int{1}, Y: make([]int, n)}
		for range n {
			e.X = append(e.X, shift+rapid.Float32Range(-1, 1).Draw(r, "x"))
		}
		s, err := datasets.FitStandardization(e)
		if err != nil {
			r.Fatal(err)
		}
		var mean, square float64
		for _, x := range gather(t, s.Apply(e)) {
			mean += float64(x) / float64(n)
			square += float64(x) * float64(x) / float64(n)
		}
		// float32 holds the mean to about 1e-3 where it is large.
		if slices.Min(e.X) == slices.Max(e.X) {
			if square > 1e-6 {
				r.Fatalf("a constant became %v", square)
			}
		} else if off := 2e-3 / float64(s.Std[0]); math.Abs(mean) > off || math.Abs(square-1) > off*(off+1) {
			r.Fatalf("mean %v and square %v of %+v", mean, square, s)
		}
	})
}

// A value that is the same everywhere becomes 0, and one that differs from it a
// finite number of its own size, whatever sums of it are rounded to.
func TestStandardizationOfConstants(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.OneOf(rapid.SampledFrom([]float32{14.62, 0.1, -1e-30, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}), rapid.Float32()).Draw(r, "constant")
		n := rapid.SampledFrom([]int{1, 2, 3, 1000}).Draw(r, "n")
		e := &training.Examples{Shape: []int{2}, Y: make([]int, n)}
		for i := range n {
			e.X = append(e.X, c, float32(i))
		}
		for _, fit := range []func(training.Dataset) (*datasets.Standardization, error){datasets.FitStandardization, datasets.FitChannels} {
			s, err := fit(e)
			if err != nil {
				r.Fatal(err)
			}
			if s.Mean[0] != c || s.Std[0] != 1 || (s.Std[1] == 1) != (n == 1) {
				r.Fatalf("%d times %v: got %+v", n, c, s)
			}
			x := make([]float32, 2)
			if err := s.Apply(e).Gather([]int{n - 1}, x, make([]int, 1)); err != nil || x[0] != 0 {
				r.Fatalf("%d times %v: became %v, %v", n, c, x[0], err)
			}
		}
	})
	e := &training.Examples{Shape: []int{1}, X: slices.Repeat([]float32{14.62}, 1000), Y: make([]int, 1000)}
	s, err := datasets.FitStandardization(e)
	if err != nil {
		t.Fatal(err)
	}
	other := &training.Examples{Shape: []int{1}, X: []float32{14.77}, Y: []int{0}}
	if got := gather(t, s.Apply(other)); !near(got, []float32{0.15}) {
		t.Errorf("14.77 became %v", got)
	}
}

func TestStandardizationRejects(t *testing.T) {
	for _, tt := range []struct {
		data training.Dataset
		want string
	}{
		{nil, "must have at least one example, got none"},
		{&training.Examples{Shape: []int{2}}, "must have at least one example, got none"},
		{&training.Examples{Shape: []int{1}, X: []float32{1, 2}, Y: []int{0, 0, 0, 0}}, "y must have as many labels"},
		{&training.Examples{Shape: []int{1}, X: []float32{1, float32(math.NaN())}, Y: []int{0, 0}}, "example 1: values must be finite, got NaN"},
	} {
		for _, fit := range []func(training.Dataset) (*datasets.Standardization, error){datasets.FitStandardization, datasets.FitChannels} {
			if _, err := fit(tt.data); err == nil || !strings.HasPrefix(err.Error(), "datasets: Standardization: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		}
	}
	e := &training.Examples{Shape: []int{3}, X: []float32{1, 2, 3}, Y: []int{0}}
	for _, s := range []datasets.Standardization{{}, {Mean: []float32{1, 2}, Std: []float32{1, 1}}, {Mean: []float32{1}, Std: []float32{1, 1, 1}}, {Mean: []float32{1}, Std: []float32{0}}, {Mean: []float32{1}, Std: []float32{-1}}, {Mean: []float32{1}, Std: []float32{float32(math.NaN())}}} {
		err := s.Apply(e).Gather([]int{0}, make([]float32, 3), make([]int, 1))
		if err == nil || !strings.Contains(err.Error(), "Mean and positive Std must have as many numbers as an example, 3, or a divisor of that, got ") {
			t.Errorf("%+v: got %v", s, err)
		}
	}
	s := datasets.Standardization{Mean: []float32{1}, Std: []float32{1}}
	if err := s.Apply(e).Gather([]int{1}, make([]float32, 3), make([]int, 1)); err == nil {
		t.Error("want the data's error for index 1")
	}
	if s.Apply(nil) != nil {
		t.Error("nil became something")
	}
	e.X[1] = float32(math.Inf(1))
	if err := s.Apply(e).Gather([]int{0}, make([]float32, 3), make([]int, 1)); err == nil || !strings.Contains(err.Error(), "example 0: value 1 must become finite, got +Inf less 1, by 1") {
		t.Errorf("infinity: got %v", err)
	}
	if err := s.Apply(e).Gather(nil, nil, nil); err != nil {
		t.Errorf("nothing asked for: got %v", err)
	}
}

func TestSubset(t *testing.T) {
	e := &training.Examples{Shape: []int{1}, X: []float32{10, 11, 12, 13}, Y: []int{0, 1, 2, 3}}
	s, err := datasets.Subset(e, []int{3, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := gather(t, s); s.Len() != 3 || !slices.Equal(got, []float32{13, 11, 11}) {
		t.Errorf("got %v", got)
	}
	if labels, err := datasets.Labels(s); err != nil || !slices.Equal(labels, []int{3, 1, 1}) {
		t.Errorf("labels: got %v, %v", labels, err)
	}
	if again, err := datasets.Subset(s, []int{0}); err != nil || gather(t, again)[0] != 13 {
		t.Errorf("subset of a subset: got %v", err)
	}
	if err := s.Gather([]int{3}, make([]float32, 1), make([]int, 1)); err == nil || err.Error() != "datasets: Subset: Gather: indices must be in [0, 3), got 3 at position 0" {
		t.Errorf("got %v", err)
	}
	for _, i := range []int{-1, 4} {
		if _, err := datasets.Subset(e, []int{0, i}); err == nil || !strings.Contains(err.Error(), "indices must be in [0, 4)") {
			t.Errorf("index %d: got %v", i, err)
		}
	}
	if _, err := datasets.Subset(nil, nil); err == nil {
		t.Error("want an error for nil")
	}
	if _, err := datasets.Labels(nil); err == nil {
		t.Error("want an error for nil")
	}
	if _, err := datasets.Labels(&training.Examples{Shape: []int{1}, X: []float32{1}, Y: []int{1, 2}}); err == nil || !strings.HasPrefix(err.Error(), "datasets: Labels: ") {
		t.Errorf("two labels for an example: got %v", err)
	}
}
