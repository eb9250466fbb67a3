// Package analyzer is the analysis of command dropoutvet as a
// golang.org/x/tools/go/analysis Analyzer: add it to a multichecker, to
// unitchecker or to a plugin of golangci-lint.
package analyzer

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

const (
	gorgoniaPath = "gorgonia.org/gorgonia"
	nnopsPath    = "gorgonia.org/gorgonia/ops/nn"
	opsPath      = "github.com/gorgonia-dropout/dropout/ops"
	modelsPath   = "github.com/gorgonia-dropout/dropout/models"
)

// Analyzer reports every use of gorgonia.Dropout and of Dropout in
// gorgonia.org/gorgonia/ops/nn, as a call or as a value, and suggests
// ops.Dropout. It also reports what other modules offer that calls them, files
// with them that build tags leave out, constant drop probabilities outside
// [0, 1], probabilities to keep given as p, and, unless its flag eval is false,
// packages in which predictions look like being made with dropout on.
var Analyzer = &analysis.Analyzer{
	Name: "dropoutvet",
	Doc: `find gorgonia.Dropout and impossible drop probabilities

The gradient of gorgonia.Dropout is wrong for every p but 0.5: its backward pass
divides by p where it should divide by 1-p. The fix is ops.Dropout of
github.com/gorgonia-dropout/dropout, with the same arguments.

Also reported, without a fix: functions of other modules that call
gorgonia.Dropout; files with it that build tags leave out; probabilities outside
[0, 1], or to keep, given as p; and, unless -eval=false, machines for predictions
that seem to drop.`,
	URL:              "https://pkg.go.dev/github.com/gorgonia-dropout/dropout/cmd/dropoutvet",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	FactTypes:        []analysis.Fact{new(callsBuiltin)},
	RunDespiteErrors: true, // of versions that do not fit, which a fix must not wait for
	Run:              run,
}

var checkEval = true

func init() {
	Analyzer.Flags.BoolVar(&checkEval, "eval", checkEval, "report machines for predictions that seem to drop")
}

func run(pass *analysis.Pass) (any, error) {
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	exportWrappers(pass)
	dropout := false // used by the package
	for c := range root.Preorder((*ast.File)(nil)) {
		f := &file{pass: pass, syntax: c.Node().(*ast.File)}
		for c := range c.Preorder((*ast.Ident)(nil), (*ast.CallExpr)(nil)) {
			switch n := c.Node().(type) {
			case *ast.Ident:
				obj := pass.TypesInfo.Uses[n]
				wraps := reportWrapper(pass, c)
				if isBuiltin(obj) {
					f.reportBuiltin(c)
				}
				dropout = dropout || wraps || isBuiltin(obj) || isOurs(obj)
			case *ast.CallExpr:
				reportRate(pass, n)
			}
		}
	}
	if dropout && checkEval {
		reportMachines(pass, root)
	}
	return nil, reportIgnored(pass)
}
