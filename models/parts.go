package models

import "gorgonia.org/gorgonia"

// A part is a layer with its name, which is empty if it has no parameters.
type part struct {
	name  string
	layer Layer
}

// parts applies layers one after the other.
type parts []part

func (p parts) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	for _, part := range p {
		var err error
		if x, err = s.Apply(part.name, part.layer, x); err != nil {
			return nil, err
		}
	}
	return x, nil
}
