package datasets_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
)

func TestCSVUnnamedColumns(t *testing.T) {
	// Spreadsheets leave separators behind the last column.
	table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader("a,y,,\n1,p,, \n2,q,,\n"))
	if err != nil || !slices.Equal(table.Columns, []string{"a"}) {
		t.Errorf("empty columns: got %+v, %v", table, err)
	}
	// Other programs write the number of the row without a name for it.
	index := ",a,y\n0,5,p\n1,6,q\n"
	_, err = datasets.CSV{Label: "y"}.Read(strings.NewReader(index))
	if want := `datasets: CSV: Read: line 2, column "1": a column without a name must be empty or in Features or Ignore, by its number, got "0"`; err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
	for _, c := range []datasets.CSV{{Label: "y", Ignore: []string{"1"}}, {Label: "y", Features: []string{"a"}}} {
		if table, err := c.Read(strings.NewReader(index)); err != nil || !slices.Equal(table.X, []float32{5, 6}) {
			t.Errorf("%+v: got %+v, %v", c, table, err)
		}
	}
	if table, err := (datasets.CSV{Label: "y", Features: []string{"1", "a"}}).Read(strings.NewReader(index)); err != nil || !slices.Equal(table.X, []float32{0, 5, 1, 6}) {
		t.Errorf("got %+v, %v", table, err)
	}
	if _, err := (datasets.CSV{Label: "y"}).Read(strings.NewReader("2,,y\n1,1,p\n")); err == nil || !strings.Contains(err.Error(), `columns must have different names, got "2" for columns 1 and 2`) {
		t.Errorf("a column called 2: got %v", err)
	}
}

func TestCSVColumnsTwice(t *testing.T) {
	for _, c := range []datasets.CSV{
		{Label: "y", Features: []string{"a", "b", "a"}}, {Label: "y", Ignore: []string{"a", "a"}},
	} {
		if _, err := c.Read(strings.NewReader("a,b,y\n1,2,p\n")); err == nil || !strings.Contains(err.Error(), `: columns must differ, got "a" twice`) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestCSVNumbers(t *testing.T) {
	for _, value := range []string{"1_000", "0x10", "0X1p-2", "1_0.5", "infinity", "1e", "1,5", "١"} {
		_, err := datasets.CSV{Label: "y", Comma: ';'}.Read(strings.NewReader("x;y\n" + value + ";a\n"))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("must be a finite number, got %q", value)) {
			t.Errorf("%q: got %v", value, err)
		}
	}
	for value, want := range map[string]float32{"+1.5e+2": 150, ".5": 0.5, "5.": 5, "-0": 0, "007": 7, "1e-60": 0} {
		if table, err := (datasets.CSV{Label: "y"}).Read(strings.NewReader("x,y\n" + value + ",a\n")); err != nil || table.X[0] != want {
			t.Errorf("%q: got %v, %v", value, table, err)
		}
	}
}

// Whole numbers are in order whatever their size.
func TestCSVOrderOfClasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		extremes := []string{
			"0", "-1", "1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
			"18446744073709551616", "99999999999999999999999", "-99999999999999999999999", "10", "9", "-10", "-9",
		}
		some := rapid.SliceOfNDistinct(rapid.OneOf(rapid.SampledFrom(extremes), rapid.Map(rapid.Int64(), func(v int64) string {
			return strconv.FormatInt(v, 10)
		})), 1, 12, rapid.ID).Draw(t, "classes")
		text := "x,y\n"
		for _, class := range some {
			text += "1," + class + "\n"
		}
		table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		number := func(s string) *big.Int {
			v, ok := new(big.Int).SetString(s, 10)
			if !ok {
				t.Fatalf("%q", s)
			}
			return v
		}
		if !slices.IsSortedFunc(table.Classes, func(a, b string) int { return number(a).Cmp(number(b)) }) {
			t.Fatalf("got %v", table.Classes)
		}
		for i, class := range some {
			if table.Classes[table.Y[i]] != class {
				t.Fatalf("row %d became %q, want %q", i, table.Classes[table.Y[i]], class)
			}
		}
	})
	table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader("x,y\n1,007\n1,7\n1,+7\n1,-0\n1,0\n"))
	if want := []string{"-0", "0", "+7", "007", "7"}; err != nil || !slices.Equal(table.Classes, want) {
		t.Errorf("equal numbers: want %v, got %v, %v", want, table, err)
	}
}

// A quantity is not taken for classes, nor are names of the rows.
func TestCSVLabelThatIsNoClass(t *testing.T) {
	column := func(rows int, value func(i int) string) string {
		b := &strings.Builder{}
		fmt.Fprint(b, "x,y\n")
		for i := range rows {
			fmt.Fprintf(b, "1,%s\n", value(i))
		}
		return b.String()
	}
	strength := column(1030, func(i int) string { return fmt.Sprintf("%.2f", 2+80*math.Abs(math.Sin(float64(i%795)))) })
	for name, tt := range map[string]struct {
		text, want string
	}{
		"strength":                      {strength, "different numbers such as "},
		"whole numbers":                 {column(442, func(i int) string { return strconv.Itoa(i * i % 1000 * 7) }), "different numbers in 442 rows, as of a quantity: set ManyClasses if each is a class"},
		"a fraction among many":         {column(2100, func(i int) string { return strconv.FormatFloat(float64(i%21)/2, 'g', -1, 64) }), "got 21 different numbers such as "},
		"21 in 104 rows":                {column(104, func(i int) string { return strconv.Itoa(i % 21) }), "got 21 different numbers in 104 rows"},
		"21 in 105 rows":                {column(105, func(i int) string { return strconv.Itoa(i % 21) }), ""},
		"20 halves":                     {column(20, func(i int) string { return strconv.FormatFloat(float64(i)/2, 'g', -1, 64) }), ""},
		"names":                         {column(21, func(i int) string { return "n" + strconv.Itoa(i) }), "got another value in each of 21 rows, as of a name"},
		"names, one of them twice":      {column(22, func(i int) string { return "n" + strconv.Itoa(i%21) }), ""},
		"whole numbers written as 1.0":  {column(300, func(i int) string { return strconv.Itoa(i%30) + ".0" }), ""},
		"numbers beyond those of Go":    {column(30, func(i int) string { return "1e40" + strconv.Itoa(i) }), "got 30 different numbers in 30 rows"},
		"three rows with three numbers": {column(3, func(i int) string { return strconv.Itoa(i) + ".5" }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader(tt.text))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || table != nil ||
				!strings.HasPrefix(err.Error(), `datasets: CSV: Read: Label: column "y" must have classes, `) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
			insisted, err := datasets.CSV{Label: "y", ManyClasses: true}.Read(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (datasets.CSV{Label: "y", Classes: insisted.Classes}).Read(strings.NewReader(tt.text)); err != nil {
				t.Errorf("with Classes: %v", err)
			}
		})
	}
}
