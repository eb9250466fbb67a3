package datasets_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/training"
)

var _ training.Dataset = (*datasets.Table)(nil)

const flowers = `id, length ,width,species,plot
1,5.1,3.5,setosa,north
2, 7 ,3.2,"versicolor
maxima",south
3,6.3,-2.5e-1,setosa,south
`

func TestCSV(t *testing.T) {
	c := datasets.CSV{Label: "species", Group: "plot", Ignore: []string{"id"}}
	for name, text := range map[string]string{
		"plain": flowers, "with a mark": "\ufeff" + flowers, "CRLF": strings.ReplaceAll(flowers, "\n", "\r\n"),
	} {
		table, err := c.Read(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(table.Columns, []string{"length", "width"}) || !slices.Equal(table.Shape, []int{2}) ||
			!slices.Equal(table.X, []float32{5.1, 3.5, 7, 3.2, 6.3, -0.25}) || !slices.Equal(table.Y, []int{0, 1, 0}) ||
			!slices.Equal(table.Classes, []string{"setosa", "versicolor\nmaxima"}) ||
			!slices.Equal(table.Groups, []int{0, 1, 1}) || !slices.Equal(table.GroupNames, []string{"north", "south"}) {
			t.Errorf("%s: got %+v", name, table)
		}
	}
	c.Features, c.Classes = []string{"width", "id"}, []string{"none", "setosa", "versicolor\nmaxima"}
	table, err := c.Read(strings.NewReader(flowers))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table.X, []float32{3.5, 1, 3.2, 2, -0.25, 3}) || !slices.Equal(table.Y, []int{1, 2, 1}) || len(table.Classes) != 3 {
		t.Errorf("chosen columns and classes: got %+v", table)
	}
}

func TestCSVWithoutHeader(t *testing.T) {
	table, err := datasets.CSV{Label: "2", NoHeader: true, Comma: '\t'}.Read(strings.NewReader("1\t10\n2\t9\n3\t10\n"))
	if err != nil {
		t.Fatal(err)
	}
	// Classes are in the order of their numbers.
	if !slices.Equal(table.Columns, []string{"1"}) || !slices.Equal(table.Classes, []string{"9", "10"}) || !slices.Equal(table.Y, []int{1, 0, 1}) {
		t.Errorf("got %+v", table)
	}
}

func TestCSVRejects(t *testing.T) {
	for _, tt := range []struct {
		c          datasets.CSV
		text, want string
	}{
		{datasets.CSV{Label: "y"}, "", "must be a table, got an empty file"},
		{datasets.CSV{Label: "y"}, "x,y\n", "must have at least one row, got none"},
		{datasets.CSV{}, "x,y\n1,a\n", `Label: must be one of the columns ["x" "y"], got ""`},
		{datasets.CSV{Label: "z"}, "x,y\n1,a\n", `Label: must be one of the columns ["x" "y"], got "z"`},
		{datasets.CSV{Label: "y", Group: "z"}, "x,y\n1,a\n", `Group: must be one of the columns ["x" "y"], got "z"`},
		{datasets.CSV{Label: "y", Ignore: []string{"z"}}, "x,y\n1,a\n", `Ignore: must be one of the columns ["x" "y"], got "z"`},
		{datasets.CSV{Label: "y", Features: []string{"z"}}, "x,y\n1,a\n", `Features: must be one of the columns ["x" "y"], got "z"`},
		{datasets.CSV{Label: "y", Features: []string{"y"}}, "x,y\n1,a\n", `Features: must not have the label "y"`},
		{datasets.CSV{Label: "y", Ignore: []string{"x"}}, "x,y\n1,a\n", `must have at least one feature among the columns ["x" "y"], got none`},
		{datasets.CSV{Label: "y", Classes: []string{"a", "a"}}, "x,y\n1,a\n", `Classes must differ, got "a" for 0 and 1`},
		{datasets.CSV{Label: "y"}, "x,x,y\n1,2,a\n", `columns must have different names, got "x" for columns 1 and 2`},
		{datasets.CSV{Label: "y"}, "x,y\n1,a\n,b\n", `line 3, column "x": value is missing: must be a number, got ""`},
		{datasets.CSV{Label: "y"}, "x,y\n1,\"a\nb\"\n?,b\n", `line 4, column "x": value is missing: must be a number, got "?"`},
		{datasets.CSV{Label: "y"}, "x,y\nnan,a\n", `line 2, column "x": value is missing: must be a number, got "nan"`},
		{datasets.CSV{Label: "y"}, "x,y\n1,a\n2, NA \n", `line 3, column "y": value is missing: must be a name, got "NA"`},
		{datasets.CSV{Label: "y", Group: "g"}, "x,y,g\n1,a,\n", `line 2, column "g": value is missing: must be a name, got ""`},
		{datasets.CSV{Label: "y"}, "x,y\n1.2.3,a\n", `line 2, column "x": must be a finite number, got "1.2.3"`},
		{datasets.CSV{Label: "y"}, "x,y\n-inf,a\n", `line 2, column "x": must be a finite number, got "-inf"`},
		{datasets.CSV{Label: "y"}, "x,y\n1e39,a\n", `line 2, column "x": must be a finite number, got "1e39"`},
		{datasets.CSV{Label: "y", Classes: []string{"a", "b"}}, "x,y\n1,a\n2,c\n", `line 3, column "y": must be one of ["a" "b"], got "c"`},
		{datasets.CSV{Label: "y"}, "x,y\n1,a\n2\n", "record on line 3: wrong number of fields"},
		{datasets.CSV{Label: "y"}, "x,y\n1,a\"b\n", `parse error on line 2, column 4: bare "`},
		{datasets.CSV{Label: "y", Comma: '"'}, "x,y\n1,a\n", "invalid field or comment delimiter"},
		{datasets.CSV{Label: "2", NoHeader: true}, "x,a\n", `line 1, column "1": must be a finite number, got "x"`},
		{datasets.CSV{Label: "2", NoHeader: true, Comma: '\t'}, "1\ta\n\tb\n", `line 2, column "1": value is missing: must be a number, got ""`},
	} {
		table, err := tt.c.Read(strings.NewReader(tt.text))
		if err == nil || !strings.HasPrefix(err.Error(), "datasets: CSV: Read: ") || !strings.Contains(err.Error(), tt.want) || table != nil {
			t.Errorf("%+v of %q: want error %q, got %v, %v", tt.c, tt.text, tt.want, table, err)
		}
	}
}

func TestCSVOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.csv")
	c := datasets.CSV{Label: "y"}
	if _, err := c.Open(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want os.ErrNotExist, got %v", err)
	}
	if _, err := c.Open(os.DevNull); err == nil || !strings.Contains(err.Error(), "must be a regular file, got a device") {
		t.Errorf("a device: got %v", err)
	}
	if err := os.WriteFile(path, []byte("x,y\n?,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Open(path); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q: line 2", path)) {
		t.Errorf("want an error that names the file and the line, got %v", err)
	}
	if err := os.WriteFile(path, []byte("x,y\n3,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if table, err := c.Open(path); err != nil || table.Len() != 1 {
		t.Errorf("got %v, %v", table, err)
	}
}

// What is written is read: numbers to the last bit, classes whatever is in them.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z ",\n]{0,5}x`), 1, 5, func(s string) string { return strings.TrimSpace(s) }).Draw(t, "names")
		rows := rapid.IntRange(1, 20).Draw(t, "rows")
		var x []float32
		var y []string
		b := &strings.Builder{}
		quoted := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		fmt.Fprint(b, "a,b,y\n")
		for range rows {
			v, w := rapid.Float32().Draw(t, "v"), rapid.Float32().Draw(t, "w")
			class := rapid.SampledFrom(names).Draw(t, "class")
			x, y = append(x, v, w), append(y, strings.TrimSpace(class))
			fmt.Fprintf(b, "%v,%v,%s\n", v, w, quoted(class))
		}
		table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(table.X, x) || !slices.IsSorted(table.Classes) {
			t.Fatalf("got %+v, want %v", table, x)
		}
		for i, class := range table.Y {
			if table.Classes[class] != y[i] {
				t.Fatalf("row %d: got class %q, want %q", i, table.Classes[class], y[i])
			}
		}
	})
}

// Whatever the bytes, Read returns an error or a whole table of finite numbers.
func FuzzCSV(f *testing.F) {
	f.Add([]byte(flowers), "species", "plot", ',', false)
	f.Add([]byte("1\t10\n2\t9\n"), "2", "", '\t', true)
	f.Add([]byte("\ufeffx;y\n1;?\n"), "y", "", ';', false)
	f.Add([]byte("x,y\n\"1\n"), "y", "", ',', false)
	f.Add([]byte("x,y\n0x1p-2,1\n1_0,\xff\n"), "y", "x", ',', false)
	f.Add([]byte("a,\n1,2"), "", "", ',', false)
	f.Fuzz(func(t *testing.T, text []byte, label, group string, comma rune, noHeader bool) {
		numbers, err := datasets.CSV{Targets: []string{label}, Group: group, Comma: comma, NoHeader: noHeader}.Read(strings.NewReader(string(text)))
		if err == nil && (numbers.Len() < 1 || len(numbers.Targets) != numbers.Len() || numbers.Y != nil || math.IsNaN(float64(numbers.Targets[0]))) {
			t.Fatalf("table of numbers does not fit together: %+v", numbers)
		}
		table, err := datasets.CSV{Label: label, Group: group, Comma: comma, NoHeader: noHeader}.Read(strings.NewReader(string(text)))
		if err != nil {
			if table != nil {
				t.Fatalf("a table beside the error %v", err)
			}
			return
		}
		n := table.Len()
		if n < 1 || len(table.Y) != n || len(table.X) != n*len(table.Columns) || !slices.Equal(table.Shape, []int{len(table.Columns)}) {
			t.Fatalf("table does not fit together: %+v", table)
		}
		if (group == "") != (table.Groups == nil) || group != "" && len(table.Groups) != n {
			t.Fatalf("groups of %q do not fit: %+v", group, table)
		}
		for _, x := range table.X {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("X has %v", x)
			}
		}
		used := make([]bool, len(table.Classes))
		for _, y := range table.Y {
			used[y] = true
		}
		if slices.Contains(used, false) {
			t.Fatalf("a class that does not occur: %+v", table)
		}
		for _, g := range table.Groups {
			if table.GroupNames[g] == "" {
				t.Fatalf("a group without a name: %+v", table)
			}
		}
	})
}
