package models

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// A Mode says what a graph is for.
type Mode uint8

const (
	// Eval graphs compute predictions: without dropout.
	Eval Mode = iota
	// Train graphs drop units, a new mask each step.
	Train
	// Sample graphs predict with dropout left on: one sample of the thinned
	// networks each step (Gal and Ghahramani 2016).
	Sample
)

func (m Mode) String() string {
	switch m {
	case Eval:
		return "eval"
	case Train:
		return "train"
	case Sample:
		return "sample"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// A Layer adds its nodes to the graph of x and returns its output. The first
// axis of x is the batch.
//
// A layer has no state: it asks the scope for its parameters by name, and the
// same layer may be applied in many graphs.
type Layer interface {
	Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error)
}

// LayerFunc makes a layer of a function.
type LayerFunc func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error)

// Apply calls f.
func (f LayerFunc) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return f(s, x) }

// A Scope is the place of a layer in a model, under construction as a graph.
type Scope struct {
	model *Model
	graph *Graph
	path  string
	// dropouts counts the dropout layers of the graph so far. Scopes of one
	// graph share it.
	dropouts *uint32
}

// Child returns the scope of a part named name. Parameters are named after
// their scopes as in PyTorch's state_dict: "0.weight".
func (s *Scope) Child(name string) *Scope {
	c := *s
	c.path = s.path + name + "."
	return &c
}

// Mode says what the graph is for.
func (s *Scope) Mode() Mode { return s.graph.mode }

// Graph returns the graph under construction.
func (s *Scope) Graph() *gorgonia.ExprGraph { return s.graph.ExprGraph }

// Param returns the node of the parameter called name, which the model makes
// with init and the given shape when it sees the name first.
func (s *Scope) Param(name string, shape []int, init Init) (*gorgonia.Node, error) {
	p, err := s.model.param(s.path+name, shape, init)
	if err != nil {
		return nil, err
	}
	return s.graph.bind(p)
}

// DropoutStream returns the stream of a dropout in this place: the model's seed, a
// layer id of its own, and the mode. The step is the graph's one. It must be called
// once for each dropout in every graph, so that ids agree; ok is false in an
// evaluation graph, which must be built without the dropout.
func (s *Scope) DropoutStream() (stream ops.StreamOption, ok bool) {
	*s.dropouts++
	mode := ops.Auto
	if s.graph.mode == Sample {
		mode = ops.Sampling
	}
	return ops.WithStream(ops.WithSeed(s.model.seed), ops.WithLayer(*s.dropouts), ops.WithMode(mode)), s.graph.mode != Eval
}

// Errorf returns an error that names the place: "models: 3: Linear: ...".
func (s *Scope) Errorf(format string, args ...any) error {
	return errors.Errorf("models: "+s.place()+format, args...)
}

// Wrap puts the place before err, and returns nil for nil.
func (s *Scope) Wrap(err error, what string) error {
	return errors.Wrap(err, "models: "+s.place()+what)
}

func (s *Scope) place() string {
	if s.path == "" {
		return ""
	}
	return s.path[:len(s.path)-1] + ": "
}
