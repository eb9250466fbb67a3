package doccheck

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs are whole programs of pages as packages of this folder, by an overlay: its
// files need not exist, so that nothing is written to the module.
type programs struct {
	replace map[string]string
	names   []string // of the packages
}

// add adds the program of a block.
func (p *programs) add(t *testing.T, d document, b block) {
	t.Helper()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "main.go")
	text := fmt.Sprintf("//line %s:%d\n%s", d.name, b.line, b.text)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.replace == nil {
		p.replace = make(map[string]string)
	}
	name := fmt.Sprintf("program%d", len(p.names))
	p.replace[filepath.Join(folder, name, "main.go")] = file
	p.names = append(p.names, "./"+name)
}

// overlay returns the name of the overlay's file.
func (p *programs) overlay(t *testing.T) string {
	t.Helper()
	list, err := json.Marshal(struct{ Replace map[string]string }{p.replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// isProgram reports whether a block is a whole program.
func (b block) isProgram() bool {
	return b.language == "go" && strings.Contains("\n"+b.text, "\npackage main\n")
}

// A program that is followed by a block of language "output" prints that.
func TestOutputs(t *testing.T) {
	var p programs
	var want []block
	var pages []string
	for _, d := range documents(t) {
		for i, b := range d.blocks {
			switch {
			case b.language != "output":
			case i == 0 || !d.blocks[i-1].isProgram():
				t.Errorf("%s:%d: an output must follow a program", d.name, b.line)
			default:
				p.add(t, d, d.blocks[i-1])
				want, pages = append(want, b), append(pages, d.name)
			}
		}
	}
	if len(want) == 0 {
		t.Fatal("want programs with outputs, got none")
	}
	dir := t.TempDir() + string(filepath.Separator)
	build := exec.Command("go", append([]string{"build", "-ldflags=-s", "-overlay", p.overlay(t), "-o", dir}, p.names...)...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for i, b := range want {
		t.Run(fmt.Sprintf("%s:%d", pages[i], b.line), func(t *testing.T) {
			t.Parallel() // most of them train small networks, on one core each
			program := exec.CommandContext(t.Context(), filepath.Join(dir, filepath.Base(p.names[i])))
			program.Dir = t.TempDir()
			out, err := program.CombinedOutput()
			if err != nil || string(out) != b.text {
				t.Errorf("want\n%sgot %v\n%s", b.text, err, out)
			}
		})
	}
}
