package analyzer

import (
	"go/ast"
	"go/types"
	"regexp"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// A machine is a call that makes one.
type machine struct {
	call  *ast.CallExpr
	graph string // which graph it runs; "" if that is not known
	eval  bool
}

var predicts = regexp.MustCompile(`(?i)^(predict|infer|eval|test|accuracy|classify|score|sample|generate)`)

// reportMachines reports machines of a package with dropout that predict with
// it, or turn it off for others.
func reportMachines(pass *analysis.Pass, root inspector.Cursor) {
	var machines []machine
	predicting, handled := false, false
	for c := range root.Preorder((*ast.CallExpr)(nil), (*ast.Ident)(nil), (*ast.FuncDecl)(nil)) {
		switch n := c.Node().(type) {
		case *ast.FuncDecl:
			predicting = predicting || predicts.MatchString(n.Name.Name) && !isTest(pass, n)
		case *ast.Ident:
			obj := pass.TypesInfo.Uses[n]
			if obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == opsPath {
				switch obj.Name() {
				case "Inference", "WithMode", "StepOf", "FindStep":
					handled = true
				}
			}
		case *ast.CallExpr:
			fn := typeutil.StaticCallee(pass.TypesInfo, n)
			if (isFunc(fn, "NewTapeMachine", gorgoniaPath) || isFunc(fn, "NewLispMachine", gorgoniaPath)) && len(n.Args) > 0 {
				machines = append(machines, machine{n, graphOf(pass, n.Args[0]), inEvalMode(pass, n)})
			}
		}
	}
	var training []machine
	for _, m := range machines {
		if !m.eval {
			training = append(training, m)
		}
	}
	if len(training) == len(machines) {
		if !handled && len(machines) > 0 && (predicting || len(machines) > 1) {
			pass.ReportRangef(machines[len(machines)-1].call, "no machine of this package has gorgonia.EvalMode, so predictions are made with dropout on: wrap them in ops.Inference, or build a graph for evaluation (-eval=false for no such report)")
		}
		return
	}
	for _, m := range machines {
		for _, t := range training {
			if m.eval && m.graph != "" && m.graph == t.graph {
				pass.ReportRangef(m.call, "a machine with gorgonia.EvalMode turns dropout off in its graph, for the machines that train it too: predict within ops.Inference instead (-eval=false for no such report)")
				break
			}
		}
	}
}

// isTest reports whether a function is one of go test, such as TestAccuracy.
func isTest(pass *analysis.Pass, fn *ast.FuncDecl) bool {
	params := fn.Type.Params.List
	if fn.Recv != nil || len(params) != 1 {
		return false
	}
	t := typeName(pass.TypesInfo.TypeOf(params[0].Type))
	return t != nil && t.Pkg() != nil && t.Pkg().Path() == "testing"
}

// inEvalMode reports whether a machine is made with gorgonia.EvalMode, or with
// options that do not say.
func inEvalMode(pass *analysis.Pass, call *ast.CallExpr) bool {
	if call.Ellipsis.IsValid() {
		return true
	}
	for _, arg := range call.Args[1:] {
		option, ok := ast.Unparen(arg).(*ast.CallExpr)
		if !ok || isFunc(typeutil.StaticCallee(pass.TypesInfo, option), "EvalMode", gorgoniaPath) {
			return true
		}
	}
	return false
}

// graphOf returns what distinguishes the graph that an expression is or is a
// part of: its variable, or its field with the variable or the receiver.
func graphOf(pass *analysis.Pass, e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		obj := pass.TypesInfo.Uses[e]
		if obj == nil {
			return ""
		}
		if v, ok := obj.(*types.Var); ok && v.Kind() == types.RecvVar {
			if t := typeName(v.Type()); t != nil {
				return t.Name() // the same in each method
			}
		}
		return e.Name + pass.Fset.Position(obj.Pos()).String()
	case *ast.SelectorExpr:
		if of := graphOf(pass, e.X); of != "" {
			return of + "." + e.Sel.Name
		}
	case *ast.CallExpr:
		// Parts of a graph share its ops: g.SubgraphRoots(cost).
		if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok && len(e.Args) > 0 {
			switch sel.Sel.Name {
			case "Subgraph", "SubgraphRoots", "ExactSubgraphRoots":
				return graphOf(pass, sel.X)
			}
		}
	}
	return ""
}
