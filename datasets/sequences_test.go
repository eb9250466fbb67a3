package datasets_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

var _ training.NamedDataset = (*datasets.Sequences)(nil)

// gathered returns what a data set has for examples: inputs, labels, targets, weights
// and mask.
func gathered(t testing.TB, d training.Dataset, labels int, indices ...int) (x []float32, y []int, targets, weights, mask []float32) {
	t.Helper()
	f, n, size := training.FieldsOf(d), len(indices), 1
	for _, k := range d.InputShape() {
		size *= k
	}
	x, y = make([]float32, n*size), make([]int, n*labels)
	if f.Target != nil {
		targets = make([]float32, n*f.Target[0]*f.Target[1])
	}
	weights, mask = make([]float32, n*f.Weights), make([]float32, n*f.Named[0].Shape[0])
	// Memory has old contents.
	for _, s := range [][]float32{x, targets, weights, mask} {
		for i := range s {
			s[i] = 77
		}
	}
	if err := d.Gather(indices, x, y); err != nil {
		t.Fatal(err)
	}
	if err := training.GatherFields(d, indices, targets, weights); err != nil {
		t.Fatal(err)
	}
	if err := training.GatherField(d, indices, models.MaskInput, mask); err != nil {
		t.Fatal(err)
	}
	return x, y, targets, weights, mask
}

// Sequences are padded behind, with a mask, and subsets of them too.
func TestSequences(t *testing.T) {
	x := [][]float32{{1, 2, 3, 4}, {}, {5, 6}}
	for name, tt := range map[string]struct {
		of      datasets.Sequences
		shape   []int
		labels  int
		x       []float32
		y       []int
		targets []float32
		weights []float32
	}{
		"labels": {datasets.Sequences{X: x, Width: 2, Labels: []int{7, 8, 9}}, []int{2, 2}, 1,
			[]float32{5, 6, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0}, []int{9, 7, 8}, nil, []float32{}},
		"ids": {datasets.Sequences{X: x, StepLabels: [][]int{{1, 2, 3, 4}, {}, {5, 6}}}, []int{4}, 4,
			[]float32{5, 6, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0}, []int{5, 6, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0}, nil, []float32{1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0}},
		"numbers": {datasets.Sequences{X: x, Width: 2, Time: 3, StepTargets: [][]float32{{1, 2}, {}, {3}}, TargetWidth: 1}, []int{3, 2}, 0,
			[]float32{5, 6, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0}, []int{}, []float32{3, 0, 0, 1, 2, 0, 0, 0, 0}, []float32{1, 0, 0, 1, 1, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := datasets.Subset(&tt.of, []int{2, 0, 1})
			if err != nil {
				t.Fatal(err)
			}
			x, y, targets, weights, mask := gathered(t, d, tt.labels, 0, 1, 2)
			var want []float32
			for _, i := range []int{2, 0, 1} {
				for at := range tt.shape[0] {
					real := float32(0)
					if at < tt.of.Length(i) {
						real = 1
					}
					want = append(want, real)
				}
			}
			if !slices.Equal(d.InputShape(), tt.shape) || d.Len() != 3 || !slices.Equal(x, tt.x) || !slices.Equal(y, tt.y) ||
				!slices.Equal(targets, tt.targets) || !slices.Equal(weights, tt.weights) || !slices.Equal(mask, want) {
				t.Errorf("got %v: %v, %v, %v, %v, %v", d.InputShape(), x, y, targets, weights, mask)
			}
		})
	}
	none := &datasets.Sequences{Labels: []int{}}
	if !slices.Equal(none.InputShape(), []int{1}) || none.Len() != 0 || none.Gather(nil, nil, nil) != nil {
		t.Error("no sequences must be an empty set")
	}
}

