package tabular_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
)

func read(t *testing.T, text string) *tabular.Table {
	t.Helper()
	table, err := tabular.Read(strings.NewReader(text), tabular.Format{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func guess(t *testing.T, table *tabular.Table, w tabular.Wishes) *tabular.Plan {
	t.Helper()
	p, err := tabular.Guess(table, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// uses returns what columns are used for, by their names.
func uses(p *tabular.Plan) map[string]tabular.Use {
	all := make(map[string]tabular.Use)
	for _, c := range p.Columns {
		all[c.Name] = c.Use
	}
	return all
}

func column(t *testing.T, p *tabular.Plan, name string) tabular.Column {
	t.Helper()
	for _, c := range p.Columns {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("plan must have a column %q", name)
	return tabular.Column{}
}

func TestReadFindsTheForm(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte("a,b\n1,x\n2,y\n"))
	z.Close()
	for _, tt := range []struct {
		name, text string
		names      []string
		first      []string // row
		rows       int
	}{
		{"commas", "a,b\n1,x\n2,y\n", []string{"a", "b"}, []string{"1", "x"}, 2},
		{"byte order mark, CRLF", "\ufeffa,b\r\n1,x\r\n2,y\r\n", []string{"a", "b"}, []string{"1", "x"}, 2},
		{"semicolons and decimal commas", "a;b\n1,5;2,5\n1,5;3,5\n", []string{"a", "b"}, []string{"1,5", "2,5"}, 2},
		{"tabs", "a\tb\n1\t\n\t2\n", []string{"a", "b"}, []string{"1", ""}, 2},
		{"bars", "a|b\n1|2\n", []string{"a", "b"}, []string{"1", "2"}, 1},
		{"quoted commas and lines", "a,b\n\"1, 2\",\"x\ny\"\n", []string{"a", "b"}, []string{"1, 2", "x\ny"}, 1},
		{"no header", "1,2\n3,4\n", []string{"1", "2"}, []string{"1", "2"}, 2},
		{"no header, names", "5.1,x\n4.9,x\n4.7,y\n", []string{"1", "2"}, []string{"5.1", "x"}, 3},
		{"only names", "kind,colour\ncat,red\ndog,red\ncat,blue\n", []string{"kind", "colour"}, []string{"cat", "red"}, 3},
		{"years as names", "country,2019,2020\nA,5.5,6\nB,7.1,8\n", []string{"1", "2", "3"}, []string{"country", "2019", "2020"}, 3},
		{"scikit-learn", "2,2,no,yes\n1.5,2,0\n2.5,3,1\n", []string{"1", "2", "3"}, []string{"1.5", "2", "0"}, 2},
		{"names twice and missing", "a,a,,b\n1,2,3,x\n", []string{"a", "a (2)", "column 3", "b"}, []string{"1", "2", "3", "x"}, 1},
		{"composed letters", "cafe\u0301,b\n1,x\n", []string{"café", "b"}, []string{"1", "x"}, 1},
		{"gzip", zipped.String(), []string{"a", "b"}, []string{"1", "x"}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := read(t, tt.text)
			if !slices.Equal(table.Names, tt.names) {
				t.Errorf("names must be %q, got %q", tt.names, table.Names)
			}
			if table.Len() != tt.rows {
				t.Errorf("must have %d rows, got %d", tt.rows, table.Len())
			}
			var first []string
			for _, c := range table.Values {
				first = append(first, c[0])
			}
			if !slices.Equal(first, tt.first) {
				t.Errorf("first row must be %q, got %q", tt.first, first)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "must be a table, got an empty file"},
		{"a header alone", "a,b\n", "must have at least one row, got none"},
		{"a short line", "a,b\n1,2\n3\n", "line 3: must have 2 values as the lines before it, got 1"},
		{"a short second line", "a,b\n1\n", "line 2: must have 2 values as the lines before it, got 1"},
		{"no UTF-8", "a,b\n1,\xff\n", "text must be UTF-8"},
		{"NUL", "a,b\n1,\x00\n", "NUL"},
		{"open quotes", "a,b\n1,\"x\n", "quot"},
		{"damaged gzip", "\x1f\x8b\x00", "gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tabular.Read(strings.NewReader(tt.text), tabular.Format{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error must have %q, got %v", tt.want, err)
			}
		})
	}
}

// dirty has all that people do to tables.
func dirty() string {
	var b strings.Builder
	b.WriteString("\ufeffkunde_id,Größe,Farbe,since,active,note,constant,city,copy,empty,rooms,target\r\n")
	colours := []string{"Red", "red", "RED ", "blue", "Blue", "green"}
	for i := range 120 {
		size := fmt.Sprint(20 + i*37%91)
		if i%10 == 3 {
			size = "NA"
		}
		if i == 55 {
			size = "unknown"
		}
		yes := []string{"yes", "no"}[i%2]
		if i%17 == 0 {
			yes = "?"
		}
		city := fmt.Sprintf("city %d", i%20)
		fmt.Fprintf(&b, "K%05d,%s,%s,%d-%02d-%02d,%s,\"a long, rambling note about customer %d, with commas, that nobody reads\",7,\"%s\",%s,,%d,%s\r\n",
			i, size, colours[i%len(colours)], 2019+i%3, 1+i%12, 1+i%28, yes, i, city, []string{"x", "y"}[i/60], i%5, []string{"x", "y"}[i/60])
	}
	return b.String()
}

func TestGuessOfADirtyTable(t *testing.T) {
	table := read(t, dirty())
	p := guess(t, table, tabular.Wishes{Targets: []string{"target"}})
	want := map[string]tabular.Use{
		"kunde_id": tabular.Out, "Größe": tabular.Number, "Farbe": tabular.Category, "since": tabular.Date, "active": tabular.Boolean,
		"note": tabular.Out, "constant": tabular.Out, "city": tabular.Embedding, "copy": tabular.Out, "empty": tabular.Out, "rooms": tabular.Number, "target": tabular.Target,
	}
	got := uses(p)
	for name, use := range want {
		if got[name] != use {
			t.Errorf("column %s must be used as %s, got %s (%s)", name, use, got[name], column(t, p, name).Note)
		}
	}
	for name, note := range map[string]string{
		"kunde_id": "id-like", "constant": "constant: 7", "note": "free text", "empty": "has no values", "copy": "the same as the target",
		"Farbe": "3 levels; 3 further spellings", "since": "such as 2019-01-01", "Größe": "1 value is no number and taken as missing, such as unknown", "city": "20 levels",
	} {
		if c := column(t, p, name); !strings.Contains(c.Note, note) {
			t.Errorf("note of %s must have %q, got %q", name, note, c.Note)
		}
	}
	if c := column(t, p, "Größe"); c.Missing != 13 {
		t.Errorf("Größe must have 13 values missing, got %d", c.Missing)
	}
	if p.Task != tabular.Classes || !slices.Equal(p.ClassNames, []string{"x", "y"}) {
		t.Errorf("task must be classes x and y, got %s %q", p.Task, p.ClassNames)
	}
}

func TestGuessedTasks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		values  []string
		task    tabular.Task
		classes []string
	}{
		{"names", []string{"b", "a", "b"}, tabular.Classes, []string{"a", "b"}},
		{"two numbers", []string{"0", "1", "1"}, tabular.Classes, []string{"0", "1"}},
		{"classes by number", []string{"10", "2", "1", "3", "4", "5", "6", "7", "8", "9"}, tabular.Classes, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}},
		{"grades from 3", []string{"3", "4", "5", "6"}, tabular.Numbers, nil},
		{"fractions", []string{"0.5", "1", "2"}, tabular.Numbers, nil},
		{"a gap", []string{"0", "1", "3"}, tabular.Numbers, nil},
		{"decimal commas", []string{"0,5", "1,25", "2,5"}, tabular.Numbers, nil},
		{"spellings that mean something", []string{"hid", "hId", "had"}, tabular.Classes, []string{"hId", "had", "hid"}},
		{"a rare spelling", append(slices.Repeat([]string{"cat"}, 30), "Cat", "dog"), tabular.Classes, []string{"cat", "dog"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := &tabular.Table{Names: []string{"x", "y"}, Values: [][]string{nil, tt.values}}
			for i := range tt.values {
				table.Values[0] = append(table.Values[0], fmt.Sprintf("%d.5", i*i))
			}
			p := guess(t, table, tabular.Wishes{Targets: []string{"y"}})
			if p.Task != tt.task || !slices.Equal(p.ClassNames, tt.classes) {
				t.Errorf("must be %s %q, got %s %q", tt.task, tt.classes, p.Task, p.ClassNames)
			}
		})
	}
}

