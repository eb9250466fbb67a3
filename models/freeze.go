package models

import (
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Freeze keeps parameters as they are: from the next Trainer.Fit on, training
// computes no gradient for them and solvers do not see them. A name is that of
// a tensor or, if it ends with a dot, of a part of the model: "0.weight",
// "features.". So Freeze(report.Loaded...) freezes what [Model.Load] has set
// and leaves the rest to training.
//
// Running statistics are not trained, and naming them changes nothing: in
// training they keep following the batches, as in PyTorch. A name that fits
// nothing in the model is an error, and nothing is frozen.
// if the model has nothing of a name.
func (m *Model) Freeze(names ...string) error { return m.freeze("Freeze", names, true) }

// Unfreeze undoes [Model.Freeze]; names and errors are the same.
func (m *Model) Unfreeze(names ...string) error { return m.freeze("Unfreeze", names, false) }

func (m *Model) freeze(what string, names []string, frozen bool) error {
	for _, name := range names {
		if !anyIn(maps.Keys(m.byName), name) {
			return errors.Errorf("models: %s: name must be that of a tensor of the model or, with a dot at its end, of a part, got %q", what, name)
		}
	}
	return m.Update(func() error {
		for _, p := range m.params {
			if slices.ContainsFunc(names, func(part string) bool { return in(p.name, part) }) {
				p.frozen = frozen
			}
		}
		return nil
	})
}

// Frozen returns the names of the frozen parameters, sorted.
func (m *Model) Frozen() []string {
	var names []string
	_ = m.View(func() error {
		for _, p := range m.params {
			if p.frozen {
				names = append(names, p.name)
			}
		}
		return nil
	})
	slices.Sort(names)
	return names
}

// in reports whether tensor is called name or, if name ends with a dot, lies in
// that part.
func in(tensor, name string) bool {
	return tensor == name || strings.HasSuffix(name, ".") && strings.HasPrefix(tensor, name)
}

// anyIn reports whether one of the tensors is in name.
func anyIn(tensors func(func(string) bool), name string) bool {
	for t := range tensors {
		if in(t, name) {
			return true
		}
	}
	return false
}
