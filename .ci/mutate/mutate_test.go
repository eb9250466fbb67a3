package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

const source = `package p

const limit = 3 - 1

func f(a, b int, m map[string]int, s string) float64 {
	for i := 0; i < a && b != limit; i++ {
		a += i - -b
		m[s]++
	}
	if s+s == "" || a%2 > 1 {
		return -1
	}
	var c [2 * 3]float64
	return c[1] * 2
}
`

// rewritten returns the mutants of the source, and the source with them.
func rewritten(t *testing.T, skip map[string]bool) (mutants []string, text string) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.Default()}
	if _, err := conf.Check("p", fset, []*ast.File{f}, info); err != nil {
		t.Fatal(err)
	}
	next := 1
	r := &rewriter{fset: fset, info: info, next: &next, skip: skip, name: "p.go"}
	ast.Inspect(f, r.visit)
	for _, m := range r.found {
		mutants = append(mutants, fmt.Sprintf("%d: %s to %s", m.line, m.from, m.to))
	}
	return mutants, string(r.apply([]byte(source)))
}

// Operators of numbers, comparisons and conditions are changed; strings are not, nor what
// must be constant, nor elements of maps.
func TestMutants(t *testing.T) {
	want := []string{
		"6: && to ||", "6: < to <=", "6: < to >=", "6: != to ==", "6: ++ to --",
		"7: += to -=", "7: - to +", "7: -x to +x",
		"10: || to &&", "10: == to !=", "10: > to >=", "10: > to <=", "10: % to *",
		"11: -x to +x", "14: * to /",
	}
	got, text := rewritten(t, nil)
	if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("mutants must be %q, got %q", want, got)
	}
	if strings.Count(text, "\n") != strings.Count(source, "\n") {
		t.Errorf("lines must stay where they are, got\n%s", text)
	}
	// With the helpers it is a program.
	fset := token.NewFileSet()
	var files []*ast.File
	for _, src := range []string{text, "package p\n\n" + helpers} {
		f, err := parser.ParseFile(fset, "", src, 0)
		if err != nil {
			t.Fatalf("%v in\n%s", err, src)
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := conf.Check("p", fset, files, nil); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
	if rest, _ := rewritten(t, map[string]bool{"p.go:6": true, "p.go:10": true}); len(rest) != len(want)-10 {
		t.Errorf("places that do not compile must be left out, got %q", rest)
	}
}

func TestSample(t *testing.T) {
	var all []mutant
	for i := range 50 {
		all = append(all, mutant{id: i + 1})
	}
	some := sample(all, 10, 1)
	if len(some) != 10 || !slices.Equal(some, sample(all, 10, 1)) || slices.Equal(some, sample(all, 10, 2)) {
		t.Errorf("a seed must give one sample of 10, another seed another one, got %v", some)
	}
	if !slices.IsSortedFunc(some, func(a, b mutant) int { return a.id - b.id }) {
		t.Errorf("a sample must be in order, got %v", some)
	}
	if len(sample(all, 0, 1)) != 50 || len(sample(all, 99, 1)) != 50 {
		t.Error("all must be taken for 0 and where there are no more")
	}
}

// The interval is that of Wilson's formula, which Agresti and Coull 1998 give for 0 of 10.
func TestCount(t *testing.T) {
	none := count{lived: 10}
	if low, high := none.interval(); fmt.Sprintf("%.1f %.1f", low, high) != "0.0 27.8" {
		t.Errorf("none of 10 must be 0.0 to 27.8 %%, got %v to %v", low, high)
	}
	c := count{killed: 50, timedOut: 1, lived: 8, uncovered: 1}
	if want := "50 killed, 1 timed out, 8 lived, 1 not covered, of 60: 85.0 % (95 % interval 74 to 92 %)"; c.String() != want {
		t.Errorf("want %q, got %q", want, c)
	}
	if c.whole = true; strings.Contains(c.String(), "interval") {
		t.Errorf("all mutants have no interval, got %q", c)
	}
}
