package models_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Terms of layers are in graphs for training, in order.
func TestAddLoss(t *testing.T) {
	var terms gorgonia.Nodes
	net := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := s.Apply("0", models.Linear(3, 2), x)
		if err != nil {
			return nil, err
		}
		for _, name := range []string{"a", "b"} {
			term, err := s.ScalarParam(name, models.Constant(2))
			if err != nil {
				return nil, err
			}
			terms = append(terms, term)
			if err := s.AddLoss(term); err != nil {
				return nil, err
			}
		}
		return y, nil
	})
	m, err := models.New(net, []int{3})
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[models.Mode]int{models.Train: 2, models.Eval: 0, models.Sample: 0} {
		terms = nil
		g, err := m.Build(mode, 4)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Losses(); len(got) != want || want > 0 && (got[0] != terms[0] || got[1] != terms[1]) {
			t.Errorf("%v: there must be %d terms, got %v", mode, want, got)
		}
	}
	if p := m.Params(); len(p) != 4 || p[2].Name() != "a" || !p[2].Value().Shape().Eq(tensor.Shape{1}) || p[2].Value().Data().([]float32)[0] != 2 {
		t.Errorf("a must be a parameter of one element, 2, got %v", p)
	}
}

// The layer's op has the place, the probability and the options given to it, in
// graphs that drop; the parameters are the same in all.
func TestConcreteDropoutLayer(t *testing.T) {
	layer := models.ConcreteDropoutLayer{Linear: models.Linear(0, 2), P: 0.25, Weight: 0.5, Options: []ops.ConcreteOption{ops.WithTemperature(0.5)}}
	m, err := models.New(models.Sequential{models.Dropout(0), layer}, []int{3}, models.WithSeed(7))
	if err != nil {
		t.Fatal(err)
	}
	if logit := m.Params()[2].Value().Data().([]float32)[0]; logit != float32(ops.Logit(0.25)) {
		t.Errorf("p_logit must be %v, got %v", ops.Logit(0.25), logit)
	}
	for mode, want := range map[models.Mode]struct {
		op    string
		terms int
	}{
		models.Train:  {"ConcreteDropout{order=0 t=0.5 seed=7 layer=2 mode=train shared=[]}", 1},
		models.Sample: {"ConcreteDropout{order=0 t=0.5 seed=7 layer=2 mode=sample shared=[]}", 0},
		models.Eval:   {"", 0},
	} {
		g, err := m.Build(mode, 4)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, n := range g.AllNodes() {
			if s := fmt.Sprint(n.Op()); strings.HasPrefix(s, "ConcreteDropout") {
				found += s
			}
		}
		if found != want.op || len(g.Losses()) != want.terms || len(g.Params()) != 3 {
			t.Errorf("%v: want %+v and 3 parameters, got %q, %d and %d", mode, want, found, len(g.Losses()), len(g.Params()))
		}
	}
}

func TestAddLossErrors(t *testing.T) {
	for want, term := range map[string]func(g *gorgonia.ExprGraph) *gorgonia.Node{
		"models: AddLoss: term must be a node of the graph under construction, got <nil>": func(*gorgonia.ExprGraph) *gorgonia.Node { return nil },
		"models: AddLoss: term must be a node of the graph under construction, got other": func(*gorgonia.ExprGraph) *gorgonia.Node {
			return gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithName("other"))
		},
		"models: AddLoss: term must be a scalar of float32, got float64": func(g *gorgonia.ExprGraph) *gorgonia.Node {
			return gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("wide"))
		},
		"models: AddLoss: term must be a scalar of float32, got Vector float32": func(g *gorgonia.ExprGraph) *gorgonia.Node {
			return gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("v"))
		},
	} {
		net := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return x, s.AddLoss(term(s.Graph())) })
		_, err := models.New(net, []int{3})
		testkit.Rejects(t, err, want)
	}
}
