package notebook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the notebooks")

// TestNotebooksAreInStep compares the notebooks with their programs.
func TestNotebooksAreInStep(t *testing.T) {
	programs, err := filepath.Glob("../../examples/notebooks/*/main.go")
	if err != nil || len(programs) == 0 {
		t.Fatal("there must be programs", err)
	}
	for _, path := range programs {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Convert(path, src)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(path)
		file := filepath.Join(dir, filepath.Base(dir)+".ipynb")
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
	for _, bad := range []string{"package main\n", "package main\n\nfunc main() {}\n\nvar a int\n", "no go", "package main\n\n// main has words.\nfunc main() {}\n"} {
		if _, err := Convert("main.go", []byte(bad)); err == nil {
			t.Errorf("want an error for %q", bad)
		}
	}
}
