package notebook

import (
	"bytes"
	"go/ast"
	"go/token"

	"github.com/pkg/errors"
)

// inOrder returns an error if a cell uses what a later one declares: GoNB compiles
// each cell with those before it.
func inOrder(fset *token.FileSet, file *ast.File, src []byte) error {
	cell := func(p token.Pos) int { return bytes.Count(src[:fset.Position(p).Offset], []byte("\n// %%")) }
	declared := make(map[string]int) // cells of functions, types, variables and constants
	methods := make(map[string]int)  // cells of methods, by receiver and name: "s.train"
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				declared[d.Name.Name] = cell(d.Pos())
			} else if names := d.Recv.List[0].Names; len(names) > 0 {
				methods[names[0].Name+"."+d.Name.Name] = cell(d.Pos())
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					declared[s.Name.Name] = cell(s.Pos())
				case *ast.ValueSpec:
					for _, name := range s.Names {
						declared[name.Name] = cell(s.Pos())
					}
				}
			}
		}
	}
	var err error
	use := func(in map[string]int, name string, p token.Pos) {
		if at, ok := in[name]; ok && at > cell(p) && err == nil {
			err = errors.Errorf("%s must be declared in an earlier cell than that of line %d", name, fset.Position(p).Line)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				use(methods, x.Name+"."+n.Sel.Name, n.Pos())
			}
		case *ast.Ident:
			if n.Obj != nil && file.Scope.Lookup(n.Name) == n.Obj {
				use(declared, n.Name, n.Pos())
			}
		}
		return true
	})
	return err
}
