package analyzer

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// reportRate reports a call with a drop probability that is a constant outside
// [0, 1], or is called one to keep.
func reportRate(pass *analysis.Pass, call *ast.CallExpr) {
	fn := typeutil.StaticCallee(pass.TypesInfo, call)
	if fn == nil || fn.Pkg() == nil || !slices.Contains([]string{gorgoniaPath, nnopsPath, opsPath, modelsPath}, fn.Pkg().Path()) {
		return
	}
	params := fn.Signature().Params()
	for i := range min(params.Len(), len(call.Args)) {
		if name := params.At(i).Name(); name != "p" && !isBuiltin(fn) || !isFloat(params.At(i).Type()) {
			continue
		}
		arg := call.Args[i]
		if name := nameOf(arg); toKeep(name) {
			pass.ReportRangef(arg, "%s looks like the probability to keep, but %s.%s takes the probability to drop: 1-%s", name, fn.Pkg().Name(), fn.Name(), name)
		}
		v := pass.TypesInfo.Types[arg].Value
		if v == nil || v.Kind() != constant.Int && v.Kind() != constant.Float {
			continue
		}
		if p, _ := constant.Float64Val(v); p < 0 || p > 1 {
			pass.ReportRangef(arg, "p of %s.%s must be in [0, 1], got %v", fn.Pkg().Name(), fn.Name(), p)
		}
	}
}

func isFloat(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}

// nameOf returns the name of the variable, field or function whose value an
// expression is, empty if it is computed.
func nameOf(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return nameOf(e.X)
	case *ast.CallExpr:
		if len(e.Args) == 1 && nameOf(e.Fun) == "float64" {
			return nameOf(e.Args[0])
		}
		if len(e.Args) == 0 {
			return nameOf(e.Fun)
		}
	}
	return ""
}

var words = regexp.MustCompile(`[A-Z]+[a-z]*|[a-z]+`)

// toKeep reports whether a name is one of a probability to keep: keepProb,
// p_keep, Retain.
func toKeep(name string) bool {
	return slices.ContainsFunc(words.FindAllString(name, -1), func(word string) bool {
		return slices.Contains([]string{"keep", "keeping", "kept", "retain", "retention", "keepprob"}, strings.ToLower(word))
	})
}
