// Package analyzer is the analysis of command dropoutvet as a
// golang.org/x/tools/go/analysis Analyzer: add [Analyzer] to a multichecker, to
// unitchecker or to a plugin of golangci-lint.
package analyzer

import (
	"go/ast"
	"go/constant"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

const (
	gorgoniaPath = "gorgonia.org/gorgonia"
	opsPath      = "github.com/gorgonia-dropout/dropout/ops"
	modelsPath   = "github.com/gorgonia-dropout/dropout/models"
)

// Analyzer reports every use of gorgonia.Dropout, as a call or as a value, and
// suggests ops.Dropout. It also reports constant drop probabilities outside
// [0, 1], of gorgonia.Dropout and of packages ops and models.
var Analyzer = &analysis.Analyzer{
	Name: "dropoutvet",
	Doc: `find gorgonia.Dropout and impossible drop probabilities

The gradient of gorgonia.Dropout is wrong for every p but 0.5: its backward pass
divides by p where it should divide by 1-p. The fix is ops.Dropout of
github.com/gorgonia-dropout/dropout, with the same arguments.`,
	URL:      "https://pkg.go.dev/github.com/gorgonia-dropout/dropout/cmd/dropoutvet",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.File)(nil)) {
		f := &file{pass: pass, syntax: c.Node().(*ast.File)}
		for c := range c.Preorder((*ast.Ident)(nil), (*ast.CallExpr)(nil)) {
			switch n := c.Node().(type) {
			case *ast.Ident:
				if isBuiltin(pass.TypesInfo.Uses[n]) {
					f.reportBuiltin(c)
				}
			case *ast.CallExpr:
				reportRate(pass, n)
			}
		}
	}
	return nil, nil
}

// isBuiltin reports whether obj is gorgonia.Dropout.
func isBuiltin(obj types.Object) bool {
	fn, ok := obj.(*types.Func)
	return ok && fn.Name() == "Dropout" && fn.Pkg() != nil && fn.Pkg().Path() == gorgoniaPath &&
		fn.Signature().Recv() == nil
}

// reportBuiltin reports the identifier at c, a use of gorgonia.Dropout.
func (f *file) reportBuiltin(c inspector.Cursor) {
	qualifier := ""
	if c.ParentEdgeKind() == edge.SelectorExpr_Sel {
		c = c.Parent()
		if x, ok := c.Node().(*ast.SelectorExpr).X.(*ast.Ident); ok {
			qualifier = x.Name + "."
		}
	}
	use := c.Node()
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	name, edits := f.importOps(use.Pos())
	text := name + ".Dropout"
	if c.ParentEdgeKind() != edge.CallExpr_Fun {
		// A value keeps its type: the type of ops.Dropout has options too.
		text = "func(x *" + qualifier + "Node, p float64) (*" + qualifier + "Node, error) { return " + text + "(x, p) }"
	}
	f.pass.Report(analysis.Diagnostic{
		Pos:     use.Pos(),
		End:     use.End(),
		Message: "gorgonia.Dropout has a wrong gradient for every p but 0.5: use ops.Dropout",
		SuggestedFixes: []analysis.SuggestedFix{{
			Message:   "Use ops.Dropout",
			TextEdits: append(edits, analysis.TextEdit{Pos: use.Pos(), End: use.End(), NewText: []byte(text)}),
		}},
	})
}

// reportRate reports a call with a constant drop probability outside [0, 1].
func reportRate(pass *analysis.Pass, call *ast.CallExpr) {
	fn := typeutil.StaticCallee(pass.TypesInfo, call)
	if fn == nil || fn.Pkg() == nil || !slices.Contains([]string{gorgoniaPath, opsPath, modelsPath}, fn.Pkg().Path()) {
		return
	}
	params := fn.Signature().Params()
	for i := range min(params.Len(), len(call.Args)) {
		if name := params.At(i).Name(); name != "p" && !(name == "dropProb" && isBuiltin(fn)) {
			continue
		}
		v := pass.TypesInfo.Types[call.Args[i]].Value
		if v == nil || v.Kind() != constant.Int && v.Kind() != constant.Float {
			continue
		}
		if p, _ := constant.Float64Val(v); p < 0 || p > 1 {
			pass.ReportRangef(call.Args[i], "p of %s.%s must be in [0, 1], got %v", fn.Pkg().Name(), fn.Name(), p)
		}
	}
}