func TestSeveralTargets(t *testing.T) {
	table := read(t, "x,a,b,c\n1.5,yes,no,1.5\n2.5,no,no,2\n0.5,yes,yes,3\n")
	if p := guess(t, table, tabular.Wishes{Targets: []string{"a", "b"}}); p.Task != tabular.Labels {
		t.Errorf("yes and no must be labels, got %s", p.Task)
	}
	if p := guess(t, table, tabular.Wishes{Targets: []string{"c", "x"}, Uses: map[string]tabular.Use{"a": tabular.Category}}); p.Task != tabular.Numbers || column(t, p, "a").Use != tabular.Category {
		t.Errorf("must be numbers and a category as told, got %s and %s", p.Task, column(t, p, "a").Use)
	}
}

func TestGuessRefuses(t *testing.T) {
	table := read(t, "price,colour,n\n1.5,red,1\n2.5,blue,2\n3,red,7\n")
	for _, tt := range []struct {
		name string
		w    tabular.Wishes
		want string
	}{
		{"no target", tabular.Wishes{}, "must have a target"},
		{"a target that is not there", tabular.Wishes{Targets: []string{"prize"}}, `did you mean "price"?`},
		{"two uses", tabular.Wishes{Targets: []string{"price"}, Group: "price"}, "must have one use, got target and group"},
		{"numbers of names", tabular.Wishes{Targets: []string{"price"}, Uses: map[string]tabular.Use{"colour": tabular.Number}}, "must have numbers"},
		{"a use that is none", tabular.Wishes{Targets: []string{"price"}, Uses: map[string]tabular.Use{"n": "nonsense"}}, "use must be one of"},
		{"names as numbers", tabular.Wishes{Targets: []string{"colour"}, Task: tabular.Numbers}, "must have numbers"},
		{"nothing left", tabular.Wishes{Targets: []string{"price"}, Uses: map[string]tabular.Use{"n": tabular.Out, "colour": tabular.Out}}, "a column must be left"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tabular.Guess(table, tt.w)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error must have %q, got %v", tt.want, err)
			}
		})
	}
	if p := guess(t, table, tabular.Wishes{Targets: []string{"PRICE"}}); p.Targets()[0] != "price" {
		t.Errorf("case must not matter where it is clear, got %q", p.Targets())
	}
}