func TestSequencesReject(t *testing.T) {
	x := [][]float32{{1, 2, 3}, {4}}
	gather := func(s datasets.Sequences, size int, labels int, indices ...int) error {
		return s.Gather(indices, make([]float32, size), make([]int, labels))
	}
	good := datasets.Sequences{X: x, Labels: []int{1, 2}}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{gather(datasets.Sequences{X: x}, 3, 1, 0), "datasets: Sequences: Gather: one of Labels, StepLabels and StepTargets must be set, got 0 of them"},
		{gather(datasets.Sequences{X: x, Labels: []int{1, 2}, StepLabels: [][]int{}}, 3, 1, 0), "must be set, got 2 of them"},
		{gather(datasets.Sequences{X: x, Labels: []int{1}}, 3, 1, 0), "targets must be those of 2 sequences, got 1"},
		{gather(datasets.Sequences{X: x, Labels: []int{1, 2}, Time: 2}, 2, 1, 0), "sequence 0 must have at most 2 steps of 1 values, got 3 values"},
		{gather(datasets.Sequences{X: x, Labels: []int{1, 2}, Width: 2}, 4, 1, 1), "sequence 1 must have at most 1 steps of 2 values, got 1 values"},
		{gather(datasets.Sequences{X: x, StepLabels: [][]int{{1}, {2}}}, 3, 3, 0), "sequence 0 must have a label for each of 3 steps, got 1"},
		{gather(datasets.Sequences{X: x, StepTargets: [][]float32{{1}, {2}}, TargetWidth: 1}, 3, 0, 0), "sequence 0 must have 1 numbers to predict for each of 3 steps, got 1"},
		{gather(datasets.Sequences{X: x, StepTargets: [][]float32{{1}, {2}}}, 3, 0, 0), "TargetWidth be positive for StepTargets, got 0, 0 and 0"},
		{gather(datasets.Sequences{X: x, Labels: []int{1, 2}, Width: -1}, 3, 1, 0), "Width and Time must not be negative"},
		{gather(good, 3, 1, 2), "indices must be in [0, 2), got 2 at position 0"},
		{gather(good, 2, 1, 0), "x and y must have 3 values and 1 labels for 1 sequences, got 2 and 1"},
		{good.GatherFields([]int{0}, make([]float32, 3), nil), "datasets: Sequences: GatherFields: targets must have 0 values, got 3"},
		{good.GatherField([]int{0}, "mask", make([]float32, 2)), "datasets: Sequences: GatherField: mask must have 3 values for each of 1 sequences, got 2 in all"},
		{good.GatherField([]int{0}, "mask", make([]float64, 3)), `field must be "mask" of float32, got "mask" of []float64`},
		{good.GatherField([]int{0}, "masks", make([]float32, 3)), `field must be "mask" of float32, got "masks" of []float32`},
		{training.GatherField(&odd{}, []int{0}, "mask", nil), `training: GatherField: data must be a NamedDataset for the field "mask", got *datasets_test.odd`},
	} {
		t.Run(tt.want, func(t *testing.T) { testkit.Rejects(t, tt.err, tt.want) })
	}
}

// The steps of sequences are standardized by feature, as if there were no padding.
func TestFitSteps(t *testing.T) {
	x := [][]float32{{1, 10, 3, 30}, {}, {5, 50}}
	for name, s := range map[string]*datasets.Sequences{
		"labels":      {X: x, Width: 2, Time: 4, Labels: []int{1, 2, 3}},
		"step labels": {X: x, Width: 2, Time: 4, StepLabels: [][]int{{1, 2}, {}, {3}}},
		"numbers":     {X: x, Width: 2, Time: 4, StepTargets: [][]float32{{1, 2}, {}, {3}}, TargetWidth: 1},
	} {
		t.Run(name, func(t *testing.T) {
			by, err := datasets.FitSteps(s)
			if err != nil {
				t.Fatal(err)
			}
			deviation := float32(math.Sqrt(8.0 / 3))
			if want := slices.Repeat([]float32{3, 30}, 4); !slices.Equal(by.Mean, want) {
				t.Errorf("means are %v, want %v", by.Mean, want)
			}
			for i, v := range by.Std {
				if want := deviation * []float32{1, 10}[i%2]; math.Abs(float64(v-want)) > 1e-5 {
					t.Errorf("deviations are %v", by.Std)
				}
			}
			labels := 0
			switch {
			case s.Labels != nil:
				labels = 1
			case s.StepLabels != nil:
				labels = 4
			}
			got, _, _, _, mask := gathered(t, by.Apply(s), labels, 2)
			if math.Abs(float64(got[0]-2/deviation)) > 1e-6 || math.Abs(float64(got[1]-2/deviation)) > 1e-6 || !slices.Equal(mask, []float32{1, 0, 0, 0}) {
				t.Errorf("got %v, %v", got, mask)
			}
		})
	}
	for want, d := range map[string]training.Dataset{
		"datasets: FitSteps: must have at least one example, got none":                      nil,
		"datasets: FitSteps: examples must have shape (time, features), got (1)":            &datasets.Sequences{X: [][]float32{{1}}, Labels: []int{1}},
		"datasets: FitSteps: must have at least one step, got padding only":                 &datasets.Sequences{X: [][]float32{{}}, Width: 1, Labels: []int{1}},
		"datasets: FitSteps: example 0: values must be finite, got NaN":                     &datasets.Sequences{X: [][]float32{{float32(math.NaN())}}, Width: 1, Labels: []int{1}},
		"datasets: FitSteps: datasets: Sequences: Gather: one of Labels, StepLabels and St": &datasets.Sequences{X: [][]float32{{1}}, Width: 1},
	} {
		_, err := datasets.FitSteps(d)
		testkit.Rejects(t, err, want)
	}
}

