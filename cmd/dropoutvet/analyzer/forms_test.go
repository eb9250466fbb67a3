package analyzer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/gorgonia-dropout/dropout/cmd/dropoutvet/analyzer"
)

// forms are the ways in which public programs use gorgonia.Dropout, each a file,
// or two with a library, which the programs import by its name.
var forms = map[string]string{
	"a convnet with its rates in fields": `
import "gorgonia.org/gorgonia"

type convnet struct{ d0, d1 float64 } // want convnet:"calls"

func (m *convnet) fwd(x *gorgonia.Node) (err error) { // want fwd:"calls gorgonia.Dropout"
	var l0 *gorgonia.Node
	if l0, err = gorgonia.Dropout(x, m.d0); err != nil { // want ~use ops.Dropout~
		return err
	}
	l0 = gorgonia.Must(gorgonia.Dropout(l0, m.d1)) // want ~use ops.Dropout~
	return nil
}`,
	"an alias": `
import G "gorgonia.org/gorgonia"

func mlp(x *G.Node, rates []float64) *G.Node { // want mlp:"calls gorgonia.Dropout"
	return G.Must(G.Dropout(x, rates[0])) // want ~use ops.Dropout~
}`,
	"a dot import": `
import . "gorgonia.org/gorgonia"

func mlp(x *Node) *Node { return Must(Dropout(x, 0.2)) } // want ~use ops.Dropout~ mlp:"calls gorgonia.Dropout"`,
	"two imports of one package": `
import (
	"gorgonia.org/gorgonia"
	G "gorgonia.org/gorgonia"
)

func layer(x *G.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(x, 0.5) } // want ~use ops.Dropout~ layer:"calls"`,
	"ops/nn": `
import (
	"gorgonia.org/gorgonia"
	nnops "gorgonia.org/gorgonia/ops/nn"
)

func layer(x *gorgonia.Node) (*gorgonia.Node, error) { return nnops.Dropout(x, 0.5) } // want ~nnops.Dropout has a wrong gradient~ layer:"calls"

var value = nnops.Dropout // want ~use ops.Dropout~ value:"calls"`,
	"ops/nn alone": `
import nnops "gorgonia.org/gorgonia/ops/nn"

var value = nnops.Dropout // want ~in a function of type func\(\*gorgonia.Node, float64\)~ value:"calls"`,
	"fields and maps of functions": `
import "gorgonia.org/gorgonia"

type layer struct {
	drop func(x *gorgonia.Node, p float64) (*gorgonia.Node, error)
}

var table = map[string]func(x *gorgonia.Node, p float64) (*gorgonia.Node, error){ // want table:"calls"
	"dropout": gorgonia.Dropout, // want ~use ops.Dropout~
}

var first = layer{drop: gorgonia.Dropout} // want ~use ops.Dropout~ first:"calls"`,
	"generics": `
import "gorgonia.org/gorgonia"

type stack[T any] struct{ of []T } // want stack:"calls"

func (s stack[T]) apply(x *gorgonia.Node) *gorgonia.Node { // want apply:"calls"
	return gorgonia.Must(gorgonia.Dropout(x, 0.5)) // want ~use ops.Dropout~
}

func apply[F func(*gorgonia.Node, float64) (*gorgonia.Node, error)](f F) {}

func use() { // want use:"calls"
	apply(gorgonia.Dropout) // want ~use ops.Dropout~
}`,
	"a closure for a layer": `
import "gorgonia.org/gorgonia"

type option struct{ Dropout float64 }

func fc(opts option) func(x *gorgonia.Node) (*gorgonia.Node, error) { // want fc:"calls"
	return func(x *gorgonia.Node) (*gorgonia.Node, error) {
		if opts.Dropout > 0 {
			return gorgonia.Dropout(x, opts.Dropout) // want ~use ops.Dropout~
		}
		return x, nil
	}
}`,
	"a library's layer, by its constructor": `
import (
	"gorgonia.org/gorgonia"
	"library"
)

func network(x *gorgonia.Node) (*gorgonia.Node, error) { // want network:"calls library.NewDropout, which calls gorgonia.Dropout"
	l := library.NewDropout(0.5) // want ~library.NewDropout calls gorgonia.Dropout~
	return l.Fwd(x)
}`,
	"a library's layer, by a literal": `
import "library"

var l = library.Layer(library.Drop{P: 0.5}) // want ~library.Drop calls gorgonia.Dropout~ l:"calls library.Drop, which"
var _ library.Drop`,
	"a library's function": `
import (
	"gorgonia.org/gorgonia"
	"library"
)

func network(x *gorgonia.Node) { // want network:"calls library.Wrapped"
	library.Wrapped(x)            // want ~library.Wrapped calls gorgonia.Dropout~
	library.Generic[int](x)       // want ~library.Generic calls gorgonia.Dropout~
	library.Table["dropout"](x, 1) // want ~library.Table calls gorgonia.Dropout~
	library.Plain(x)
}`,
	"probabilities to keep": `
import (
	"gorgonia.org/gorgonia"
	"github.com/gorgonia-dropout/dropout/ops"
)

type config struct{ KeepProb, keeper, Dropout float64 }

func keepRate() float64 { return 0.5 }

func network(x *gorgonia.Node, c config, p_keep []float64, keep32 float32) { // want network:"calls"
	gorgonia.Dropout(x, c.KeepProb)     // want ~use ops.Dropout~ ~KeepProb looks like the probability to keep~
	ops.Dropout(x, p_keep[0])           // want ~p_keep looks like the probability to keep, but ops.Dropout takes the probability to drop: 1-p_keep~
	ops.Dropout(x, float64(keep32))     // want ~keep32 looks like~
	ops.Dropout(x, keepRate())          // want ~keepRate looks like~
	ops.Dropout(x, 1-c.KeepProb)
	ops.Dropout(x, c.keeper)
	ops.Dropout(x, c.Dropout)
}`,
	"one machine for training and predictions": `
import "gorgonia.org/gorgonia"

type model struct{ g *gorgonia.ExprGraph; vm gorgonia.VM } // want model:"calls"

func (m *model) Fit(x *gorgonia.Node) { // want Fit:"calls"
	gorgonia.Must(gorgonia.Dropout(x, 0.5)) // want ~use ops.Dropout~
	m.vm = gorgonia.NewTapeMachine(m.g, gorgonia.BindDualValues(x)) // want ~no machine of this package has gorgonia.EvalMode~
}

func (m *model) Predict() error { return m.vm.RunAll() }`,
	"two machines, both for training": `
import "gorgonia.org/gorgonia"

func main(x *gorgonia.Node) { // want main:"calls"
	g := gorgonia.NewGraph()
	gorgonia.Must(gorgonia.Dropout(x, 0.5)) // want ~use ops.Dropout~
	gorgonia.NewTapeMachine(g)
	gorgonia.NewLispMachine(g) // want ~no machine of this package has gorgonia.EvalMode~
}`,
	"a program that only trains": `
import "gorgonia.org/gorgonia"

func main(x *gorgonia.Node) { // want main:"calls"
	gorgonia.Must(gorgonia.Dropout(x, 0.5)) // want ~use ops.Dropout~
	gorgonia.NewTapeMachine(gorgonia.NewGraph())
}`,
	"a machine for evaluation on the graph that trains": `
import "gorgonia.org/gorgonia"

type model struct{ g *gorgonia.ExprGraph; out *gorgonia.Node } // want model:"calls"

func (m *model) fit(x *gorgonia.Node) { // want fit:"calls"
	gorgonia.Must(gorgonia.Dropout(x, 0.5)) // want ~use ops.Dropout~
	gorgonia.NewTapeMachine(m.g)
}

func (n *model) predict() {
	gorgonia.NewTapeMachine(n.g.SubgraphRoots(n.out), gorgonia.EvalMode()) // want ~turns dropout off in its graph~
}`,
	"a graph for training and another for evaluation": `
import "gorgonia.org/gorgonia"

func network(x *gorgonia.Node) { // want network:"calls"
	train, eval := gorgonia.NewGraph(), gorgonia.NewGraph()
	gorgonia.Must(gorgonia.Dropout(x, 0.5)) // want ~use ops.Dropout~
	gorgonia.NewTapeMachine(train)
	gorgonia.NewTapeMachine(eval, gorgonia.EvalMode())
}`,
	"predictions within ops.Inference": `
import (
	"gorgonia.org/gorgonia"
	"github.com/gorgonia-dropout/dropout/ops"
)

func network(x *gorgonia.Node) {
	g := gorgonia.NewGraph()
	gorgonia.Must(ops.Dropout(x, 0.5))
	vm := gorgonia.NewTapeMachine(g)
	ops.Inference(g, vm.RunAll)
}

func predict() {}`,
}

