package models

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// State returns the tensor called name that belongs to the model but is not
// trained, such as running statistics. The model makes it with init and the given
// shape when it sees the name first. Graphs share its memory; layers read and
// write it inside ops, not through nodes.
func (s *Scope) State(name string, shape []int, init Init) (*tensor.Dense, error) {
	m, name := s.model, s.path+name
	known := m.byName[name]
	trained := len(m.params)
	p, err := m.param(name, shape, init)
	if err != nil {
		return nil, err
	}
	switch {
	case known == nil:
		// What is trained is in params; what belongs to the model is in byName.
		m.params = m.params[:trained]
	case slices.Contains(m.params, p):
		return nil, errors.Errorf("models: %s must be a state, got a parameter of that name", name)
	}
	return share(p.value), nil
}

// States returns the tensors that belong to the model but are not trained, sorted
// by name: running statistics, for instance. They must be saved and loaded along
// with Params.
func (m *Model) States() []*Param {
	var states []*Param
	for _, p := range m.byName {
		if !slices.Contains(m.params, p) {
			states = append(states, p)
		}
	}
	slices.SortFunc(states, func(a, b *Param) int { return strings.Compare(a.name, b.name) })
	return states
}
