// Package notebook turns Go programs in cells into notebooks for GoNB, the Go
// kernel of Jupyter. After a change of a program in examples,
//
//	go test ./internal/notebook -update
//
// writes its notebook again.
package notebook

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"

	"github.com/pkg/errors"
)

// A cell is one of a notebook in format 4.5.
type cell struct {
	Type     string         `json:"cell_type"`
	Count    *int           `json:"execution_count,omitempty"`
	ID       string         `json:"id"`
	Metadata map[string]any `json:"metadata"`
	Outputs  []any          `json:"outputs,omitempty"`
	Source   []string       `json:"source"`
}

// MarshalJSON writes what code cells must have, even if it is empty.
func (c cell) MarshalJSON() ([]byte, error) {
	type plain cell
	if c.Type != "code" {
		return json.Marshal(plain(c))
	}
	return json.Marshal(struct {
		plain
		Count   *int  `json:"execution_count"`
		Outputs []any `json:"outputs"`
	}{plain(c), nil, []any{}})
}

// Convert returns the notebook of a program with cells. The comment of the
// package becomes the title, and the imports the first cell. Each comment at the
// left margin that begins with "// %%" begins a cell, with its text above it. The
// body of main becomes the cell that is run ("%%" in GoNB), and main is the last
// declaration. Cells use what is in those before them. A program with a command
// line is run with the defaults of its flags.
func Convert(name string, src []byte) ([]byte, error) {
	if bytes.Contains(src, []byte("/internal/cmdline\"")) {
		var err error
		if src, err = command(name, src); err != nil {
			return nil, err
		}
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, errors.Wrap(err, "notebook")
	}
	body, start, err := mainOf(fset, file, src)
	if err != nil {
		return nil, errors.Wrapf(err, "notebook: %s", name)
	}
	if err := inOrder(fset, file, src); err != nil {
		return nil, errors.Wrapf(err, "notebook: %s", name)
	}
	n := &builder{}
	n.markdown("# " + strings.TrimSpace(file.Doc.Text()))
	text := string(src[fset.Position(file.Name.End()).Offset:start])
	parts := strings.Split("\n"+text, "\n// %%")
	n.code(parts[0])
	for _, part := range parts[1:] {
		comment, code := split(part)
		n.markdown(comment)
		n.code(code)
	}
	n.code("%%\n" + body)
	return n.json()
}

// mainOf returns the statements of main, and where its declaration starts.
func mainOf(fset *token.FileSet, file *ast.File, src []byte) (body string, start int, err error) {
	if len(file.Decls) == 0 {
		return "", 0, errors.New("there must be a main")
	}
	f, ok := file.Decls[len(file.Decls)-1].(*ast.FuncDecl)
	if !ok || f.Name.Name != "main" || f.Recv != nil {
		return "", 0, errors.New("main must be the last declaration")
	}
	if f.Doc != nil {
		return "", 0, errors.New("main must have no comment but that of its cell")
	}
	inside := string(src[fset.Position(f.Body.Lbrace).Offset+1 : fset.Position(f.Body.Rbrace).Offset])
	lines := strings.Split(strings.Trim(inside, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "\t")
	}
	return strings.Join(lines, "\n"), fset.Position(f.Pos()).Offset, nil
}

// split returns the comment that a cell begins with, and its code.
func split(part string) (comment, code string) {
	lines := strings.Split(part, "\n")
	text := []string{strings.TrimSpace(lines[0])}
	at := 1
	for at < len(lines) && strings.HasPrefix(lines[at], "//") {
		text = append(text, strings.TrimSpace(strings.TrimPrefix(lines[at], "//")))
		at++
	}
	return strings.Join(text, "\n"), strings.Join(lines[at:], "\n")
}

// A builder collects cells.
type builder struct{ cells []cell }

func (n *builder) markdown(text string) { n.add("markdown", text) }
func (n *builder) code(text string)     { n.add("code", text) }

// add adds a cell, unless it is empty.
func (n *builder) add(kind, text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	lines := strings.SplitAfter(text, "\n")
	id := "cell-" + string(rune('a'+len(n.cells)/26)) + string(rune('a'+len(n.cells)%26))
	n.cells = append(n.cells, cell{Type: kind, ID: id, Metadata: map[string]any{}, Source: lines})
}

func (n *builder) json() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	err := e.Encode(map[string]any{
		"cells": n.cells,
		"metadata": map[string]any{
			"kernelspec":    map[string]any{"display_name": "Go (gonb)", "language": "go", "name": "gonb"},
			"language_info": map[string]any{"file_extension": ".go", "mimetype": "text/x-go", "name": "go"},
		},
		"nbformat": 4, "nbformat_minor": 5,
	})
	return b.Bytes(), errors.Wrap(err, "notebook")
}
