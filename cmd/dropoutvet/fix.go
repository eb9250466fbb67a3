package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/gorgonia-dropout/dropout/cmd/dropoutvet/analyzer"
)

// fix applies the fixes of packages to their files or, if diff is set, writes
// what would change to w. Errors of packages are logged and do not keep it from
// fixing what it can.
func fix(w io.Writer, patterns []string, diff, tests bool) error {
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Tests: tests}, patterns...)
	if err != nil {
		return errors.Wrap(err, "loading packages")
	}
	broken := packages.PrintErrors(pkgs)
	graph, err := checker.Analyze([]*analysis.Analyzer{analyzer.Analyzer}, pkgs, nil)
	if err != nil {
		return errors.Wrap(err, "analyzing packages")
	}
	files := make(map[string]*source)
	for _, act := range graph.Roots {
		if act.Err != nil {
			return errors.Wrapf(act.Err, "analyzing %s", act.Package.PkgPath)
		}
		if err := collect(files, act); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := files[name].write(w, diff); err != nil {
			return err
		}
	}
	if broken > 0 {
		return errors.Errorf("packages must load without errors for all of them to be fixed, got %d errors", broken)
	}
	return nil
}

// An edit replaces a part of a file.
type edit struct {
	start, end int // in bytes
	text       string
}

// A source is a file to be fixed.
type source struct {
	name  string
	text  []byte
	edits []edit
}

// collect adds the edits of a package's fixes to the files. A file may be in
// several packages, with and without tests, and gets each edit once.
func collect(files map[string]*source, act *checker.Action) error {
	fset := act.Package.Fset
	changed := make(map[*token.File][]edit)
	for _, d := range act.Diagnostics {
		if len(d.SuggestedFixes) == 0 {
			continue
		}
		for _, e := range d.SuggestedFixes[0].TextEdits {
			f := fset.File(e.Pos)
			changed[f] = append(changed[f], edit{f.Offset(e.Pos), f.Offset(e.End), string(e.NewText)})
		}
	}
	for _, syntax := range act.Package.Syntax {
		f := fset.File(syntax.FileStart)
		edits, ok := changed[f]
		if !ok || files[f.Name()] != nil {
			continue
		}
		if ast.IsGenerated(syntax) {
			log.Printf("%s: generated, left as it is: change its generator", f.Name())
			continue
		}
		text, err := os.ReadFile(f.Name())
		if err != nil {
			return errors.Wrap(err, "reading a file to fix")
		}
		if len(text) != f.Size() {
			return errors.Errorf("%s must stay as it is meanwhile, got %d bytes instead of %d", f.Name(), len(text), f.Size())
		}
		s := &source{f.Name(), text, edits}
		s.removeImports(f, syntax, act.Package.TypesInfo)
		slices.SortStableFunc(s.edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
		s.edits = slices.Compact(s.edits)
		files[s.name] = s
	}
	return nil
}

// removeImports adds the edits that remove imports of which the other edits
// take the last use.
func (s *source) removeImports(f *token.File, syntax *ast.File, info *types.Info) {
	used, left := make(map[types.Object]bool), make(map[types.Object]bool)
	for n := range ast.Preorder(syntax) {
		id, ok := n.(*ast.Ident)
		if !ok {
			continue
		}
		if pkg, ok := info.Uses[id].(*types.PkgName); ok {
			used[pkg] = true
			left[pkg] = left[pkg] || !s.replaces(f.Offset(id.Pos()), pkg.Name())
		}
	}
	for _, decl := range syntax.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT {
			continue
		}
		for _, spec := range d.Specs {
			spec := spec.(*ast.ImportSpec)
			if pkg := info.PkgNameOf(spec); pkg != nil && used[pkg] && !left[pkg] {
				s.remove(f, d, spec)
			}
		}
	}
}

// replaces reports whether an edit replaces a name at an offset by text without
// it.
func (s *source) replaces(at int, name string) bool {
	return slices.ContainsFunc(s.edits, func(e edit) bool { return e.start <= at && at < e.end && !mentions(e.text, name) })
}

// remove adds the edit that removes an import.
func (s *source) remove(f *token.File, d *ast.GenDecl, spec *ast.ImportSpec) {
	end := spec.End()
	if spec.Comment != nil {
		end = spec.Comment.End()
	}
	if d.Rparen.IsValid() {
		start, end := s.line(f.Offset(spec.Pos()), f.Offset(end))
		if spec == d.Specs[len(d.Specs)-1] && s.blankBefore(start) {
			// One empty line before the import of ops is enough.
			for i, e := range s.edits {
				if e.start == f.Offset(d.Rparen) {
					s.edits[i].text = strings.TrimLeft(e.text, "\n")
				}
			}
		}
		s.edits = append(s.edits, edit{start, end, ""})
		return
	}
	// The import of ops, if it is new, comes directly after this one.
	for i, e := range s.edits {
		if e.start == f.Offset(end) && e.end == e.start {
			s.edits[i] = edit{f.Offset(d.Pos()), e.end, strings.TrimLeft(e.text, "\n")}
		}
	}
	if !slices.ContainsFunc(s.edits, func(e edit) bool { return e.start == f.Offset(d.Pos()) }) {
		start, end := s.line(f.Offset(d.Pos()), f.Offset(end))
		s.edits = append(s.edits, edit{start, end, ""})
	}
}
