package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pkg/errors"
)

//go:embed helpers.go.txt
var helpers string

// A listed package is what `go list -json` says of one.
type listed struct {
	Dir, ImportPath, Name, Export string
	GoFiles                       []string
	TestGoFiles, XTestGoFiles     []string
	ImportMap                     map[string]string
}

// A built package has test binaries that contain all its mutants.
type built struct {
	mutants  []mutant
	dropped  int // changes that do not compile
	binaries []*binaryOf
	short    bool
}

// list returns what the go command knows about packages.
func list(args ...string) ([]listed, error) {
	out, err := command("go", append([]string{"list", "-json=Dir,ImportPath,Name,Export,GoFiles,TestGoFiles,XTestGoFiles,ImportMap"}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, errors.Wrap(err, "go list")
		}
		all = append(all, p)
	}
}

// command runs a program and returns its output; the error includes its
// messages.
func command(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Errorf("%s %s: %v\n%s", name, args[0], err, complaints.String())
	}
	return out, nil
}

// build compiles the tests with all mutants of the package included.
func build(dir string, s settings) (*built, error) {
	under, err := list(s.packagePath)
	if err != nil {
		return nil, err
	}
	testing, err := list(append([]string{s.packagePath}, s.tests...)...)
	if err != nil {
		return nil, err
	}
	src, err := load(under[0])
	if err != nil {
		return nil, err
	}
	b := &built{short: s.short}
	skip := map[string]bool{}
	for {
		overlay, err := src.write(dir, skip)
		if err != nil {
			return nil, err
		}
		_, err = command("go", "build", "-overlay", overlay, s.packagePath)
		if err == nil {
			break
		}
		places := placesOf(err.Error())
		before := len(skip)
		for _, place := range places {
			skip[place] = true
		}
		if len(skip) == before {
			return nil, err
		}
	}
	b.mutants, b.dropped = src.mutants, len(skip)
	for i, p := range testing {
		if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.test", i))
		if _, err := command("go", "test", "-c", "-vet=off", "-overlay", src.overlay, "-o", file, p.ImportPath); err != nil {
			return nil, err
		}
		b.binaries = append(b.binaries, &binaryOf{file: file, dir: p.Dir, name: p.Name})
	}
	return b, nil
}

// placesOf returns the file names and lines in a compiler's message.
func placesOf(message string) []string {
	var places []string
	for _, m := range regexp.MustCompile(`(?m)([^/\s]+\.go):(\d+):\d+: `).FindAllStringSubmatch(message, -1) {
		places = append(places, m[1]+":"+m[2])
	}
	return places
}

// sources are the parsed and type-checked files of a package.
type sources struct {
	listed
	fset    *token.FileSet
	files   []*ast.File
	text    [][]byte
	info    *types.Info
	mutants []mutant // of the last write
	overlay string   // the file that the last write made
}

func load(p listed) (*sources, error) {
	deps, err := list("-export", "-deps", p.ImportPath)
	if err != nil {
		return nil, err
	}
	export := map[string]string{}
	for _, d := range deps {
		export[d.ImportPath] = d.Export
	}
	s := &sources{listed: p, fset: token.NewFileSet(), info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	s.info.Defs, s.info.Uses = map[*ast.Ident]types.Object{}, map[*ast.Ident]types.Object{}
	for _, name := range p.GoFiles {
		file := filepath.Join(p.Dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, errors.Wrap(err, "a source file")
		}
		f, err := parser.ParseFile(s.fset, file, text, parser.ParseComments)
		if err != nil {
			return nil, errors.Wrap(err, "a source file")
		}
		s.files, s.text = append(s.files, f), append(s.text, text)
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if to, ok := p.ImportMap[path]; ok {
			path = to
		}
		return os.Open(export[path])
	}
	conf := types.Config{Importer: importer.ForCompiler(s.fset, "gc", lookup)}
	if _, err := conf.Check(p.ImportPath, s.fset, s.files, s.info); err != nil {
		return nil, errors.Wrap(err, "types")
	}
	return s, nil
}

// write puts the changed files into dir and returns the overlay that names them.
func (s *sources) write(dir string, skip map[string]bool) (string, error) {
	replace := map[string]string{}
	put := func(name string, text []byte) error {
		file := filepath.Join(dir, name)
		replace[filepath.Join(s.Dir, name)] = file
		return errors.Wrap(os.WriteFile(file, text, 0o600), "a mutant's file")
	}
	s.mutants = nil
	next := 1
	for i, f := range s.files {
		r := &rewriter{fset: s.fset, info: s.info, next: &next, skip: skip, name: s.GoFiles[i]}
		ast.Inspect(f, r.visit)
		if len(r.found) == 0 {
			continue
		}
		s.mutants = append(s.mutants, r.found...)
		if err := put(s.GoFiles[i], r.apply(s.text[i])); err != nil {
			return "", err
		}
	}
	if err := put("mutant_helpers.go", []byte("package "+s.Name+"\n\n"+helpers)); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", errors.Wrap(err, "overlay")
	}
	s.overlay = filepath.Join(dir, "overlay.json")
	return s.overlay, errors.Wrap(os.WriteFile(s.overlay, text, 0o600), "overlay")
}
