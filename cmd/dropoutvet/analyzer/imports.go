package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"

	"golang.org/x/tools/go/analysis"
)

// A file is a file under analysis, which may need to import package ops.
type file struct {
	pass   *analysis.Pass
	syntax *ast.File
	free   string // name for an import of ops; empty until it is needed
}

// importOps returns a name by which code at pos can refer to package ops, with
// the edits that make it available.
func (f *file) importOps(pos token.Pos) (name string, edits []analysis.TextEdit) {
	for _, spec := range f.imports(opsPath) {
		if name, ok := f.visible(spec, pos); ok {
			return name, nil
		}
	}
	if f.free == "" {
		f.free = f.freeName()
	}
	text := strconv.Quote(opsPath)
	if f.free != "ops" {
		text = f.free + " " + text
	}
	// A file that uses gorgonia.Dropout imports gorgonia or its ops/nn.
	at := append(f.imports(gorgoniaPath), f.imports(nnopsPath)...)[0]
	for _, decl := range f.syntax.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT || at.Pos() < d.Pos() || d.End() < at.End() {
			continue
		}
		if d.Rparen.IsValid() {
			return f.free, []analysis.TextEdit{{Pos: d.Rparen, End: d.Rparen, NewText: []byte("\n\t" + text + "\n")}}
		}
	}
	end := at.End()
	if at.Comment != nil {
		end = at.Comment.End()
	}
	return f.free, []analysis.TextEdit{{Pos: end, End: end, NewText: []byte("\n\nimport " + text)}}
}

// visible returns the name by which code at pos can refer to an imported
// package, if there is one.
func (f *file) visible(spec *ast.ImportSpec, pos token.Pos) (name string, ok bool) {
	// Dot and blank imports have no name in any scope.
	obj, scope := f.pass.TypesInfo.PkgNameOf(spec), f.pass.Pkg.Scope().Innermost(pos)
	if obj == nil || scope == nil {
		return "", false
	}
	_, found := scope.LookupParent(obj.Name(), pos)
	return obj.Name(), found == types.Object(obj)
}

// imports returns the imports of a path.
func (f *file) imports(path string) (specs []*ast.ImportSpec) {
	for _, spec := range f.syntax.Imports {
		if spec.Path.Value == strconv.Quote(path) {
			specs = append(specs, spec)
		}
	}
	return specs
}

// freeName returns a name that has no meaning yet in the file or its package.
func (f *file) freeName() string {
	used := make(map[string]bool)
	for _, name := range f.pass.Pkg.Scope().Names() {
		used[name] = true
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			used[id.Name] = true
		}
		return true
	})
	for _, spec := range f.syntax.Imports {
		if obj := f.pass.TypesInfo.PkgNameOf(spec); obj != nil {
			used[obj.Name()] = true
		}
	}
	name := "ops"
	for i := 1; used[name]; i++ {
		name = fmt.Sprintf("dropoutops%d", i)
	}
	return name
}
