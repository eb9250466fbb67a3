package models

import (
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// A Scope is the place of a [Layer] in a model whose graph is under
// construction.
type Scope struct {
	model *Model
	graph *Graph
	path  string
	// dropouts counts the graph's dropout layers so far. The scopes of a graph
	// share it.
	dropouts *uint32
	// layer is what Summary says of the layer in this place.
	layer *LayerSummary
	// mask is that of sequences in this place, if it is another than the model's.
	mask    *gorgonia.Node
	ownMask bool
}

// Child returns the scope of the part called name. Parameters are named after
// their scopes, as in PyTorch's state_dict: "0.weight".
func (s *Scope) Child(name string) *Scope {
	c := *s
	c.path = s.path + name + "."
	return &c
}

// Apply adds a layer as the part of s called name. With an empty name the layer
// takes the place of s itself, which is right for parts without parameters.
// [Model.Summary] lists layers that are added by Apply.
func (s *Scope) Apply(name string, layer Layer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if layer == nil {
		return nil, s.Errorf("part %q must be a layer, got nil", name)
	}
	c := *s
	if name != "" {
		c.path = s.path + name + "."
	}
	c.layer = s.graph.list(&c, layer, s.layer)
	y, err := layer.Apply(&c, x)
	if err == nil && y != nil {
		c.layer.Output = y.Shape()[min(1, y.Dims()):].Clone()
	}
	return y, err
}

// Mode returns what the graph is for.
func (s *Scope) Mode() Mode { return s.graph.mode }

// Graph returns the graph under construction.
func (s *Scope) Graph() *gorgonia.ExprGraph { return s.graph.ExprGraph }

// Param returns the node of the parameter called name. The model makes it at
// first use, with init and the given shape.
func (s *Scope) Param(name string, shape []int, init Init) (*gorgonia.Node, error) {
	p, err := s.model.param(s.path+name, shape, init, s.model.sketch)
	if err != nil {
		return nil, err
	}
	if s.graph.uses[p] == 0 {
		s.layer.Params += p.shape.TotalSize()
	}
	return s.graph.bind(p)
}

// DropoutStream returns the stream of a dropout in this place: the model's
// seed, a new layer id, the graph's step, and the mode. Call it once for each
// dropout in every graph, so that ids agree. ok is false in an evaluation
// graph, which needs no dropout that passes its input unchanged there; what
// does not ([ops.WeightScalingDropout], [ops.Zoneout]) takes the stream all the
// same.
func (s *Scope) DropoutStream() (stream ops.StreamOption, ok bool) {
	*s.dropouts++
	return ops.WithStream(ops.WithSeed(s.model.seed), ops.WithLayer(*s.dropouts), ops.WithMode(s.graph.mode)), s.graph.mode != Eval
}

// Errorf returns an error that begins with the place: "models: 3: Linear: ...".
func (s *Scope) Errorf(format string, args ...any) error {
	return errors.Errorf("models: "+s.place()+format, args...)
}

// Wrap puts the place before err and returns nil for nil.
func (s *Scope) Wrap(err error, what string) error {
	return errors.Wrap(err, "models: "+s.place()+what)
}

// place is what errors begin with.
func (s *Scope) place() string {
	if s.path == "" {
		return ""
	}
	return strings.TrimSuffix(s.path, ".") + ": "
}