func TestPlanIsKept(t *testing.T) {
	table := read(t, dirty())
	p := guess(t, table, tabular.Wishes{Targets: []string{"target"}, Group: "city"})
	b, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	q, err := tabular.ParsePlan("plan.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", *q), fmt.Sprintf("%+v", *p); got != want {
		t.Errorf("plan must be read as written:\n%s\ngot\n%s", want, got)
	}
	if err := q.Check(table); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		change func(*tabular.Plan)
		want   string
	}{
		{func(p *tabular.Plan) { p.Columns[0].Use = "nonsense" }, "use must be one of"},
		{func(p *tabular.Plan) { p.Columns[0].Name = "nothing" }, "must be in the table"},
		{func(p *tabular.Plan) { p.Columns[1] = p.Columns[0] }, "twice"},
		{func(p *tabular.Plan) { p.Task = "guess" }, "task must be"},
		{func(p *tabular.Plan) { p.Columns[3].Layout = "" }, "must have a layout"},
		{func(p *tabular.Plan) { p.ClassNames = nil }, "at least 2 classes"},
		{func(p *tabular.Plan) { p.Columns[0].Use = tabular.Target }, "one target column"},
		{func(p *tabular.Plan) { p.Columns[0].Use = tabular.Group }, "at most one column"},
	} {
		q, err := tabular.ParsePlan("plan.yaml", b)
		if err != nil {
			t.Fatal(err)
		}
		tt.change(q)
		if err := q.Check(table); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error must have %q, got %v", tt.want, err)
		}
	}
	if _, err := tabular.ParsePlan("plan.yaml", []byte("tusk: classes\n")); err == nil || !strings.Contains(err.Error(), "task") {
		t.Errorf("an unknown key must be an error with the nearest, got %v", err)
	}
}
