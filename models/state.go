package models

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// State returns the model's tensor called name that is not trained, such as
// running statistics. The model makes it at first use, with init and the given
// shape. Graphs share its memory; layers read and write it inside ops, not
// through nodes.
func (s *Scope) State(name string, shape []int, init Init) (*tensor.Dense, error) {
	m, name := s.model, s.path+name
	known := m.byName[name]
	trained := len(m.params)
	p, err := m.param(name, shape, init, false)
	if err != nil {
		return nil, err
	}
	switch {
	case known == nil:
		// params lists what is trained; byName has everything of the model.
		m.params = m.params[:trained]
	case slices.Contains(m.params, p):
		return nil, errors.Errorf("models: %s must be a state, got a parameter of that name", name)
	}
	return share(p.value), nil
}

// States returns the tensors that belong to the model but are not trained, such
// as running statistics, sorted by name. Save and load them along with
// [Model.Params].
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
