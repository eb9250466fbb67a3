package models

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// A Summary lists the layers of a model in order, including those that contain
// others, with their output shapes and numbers of parameters. A parameter is
// counted where it is first used; running statistics do not count.
type Summary struct {
	Input  []int          `json:"input"` // the shape of an example
	Layers []LayerSummary `json:"layers"`
	Params int            `json:"params"` // values of all parameters, as Model.NumParams
	Frozen int            `json:"frozen"` // of these, those that are frozen
}

// A LayerSummary describes a layer in a [Summary].
type LayerSummary struct {
	Place  string      `json:"place"`  // in the model, such as "features.0"; several may share one
	Name   string      `json:"name"`   // of its type, without "Layer"; what a method String returns, if it has one
	Output []int       `json:"output"` // the shape for one example or, in PerToken, for one token
	Params int         `json:"params"` // values of its own parameters
	Rates  []LayerRate `json:"rates,omitempty"`

	parts int // layers that it is made of
}

// A LayerRate is a setting of a dropout in a layer.
type LayerRate struct {
	Field  string  `json:"field,omitempty"`  // such as "WeightDrop", or "sigma" of noise; empty for the layer's own drop probability
	P      float64 `json:"p"`                // the drop probability, or what Field says
	Varies bool    `json:"varies,omitempty"` // an option gives another p at each step; P is not used
}

// String returns "0.5", "WeightDrop 0.5" or, for a rate that varies, "by step".
func (r LayerRate) String() string {
	s := strconv.FormatFloat(r.P, 'g', 4, 64)
	if r.Varies {
		s = "by step"
	}
	if r.Field != "" {
		s = r.Field + " " + s
	}
	return s
}

// Summary returns the layers of the model, as an evaluation graph of one
// example has them.
func (m *Model) Summary() (*Summary, error) {
	g, err := m.build(Eval, 1, false)
	if err != nil {
		return nil, errors.Wrap(err, "models: Summary")
	}
	s := &Summary{Input: m.InputShape(), Params: m.NumParams()}
	for _, l := range g.layers {
		if l.parts == 0 || l.Params > 0 || len(l.Rates) > 0 {
			s.Layers = append(s.Layers, *l)
		}
	}
	frozen := m.Frozen()
	for _, p := range m.params {
		if slices.Contains(frozen, p.name) {
			s.Frozen += p.shape.TotalSize()
		}
	}
	return s, nil
}

// list adds a layer in the place of s, which is part of whole, to the layers of
// Summary.
func (g *Graph) list(s *Scope, layer Layer, whole *LayerSummary) *LayerSummary {
	l := &LayerSummary{Place: strings.TrimSuffix(s.path, "."), Name: nameOf(layer)}
	whole.parts++
	g.layers = append(g.layers, l)
	return l
}

// nameOf returns a layer's name in a Summary.
func nameOf(layer Layer) string {
	if s, ok := layer.(fmt.Stringer); ok {
		return s.String()
	}
	t := reflect.TypeOf(layer)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return strings.TrimSuffix(t.Name(), "Layer")
}
