package tabular

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStrangersNumbersAndDates reads what spreadsheets write.
func TestStrangersNumbersAndDates(t *testing.T) {
	text := "sales;weight;mixed;when;short;y\n" +
		strings.Repeat("1,234;0,250;1,234;5/13/2021;1.2.21;1\n980;1,500;2,500;12/1/2021;13.2.21;2\n2,000,000;2,125;12;1/2/2021;2.3.22;3\n", 8)
	table, err := Read(strings.NewReader(text), Format{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Guess(table, Wishes{Targets: []string{"y"}, Task: Numbers})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Fit(p, table, []int{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		use    Use
		median float64
		note   string
	}{
		{Number, 1234, "numbers with commas between thousands"},
		{Number, 1.5, "numbers with a comma in place of the point"},
		{Number, 1234, "numbers with commas between thousands"},
		{Date, 0, "date, such as 5/13/2021"},
		{Date, 0, "date, such as 1.2.21"},
	} {
		f := e.Features[i]
		if f.Use != tt.use || f.Median != tt.median || f.Note != tt.note {
			t.Errorf("%s: must be %s with the median %v, %q, got %s, %v, %q", f.Name, tt.use, tt.median, tt.note, f.Use, f.Median, f.Note)
		}
	}
}

func TestThousands(t *testing.T) {
	for value, want := range map[string]bool{
		"1,234": true, "-1,234.5": true, "12,345,678": true, "1234": false, "0,234": false, "1,23": false, "1234,567": false, ",123": false, "1,234.5,6": false, "a,123": false, "": false,
	} {
		if got := thousands(value); got != want {
			t.Errorf("thousands(%q): must be %v, got %v", value, want, got)
		}
	}
}

func TestOtherFormats(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tt := range map[string]struct{ text, want string }{
		"a.parquet": {"PAR1\x15\x04\x15", "got a Parquet file: convert it, such as by duckdb"},
		"a.xlsx":    {"PK\x03\x04\x14\x00", "got a ZIP archive, as spreadsheets are: save it as CSV"},
	} {
		if _, err := Open(write(name, tt.text), Format{}); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: must say %q in a line, got %v", name, tt.want, err)
		}
	}
	table, err := Open(write("latin.csv", "Gr\xf6\xdfe;Preis\n1;2\n3;4\n"), Format{})
	if err != nil {
		t.Fatal(err)
	}
	if table.Names[0] != "Größe" || len(table.Notes) != 1 || !strings.Contains(table.Notes[0], "Windows-1252") {
		t.Errorf("Latin 1 must be read with a note, got %q and %q", table.Names, table.Notes)
	}
}
