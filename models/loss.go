package models

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// AddLoss adds a term of a layer, such as the regularizer of its weights, to
// what training minimizes: a scalar node of the graph, of float32 or float64
// like the loss. A Trainer of package training adds the terms to the loss of its
// examples; they are part of the loss that it reports for training. In graphs
// for other purposes the term is left out, so build it in graphs of mode
// [Train] only.
func (s *Scope) AddLoss(term *gorgonia.Node) error {
	if term == nil || term.Graph() != s.graph.ExprGraph {
		return s.Errorf("AddLoss: term must be a node of the graph under construction, got %v", term)
	}
	if dt, err := op.DtypeOf(term); err != nil || dt != s.model.dtype || !term.IsScalar() {
		return s.Errorf("AddLoss: term must be a scalar of %v, got %v", s.model.dtype, term.Type())
	}
	if s.graph.mode == Train {
		s.graph.losses = append(s.graph.losses, term)
	}
	return nil
}

// Losses returns the terms that layers have added to the loss, in order.
func (g *Graph) Losses() gorgonia.Nodes { return slices.Clone(g.losses) }

// ScalarParam returns a scalar node for the parameter called name, made by init
// at first use. The parameter itself is a vector of one element, as such
// parameters usually are in PyTorch.
func (s *Scope) ScalarParam(name string, init Init) (*gorgonia.Node, error) {
	v, err := s.Param(name, []int{1}, init)
	if err != nil {
		return nil, err
	}
	scalar, err := gorgonia.Sum(v)
	return scalar, s.Wrap(err, name)
}
