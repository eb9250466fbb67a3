package analyzer

import (
	"go/ast"
	"go/parser"
	"path/filepath"
	"strconv"

	"golang.org/x/tools/go/analysis"
)

// reportIgnored reports gorgonia.Dropout in files of the package that the build
// tags leave out. Without types there is no fix for them.
func reportIgnored(pass *analysis.Pass) error {
	for _, name := range pass.IgnoredFiles {
		if filepath.Ext(name) != ".go" {
			continue
		}
		text, err := pass.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(pass.Fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			continue // what does not parse is not a file of any build
		}
		names := importNames(f)
		if len(names) == 0 {
			continue
		}
		for n := range ast.Preorder(f) {
			use := n
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); !ok || n.Sel.Name != "Dropout" || !names[x.Name] {
					continue
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); !ok || id.Name != "Dropout" || !names["."] {
					continue
				}
				use = n.Fun
			default:
				continue
			}
			pass.ReportRangef(use, "gorgonia.Dropout in a file that build tags leave out: run dropoutvet with them too, GOFLAGS=-tags=..., GOOS=... or GOARCH=...")
		}
	}
	return nil
}

// importNames returns the names under which a file imports the packages of
// gorgonia.Dropout.
func importNames(f *ast.File) map[string]bool {
	names := make(map[string]bool)
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil:
		case spec.Name != nil && (path == gorgoniaPath || path == nnopsPath):
			names[spec.Name.Name] = true
		case path == gorgoniaPath:
			names["gorgonia"] = true
		case path == nnopsPath:
			names["nnops"] = true
		}
	}
	return names
}