// A further input is standardized by its name, others are as they were, and subsets
// keep columns of each type.
func TestFitInput(t *testing.T) {
	e := &training.Examples{Shape: []int{1}, X: []float32{1, 2, 3, 4}, Y: []int{0, 1, 0, 1}, Named: []training.Column{
		{Name: "age", Values: []float32{10, 20, 30, 40}}, {Name: "size", Shape: []int{2}, Values: []float64{1, 2, 3, 4, 5, 6, 7, 8}}, {Name: "region", Values: []int{3, 2, 1, 0}},
	}}
	by, err := datasets.FitInput(e, "age")
	if err != nil {
		t.Fatal(err)
	}
	d, err := datasets.Subset(by.ApplyTo(e, "age"), []int{3, 0})
	if err != nil {
		t.Fatal(err)
	}
	x, y, age, sizes, region := make([]float32, 2), make([]int, 2), make([]float32, 2), make([]float64, 4), make([]int, 2)
	for _, err := range []error{
		d.Gather([]int{0, 1}, x, y), training.GatherField(d, []int{0, 1}, "age", age),
		training.GatherField(d, []int{0, 1}, "size", sizes), training.GatherField(d, []int{0, 1}, "region", region),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	third := float32(15 / math.Sqrt(125))
	if !slices.Equal(x, []float32{4, 1}) || !slices.Equal(y, []int{1, 0}) || !slices.Equal(sizes, []float64{7, 8, 1, 2}) || !slices.Equal(region, []int{0, 3}) ||
		math.Abs(float64(age[0]-third)) > 1e-6 || math.Abs(float64(age[1]+third)) > 1e-6 {
		t.Errorf("got %v %v %v %v %v", x, y, age, sizes, region)
	}
	f := training.FieldsOf(d)
	if got, ok := f.Field("size"); !ok || got.Type != tensor.Float64 || !slices.Equal(got.Shape, []int{2}) || len(f.Named) != 3 {
		t.Error(f)
	}
	if want := "labels and age of float32 (), size of float64 (2), region of int ()"; f.String() != want {
		t.Errorf("got %q", f)
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{second(datasets.FitInput(e, "region")), `datasets: FitInput: data must have a field "region" of float32, got none`},
		{second(datasets.FitInput(nil, "age")), "datasets: FitInput: must have at least one example, got none"},
		{training.GatherField(d, []int{2}, "age", age[:1]), "datasets: Subset: GatherField: indices must be in [0, 2), got 2 at position 0"},
		{training.GatherField(d, []int{0}, "weight", age[:1]), `training: Examples: GatherField: name must be that of a column, got "weight"`},
		{training.GatherField(d, []int{0}, "region", age[:1]), `training: Examples: GatherField: column "region": must be gathered into a []int, got []float32`},
		{training.GatherField(d, []int{0}, "age", age), `column "age": must be gathered into 1 values for 1 examples, got 2`},
		{e.GatherField([]int{4}, "age", age[:1]), `column "age": index must be in [0, 4), got 4`},
		{(&training.Examples{Shape: []int{1}, X: []float32{1, 2}, Named: []training.Column{{Name: "age", Values: []float32{1}}}}).GatherField([]int{0}, "age", age[:1]),
			`column "age": must have 1 values for each of 2 examples, got 1`},
		{(&training.Examples{Shape: []int{1}, X: []float32{1, 2}, Named: []training.Column{{Name: "age", Values: "old"}}}).GatherField([]int{0}, "age", age[:1]),
			`column "age": values must be []float32, []float64 or []int, got string`},
	} {
		t.Run(fmt.Sprint(tt.want), func(t *testing.T) { testkit.Rejects(t, tt.err, tt.want) })
	}
}