const library = `package library

import "gorgonia.org/gorgonia"

type Layer interface{ Fwd(x *gorgonia.Node) (*gorgonia.Node, error) }

type dropout float64

func (l dropout) Fwd(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(x, float64(l)) }

func NewDropout(p float64) Layer { return dropout(p) }

type Drop struct{ P float64 }

func (l Drop) Fwd(x *gorgonia.Node) (*gorgonia.Node, error) { return l.fwd(x) }

func (l Drop) fwd(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(x, l.P) }

func Wrapped(x *gorgonia.Node) { Later(x) }

func Later(x *gorgonia.Node) { gorgonia.Dropout(x, 0.5) }

func Generic[T any](x *gorgonia.Node) { gorgonia.Dropout(x, 0.5) }

var Table = map[string]func(x *gorgonia.Node, p float64) (*gorgonia.Node, error){"dropout": gorgonia.Dropout}

func Plain(x *gorgonia.Node) {}
`

func TestForms(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(analysistest.TestData())); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "src", "library", "library.go"), library)
	// One load for all: errors name the form by its folder.
	var packages []string
	for name, text := range forms {
		pkg := strings.Map(func(r rune) rune {
			if r == ' ' || r == ',' || r == '\'' || r == '/' {
				return '_'
			}
			return r
		}, name)
		write(t, filepath.Join(dir, "src", pkg, "form.go"), "package form\n"+strings.ReplaceAll(text, "~", "`"))
		packages = append(packages, pkg)
	}
	slices.Sort(packages)
	analysistest.Run(t, dir, analyzer.Analyzer, packages...)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Files that the build tags leave out have no types, and so no fix. analysistest
// reads no comments of theirs.
func TestIgnoredFiles(t *testing.T) {
	var got []string
	for _, result := range analysistest.Run(silent{}, analysistest.TestData(), analyzer.Analyzer, "tagged") {
		for _, d := range result.Action.Diagnostics {
			at := result.Action.Package.Fset.Position(d.Pos)
			got = append(got, fmt.Sprintf("%s:%d:%d: %.57s", filepath.Base(at.Filename), at.Line, at.Column, d.Message))
		}
	}
	const says = "gorgonia.Dropout in a file that build tags leave out: run"
	if want := []string{"cuda.go:11:2: " + says, "cuda.go:12:2: " + says}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
