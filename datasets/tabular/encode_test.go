package tabular_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
)

func fit(t *testing.T, p *tabular.Plan, table *tabular.Table, rows ...int) *tabular.Encoder {
	t.Helper()
	e, err := tabular.Fit(p, table, rows)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func to(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func TestEncode(t *testing.T) {
	table := read(t, "n,colour,ok,y\n1.5,red,yes,1\n3.5,blue,no,2.5\n,red,yes,4\n5.5,green,,5.5\n9.5,BLUE,no,7\n1e3,?,yes,9\n")
	p := guess(t, table, tabular.Wishes{Targets: []string{"y"}, Task: tabular.Numbers})
	e := fit(t, p, table, 0, 1, 2, 3, 4)
	x, err := e.Encode(table, to(6))
	if err != nil {
		t.Fatal(err)
	}
	// Of 1.5, 3.5, 5.5, 9.5 the mean is 5, the median 4.5 and the deviation sqrt(8.75).
	d := math.Sqrt(8.75)
	yes, no := 1.0, -1.0 // 1 and 0 with mean and deviation 1/2
	want := [][]float64{
		{(1.5 - 5) / d, 0 /* blue */, 1 /* red */, 0 /* others */, yes, 0},
		{(3.5 - 5) / d, 1, 0, 0, no, 0},
		{(4.5 - 5) / d, 0, 1, 0, yes, 0}, // the median
		{(5.5 - 5) / d, 0, 0, 1, 0, 1},   // green is rare
		{(9.5 - 5) / d, 1, 0, 0, no, 0},
		{(1000 - 5) / d, 0, 0, 0, yes, 0}, // no value was missing to learn from
	}
	width := e.Inputs()
	if width != 7 {
		t.Fatalf("must have 7 inputs, got %d", width)
	}
	for i, row := range want {
		indicator := 0.0
		if i == 2 {
			indicator = 1
		}
		row = slices.Insert(slices.Clone(row), 1, indicator)
		// The median of the booleans 0, 0, 1, 1 is 1/2, which is their mean.
		for k, v := range row {
			if got := float64(x[i*width+k]); math.Abs(got-v) > 1e-6*max(1, math.Abs(v)) {
				t.Errorf("row %d, input %d must be %v, got %v", i, k, v, got)
			}
		}
	}
	ex, err := e.Examples(table, to(6))
	if err != nil {
		t.Fatal(err)
	}
	back := make([]float64, 6)
	for i, v := range ex.Targets {
		back[i] = float64(v)
	}
	if err := e.Restore(back); err != nil {
		t.Fatal(err)
	}
	for i, v := range []float64{1, 2.5, 4, 5.5, 7, 9} {
		if math.Abs(back[i]-v) > 1e-5 {
			t.Errorf("target %d must be restored to %v, got %v", i, v, back[i])
		}
	}
}

// TestNothingIsLearnedFromOtherRows changes rows that are not learned from in every way, and
// finds the encoder unchanged: a leak of statistics would show.
func TestNothingIsLearnedFromOtherRows(t *testing.T) {
	table := read(t, dirty())
	p := guess(t, table, tabular.Wishes{Targets: []string{"target"}})
	rapid.Check(t, func(t *rapid.T) {
		train := rapid.SliceOfNDistinct(rapid.IntRange(0, table.Len()-1), 5, 100, rapid.ID[int]).Draw(t, "train")
		slices.Sort(train)
		before, err := tabular.Fit(p, table, train)
		if err != nil {
			t.Fatal(err)
		}
		other := &tabular.Table{Names: table.Names}
		for _, values := range table.Values {
			changed := slices.Clone(values)
			for r := range changed {
				if _, in := slices.BinarySearch(train, r); !in {
					changed[r] = rapid.SampledFrom([]string{"", "1e30", "-7", "leak", "1999-01-01", "no"}).Draw(t, "value")
				}
			}
			other.Values = append(other.Values, changed)
		}
		after, err := tabular.Fit(p, other, train)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%+v", after.Features), fmt.Sprintf("%+v", before.Features); got != want {
			t.Fatalf("encoder must not depend on other rows: %s, got %s", want, got)
		}
	})
}

func TestInputsAreFinite(t *testing.T) {
	table := read(t, dirty())
	p := guess(t, table, tabular.Wishes{Targets: []string{"target"}})
	rapid.Check(t, func(t *rapid.T) {
		train := rapid.SliceOfNDistinct(rapid.IntRange(0, table.Len()-1), 1, 20, rapid.ID[int]).Draw(t, "train")
		e, err := tabular.Fit(p, table, train)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
		x, err := e.Encode(table, to(table.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if len(x) != e.Inputs()*table.Len() {
			t.Fatalf("must have %d inputs, got %d", e.Inputs()*table.Len(), len(x))
		}
		for i, v := range x {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("input %d must be finite, got %v", i, v)
			}
		}
	})
}

func TestFits(t *testing.T) {
	table := read(t, dirty())
	p := guess(t, table, tabular.Wishes{Targets: []string{"target"}})
	e := fit(t, p, table, to(table.Len())...)
	if notes, err := e.Fits(table); err != nil || len(notes) != 1 {
		t.Errorf("the table itself must fit with a note on one value, got %q and %v", notes, err)
	}
	rename := func(from, to string) *tabular.Table { return read(t, strings.Replace(dirty(), from, to, 1)) }
	if _, err := e.Fits(rename("Größe", "size")); err == nil || !strings.Contains(err.Error(), `must have the column ["Größe"]`) {
		t.Errorf("a column that is missing must be an error with its name, got %v", err)
	}
	if _, err := e.Fits(read(t, strings.ReplaceAll(dirty(), "20", "twenty"))); err == nil || !strings.Contains(err.Error(), `column "since" must have values of the kind date`) {
		t.Errorf("a column of another kind must be an error with its name, got %v", err)
	}
	notes, err := e.Fits(read(t, strings.Replace(dirty(), "green", "violet", 1)))
	if err != nil || len(notes) != 2 || !strings.Contains(notes[1], `Column "Farbe": 1 value is not among the levels to learn from, such as "violet" in row 6`) {
		t.Errorf("a new level must be noted, got %q and %v", notes, err)
	}
}

func TestBlocks(t *testing.T) {
	table := read(t, "id,x,c,y\n1,1.5,Red,a\n5,1.5,red,a\n7,1.5,red,b\n9,2.5,red,a\n")
	p := guess(t, table, tabular.Wishes{Targets: []string{"y"}, Uses: map[string]tabular.Use{"id": tabular.Out}})
	blocks, err := p.Blocks(table, to(4))
	if err != nil || !slices.Equal(blocks, []int{0, 0, 1, 2}) {
		t.Errorf("copies of a row must be a block, got %v and %v", blocks, err)
	}
	p = guess(t, table, tabular.Wishes{Targets: []string{"y"}, Group: "c"})
	if blocks, err = p.Blocks(table, to(4)); err != nil || !slices.Equal(blocks, []int{0, 0, 0, 0}) {
		t.Errorf("a group must be a block, got %v and %v", blocks, err)
	}
}

func TestRowsWithoutATarget(t *testing.T) {
	table := read(t, "x,y\n1.5,1.5\n2,\n3.5,NA\n4,9\n")
	p := guess(t, table, tabular.Wishes{Targets: []string{"y"}})
	rows, err := p.Rows(table)
	if err != nil || !slices.Equal(rows, []int{0, 3}) {
		t.Errorf("must be rows 0 and 3, got %v and %v", rows, err)
	}
	if note := column(t, p, "y").Note; !strings.Contains(note, "2 rows without one left out") {
		t.Errorf("note must say so, got %q", note)
	}
}

func TestSequence(t *testing.T) {
	table := read(t, "day,x,y\n02.01.2024,1.5,a\n01.01.2024,2,b\n05.02.2023,3,a\n")
	p := guess(t, table, tabular.Wishes{Targets: []string{"y"}, Order: "day"})
	at, err := p.Sequence(table, to(3))
	if err != nil || !(at[2] < at[1] && at[1] < at[0]) {
		t.Errorf("rows must be in order of time, got %v and %v", at, err)
	}
}

func FuzzTable(f *testing.F) {
	f.Add(dirty())
	f.Add("a;b\n1,5;2\n")
	f.Add("2,1,x\n1,0\n2,1\n")
	f.Add("\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := tabular.Read(strings.NewReader(text), tabular.Format{})
		if err != nil {
			return
		}
		for _, values := range table.Values {
			if len(values) != table.Len() {
				t.Fatalf("columns must be equally long, got %d and %d", len(values), table.Len())
			}
		}
		p, err := tabular.Guess(table, tabular.Wishes{Targets: table.Names[:1]})
		if err != nil {
			return
		}
		if err := p.Check(table); err != nil {
			t.Fatalf("a guess must be a plan: %v", err)
		}
		rows, err := p.Rows(table)
		if err != nil {
			return
		}
		e, err := tabular.Fit(p, table, rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Examples(table, rows); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzPlan(f *testing.F) {
	f.Add("task: numbers\ncolumns:\n  - {name: a, use: target}\n  - {name: b, use: number}\n")
	table := &tabular.Table{Names: []string{"a", "b"}, Values: [][]string{{"1", "2"}, {"3", "x"}}}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := tabular.ParsePlan("plan.yaml", []byte(text))
		if err != nil || p.Check(table) != nil {
			return
		}
		if rows, err := p.Rows(table); err == nil {
			if _, err := tabular.Fit(p, table, rows); err != nil {
				t.Fatal(err)
			}
		}
	})
}
