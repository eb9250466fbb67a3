package notebook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var (
	update  = flag.Bool("update", false, "write the notebooks")
	compile = flag.Bool("compile", false, "build the cells too")
)

// programs returns the programs with notebooks: all examples with cells.
func programs(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*", "*/*"} {
		found, err := filepath.Glob("../../examples/" + pattern + "/main.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(src, []byte("// %%")) {
				all = append(all, path)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("there must be programs")
	}
	return all
}

func notebookOf(program string) string {
	dir := filepath.Dir(program)
	return filepath.Join(dir, filepath.Base(dir)+".ipynb")
}

// TestNotebooksAreInStep compares the notebooks with their programs.
func TestNotebooksAreInStep(t *testing.T) {
	for _, path := range programs(t) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Convert(path, src)
		if err != nil {
			t.Error(err)
			continue
		}
		file := notebookOf(path)
		if *update {
			if err := os.WriteFile(file, want, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s must be that of %s (%v): go test ./internal/notebook -update", file, path, err)
		}
	}
}

// TestNotebooksCompile builds the cells as the program that GoNB makes of them, in the
// notebooks' module, from which what is internal cannot be imported either.
func TestNotebooksCompile(t *testing.T) {
	if !*compile {
		t.Skip("cells are built with -compile, as .ci/run does")
	}
	module, err := filepath.Abs("../../examples/notebooks")
	if err != nil {
		t.Fatal(err)
	}
	dir, overlay := t.TempDir(), map[string]string{}
	// The examples import more than the programs of that module.
	copied(t, filepath.Join(dir, "go.mod"), "../../examples/notebooks/go.mod")
	copied(t, filepath.Join(dir, "go.sum"), "../../examples/notebooks/go.sum", "../../go.sum")
	list := filepath.Join(dir, "overlay.json")
	args := []string{"build", "-mod=mod", "-modfile", filepath.Join(dir, "go.mod"), "-overlay", list}
	for _, path := range programs(t) {
		data, err := os.ReadFile(notebookOf(path))
		if err != nil {
			t.Fatal(err)
		}
		var n struct {
			Cells []struct {
				Type   string `json:"cell_type"`
				Source []string
			}
		}
		if err := json.Unmarshal(data, &n); err != nil {
			t.Fatal(err)
		}
		program := "package main\n"
		for _, c := range n.Cells {
			code := strings.Join(c.Source, "")
			if body, ok := strings.CutPrefix(code, "%%\n"); ok {
				code = "func main() {\n" + body + "\n}"
			}
			if c.Type == "code" {
				program += "\n" + code + "\n"
			}
		}
		name := "cells_" + filepath.Base(filepath.Dir(path))
		file := filepath.Join(dir, name+".go")
		if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(module, name, "main.go")] = file
		args = append(args, "./"+name)
	}
	replace, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, replace, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// copied writes files one after the other to another.
func copied(t *testing.T, to string, files ...string) {
	t.Helper()
	var all []byte
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	if err := os.WriteFile(to, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestConvert(t *testing.T) {
	src := "// Title of\n// two lines.\npackage main\n\nimport \"fmt\"\n\n// %% First,\n// with more.\n\nconst a = 1\n\n// b is kept.\nvar b = a\n\n// %% Run.\n\nfunc main() {\n\tif a < 2 {\n\t\tfmt.Println(b)\n\t}\n}\n"
	data, err := Convert("main.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var n struct {
		Cells []struct {
			Type    string `json:"cell_type"`
			Source  []string
			Outputs *[]any
		}
		Format int `json:"nbformat"`
	}
	if err := json.Unmarshal(data, &n); err != nil || n.Format != 4 {
		t.Fatal(err, n.Format)
	}
	want := []struct{ kind, text string }{
		{"markdown", "# Title of\ntwo lines."}, {"code", "import \"fmt\""},
		{"markdown", "First,\nwith more."}, {"code", "const a = 1\n\n// b is kept.\nvar b = a"},
		{"markdown", "Run."}, {"code", "%%\nif a < 2 {\n\tfmt.Println(b)\n}"},
	}
	if len(n.Cells) != len(want) {
		t.Fatalf("want %d cells, got %s", len(want), data)
	}
	for i, w := range want {
		if c := n.Cells[i]; c.Type != w.kind || strings.Join(c.Source, "") != w.text || (c.Outputs != nil) != (w.kind == "code") {
			t.Errorf("cell %d: want %s %q, got %s %q", i, w.kind, w.text, c.Type, strings.Join(c.Source, ""))
		}
	}
	for _, bad := range []string{"package main\n", "package main\n\nfunc f() int { return y }\n\n// %% Later.\n\nvar y = 1\n\nfunc main() {}\n",
		"package main\n\ntype t struct{}\n\nfunc f(s *t) { s.m() }\n\n// %% Later.\n\nfunc (s *t) m() {}\n\nfunc main() {}\n", "package main\n\nfunc main() {}\n\nvar a int\n", "no go", "package main\n\n// main has words.\nfunc main() {}\n"} {
		if _, err := Convert("main.go", []byte(bad)); err == nil {
			t.Errorf("want an error for %q", bad)
		}
	}
}

// TestConvertCommand turns the flags of a command into settings, its figures into what
// is shown, and leaves out what notebooks cannot import.
func TestConvertCommand(t *testing.T) {
	src := `// Title.
package main

import (
	"context"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/report"
)

type settings struct {
	Rates []float64 ` + "`default:\"0.1,0.2\" help:\"Rates.\"`" + `
	Way   string    ` + "`default:\"with\" help:\"Way.\"`" + `
	Fast  bool      ` + "`help:\"Fast.\"`" + `
	Out   string    ` + "`default:\"runs\" help:\"Folder.\"`" + `
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program { return cmdline.Program{} }

// Run does all.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error { return s.plot(to) }

// %% Plot.

func (s *settings) plot(to *cmdline.Console) error {
	return report.SavePNG(to.Out, s.Out, "name", nil)
}
`
	data, err := Convert("main.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var n struct{ Cells []struct{ Source []string } }
	if err := json.Unmarshal(data, &n); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, c := range n.Cells {
		text.WriteString(strings.Join(c.Source, "") + "\n")
	}
	for _, want := range []string{
		"Rates []float64 // Rates.", "s := &settings{\n\tRates: []float64{0.1, 0.2},\n\tWay:   \"with\",\n}", "Run(ctx context.Context, to *console) error",
		`return show(to.Out, s.Out, "name", nil)`, "\"github.com/janpfeifer/gonb/gonbui\"", "Not used here",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("want %q in %s", want, text.String())
		}
	}
	for _, gone := range []string{"internal", "cmdline", "commandLine", "default:"} {
		if strings.Contains(text.String(), gone) {
			t.Errorf("%q must be left out of %s", gone, text.String())
		}
	}
	for _, bad := range []string{strings.Replace(src, "type settings", "type other", 1), strings.Replace(src, ") Run(", ") Walk(", 1)} {
		if _, err := Convert("main.go", []byte(bad)); err == nil || !strings.Contains(err.Error(), "settings with defaults and a Run") {
			t.Errorf("want an error about settings and Run, got %v", err)
		}
	}
}
