package models

import "gorgonia.org/gorgonia"

// A Layer adds its nodes to the graph of x and returns its output. The first
// axis of x is the batch.
//
// A layer has no state: it asks the scope for its parameters by name, so the
// same layer may be applied in many graphs. A layer made of others applies them
// by [Scope.Apply].
type Layer interface {
	Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error)
}

// LayerFunc makes a function a [Layer].
type LayerFunc func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error)

// Apply calls f.
func (f LayerFunc) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return f(s, x) }
