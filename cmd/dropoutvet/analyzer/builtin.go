package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// isBuiltin reports whether obj is gorgonia.Dropout or its other name in ops/nn.
func isBuiltin(obj types.Object) bool { return isFunc(obj, "Dropout", gorgoniaPath, nnopsPath) }

// isOurs reports whether obj is a dropout of package ops.
func isOurs(obj types.Object) bool {
	fn, ok := obj.(*types.Func)
	return ok && fn != nil && isFunc(obj, fn.Name(), opsPath) && (strings.Contains(fn.Name(), "Drop") || slices.Contains([]string{"Zoneout", "Shakeout", "Standout"}, fn.Name()))
}

// isFunc reports whether obj is the function with the given name of one of the
// packages.
func isFunc(obj types.Object, name string, paths ...string) bool {
	fn, ok := obj.(*types.Func)
	return ok && fn != nil && fn.Name() == name && fn.Pkg() != nil && slices.Contains(paths, fn.Pkg().Path()) && fn.Signature().Recv() == nil
}

// reportBuiltin reports the identifier at c, a use of gorgonia.Dropout.
func (f *file) reportBuiltin(c inspector.Cursor) {
	obj := f.pass.TypesInfo.Uses[c.Node().(*ast.Ident)]
	if c.ParentEdgeKind() == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	use := c.Node()
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	d := analysis.Diagnostic{
		Pos:     use.Pos(),
		End:     use.End(),
		Message: obj.Pkg().Name() + ".Dropout has a wrong gradient for every p but 0.5: use ops.Dropout",
	}
	name, edits := f.importOps(use.Pos())
	text := name + ".Dropout"
	if c.ParentEdgeKind() != edge.CallExpr_Fun {
		// A value keeps its type: the type of ops.Dropout has options too.
		node, ok := f.nodeType(use.Pos())
		if !ok {
			d.Message += ", in a function of type func(*gorgonia.Node, float64) (*gorgonia.Node, error)"
			f.pass.Report(d)
			return
		}
		text = "func(x *" + node + ", p float64) (*" + node + ", error) { return " + text + "(x, p) }"
	}
	d.SuggestedFixes = []analysis.SuggestedFix{{
		Message:   "Use ops.Dropout",
		TextEdits: append(edits, analysis.TextEdit{Pos: use.Pos(), End: use.End(), NewText: []byte(text)}),
	}}
	f.pass.Report(d)
}

// nodeType returns the name of type gorgonia.Node in the file, if it has one at
// pos.
func (f *file) nodeType(pos token.Pos) (name string, ok bool) {
	for _, spec := range f.imports(gorgoniaPath) {
		if spec.Name != nil && spec.Name.Name == "." {
			return "Node", true
		}
		if name, ok := f.visible(spec, pos); ok {
			return name + ".Node", true
		}
	}
	return "", false
}
