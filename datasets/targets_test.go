package datasets_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training"
)

const beams = `load,a,length,b,site
1,10,2,-1,x
3,20,4,-2,y
5,60,6,-9,x
`

func TestCSVOfNumbers(t *testing.T) {
	table, err := datasets.CSV{Targets: []string{"b", "a"}, Group: "site"}.Read(strings.NewReader(beams))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table.Columns, []string{"load", "length"}) || !slices.Equal(table.X, []float32{1, 2, 3, 4, 5, 6}) ||
		!slices.Equal(table.Targeted, []string{"b", "a"}) || !slices.Equal(table.TargetShape, []int{2}) ||
		!slices.Equal(table.Targets, []float32{-1, 10, -2, 20, -9, 60}) || table.Y != nil || table.Classes != nil || !slices.Equal(table.Groups, []int{0, 1, 0}) {
		t.Errorf("got %+v", table)
	}
	for want, c := range map[string]datasets.CSV{
		`Label: must be one of the columns`:                              {},
		`Targets: must have a column, got none`:                          {Targets: []string{}},
		`Targets: must be one of the columns`:                            {Targets: []string{"c"}},
		`Targets: columns must differ, got "a" twice`:                    {Targets: []string{"a", "a"}},
		`Features: must not have the target "a"`:                         {Targets: []string{"a"}, Features: []string{"load", "a"}},
		`must have numbers to predict or classes, got ["a"] and a Label`: {Targets: []string{"a"}, Label: "b"},
		`line 2, column "site": must be a finite number, got "x"`:        {Targets: []string{"site"}},
		`must have at least one feature among the columns`:               {Targets: []string{"load", "a", "length", "b", "site"}},
	} {
		_, err := c.Read(strings.NewReader(beams))
		testkit.Rejects(t, err, want)
	}
	_, err = datasets.CSV{Targets: []string{"a"}}.Read(strings.NewReader("a,b\n"))
	testkit.Rejects(t, err, "must have at least one row, got none")
	_, err = datasets.CSV{Targets: []string{"a"}}.Read(strings.NewReader("a,b\n1,2\n-,2\n"))
	testkit.Rejects(t, err, `line 3, column "a": value is missing`)
}

// Numbers and weights pass through subsets and standardization, and come back in their
// own units.
func TestTargetsPassThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(2, 9).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "k")
		number := rapid.Float32Range(-1e3, 1e3)
		e := &training.Examples{Shape: []int{2}, X: rapid.SliceOfN(number, 2*n, 2*n).Draw(t, "x"), TargetShape: []int{k},
			Targets: rapid.SliceOfN(number, n*k, n*k).Draw(t, "targets"), Weights: rapid.SliceOfN(rapid.Float32Range(0, 9), n, n).Draw(t, "weights")}
		of := rapid.SliceOfN(rapid.IntRange(0, n-1), 1, 5).Draw(t, "of")
		inputs, err := datasets.FitStandardization(e)
		if err != nil {
			t.Fatal(err)
		}
		scale, err := datasets.FitTargets(e)
		if err != nil {
			t.Fatal(err)
		}
		part, err := datasets.Subset(scale.Apply(inputs.Apply(e)), of)
		if err != nil {
			t.Fatal(err)
		}
		if f := training.FieldsOf(part); !slices.Equal(f.Target, []int{k}) || f.Weights != 1 {
			t.Fatalf("got %+v", f)
		}
		targets, weights := make([]float32, len(of)*k), make([]float32, len(of))
		all := make([]int, len(of))
		for i := range all {
			all[i] = i
		}
		if err := training.GatherFields(part, all, targets, weights); err != nil {
			t.Fatal(err)
		}
		if err := part.Gather(all, make([]float32, 2*len(of)), nil); err != nil {
			t.Fatal(err)
		}
		back := make([]float64, len(targets))
		for i, v := range targets {
			back[i] = float64(v)
		}
		if err := scale.Restore(back); err != nil {
			t.Fatal(err)
		}
		for i, from := range of {
			if weights[i] != e.Weights[from] {
				t.Fatalf("weight of %d is %v", from, weights[i])
			}
			for j := range k {
				if want := float64(e.Targets[from*k+j]); math.Abs(back[i*k+j]-want) > 1e-5*(math.Abs(want)+math.Abs(float64(scale.Mean()[j]))+float64(scale.Std()[j])) {
					t.Fatalf("target %d of %d is %v, want %v", j, from, back[i*k+j], want)
				}
			}
		}
	})
}

func TestFitTargets(t *testing.T) {
	e := &training.Examples{Shape: []int{1}, X: make([]float32, 4), TargetShape: []int{2}, Targets: []float32{1, 5, 3, 5, 1, 5, 3, 5}}
	scale, err := datasets.FitTargets(e)
	if err != nil || !slices.Equal(scale.Mean(), []float32{2, 5}) || !slices.Equal(scale.Std(), []float32{1, 1}) {
		t.Errorf("got %+v, %v", scale, err)
	}
	if scale.Apply(nil) != nil {
		t.Error("nothing must stay nothing")
	}
	testkit.Rejects(t, scale.Restore(make([]float64, 3)), "must have 2 values for each example, got 3")
	testkit.Rejects(t, new(datasets.TargetStandardization).Restore(nil), "must have 0 values for each example, got 0")
	_, err = datasets.FitTargets(nil)
	testkit.Rejects(t, err, "must have at least one example, got none")
	_, err = datasets.FitTargets(&training.Examples{Shape: []int{1}, X: make([]float32, 2), Y: make([]int, 2)})
	testkit.Rejects(t, err, "data must have numbers to predict, got labels")
	e.Targets[3] = float32(math.NaN())
	_, err = datasets.FitTargets(e)
	testkit.Rejects(t, err, "example 1: values must be finite, got NaN")
	err = scale.Apply(e).(training.FieldDataset).GatherFields([]int{1}, make([]float32, 2), nil)
	testkit.Rejects(t, err, "example 1: value 1 must become finite")
}
