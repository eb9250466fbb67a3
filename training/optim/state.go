package optim

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// State is a solver's state, for checkpoints.
type State struct {
	// Step is the number of steps taken.
	Step int64

	// Slots holds by name what the solver remembers about each parameter, in
	// the order of the parameters and with their shapes and element types; each
	// solver's documentation lists the names. It has no entry for slots that
	// were not needed so far.
	Slots map[string][]*tensor.Dense
}

// state copies the state out.
func (c *core) state(names slotNames) State {
	s := State{Step: c.steps, Slots: map[string][]*tensor.Dense{}}
	for k, name := range names {
		if !c.slots[k] {
			continue
		}
		list := make([]*tensor.Dense, len(c.params))
		for i := range c.params {
			list[i] = c.params[i].slot(k)
		}
		s.Slots[name] = list
	}
	return s
}

// setState copies a state in. Once a step has been taken, the first required
// names must be present.
func (c *core) setState(solver string, names slotNames, required int, s State) error {
	if s.Step < 0 {
		return errors.Errorf("optim: %s.SetState: Step must not be negative, got %d", solver, s.Step)
	}
	for name := range s.Slots {
		if name == "" || !slices.Contains(names[:], name) {
			return errors.Errorf("optim: %s.SetState: slots must be of %q, got %q", solver, names.list(), name)
		}
	}
	for _, name := range names[:required] {
		if _, ok := s.Slots[name]; !ok && (s.Step > 0 || len(s.Slots) > 0) {
			return errors.Errorf("optim: %s.SetState: must have slot %q, got none", solver, name)
		}
	}

	var params []param
	var held [maxSlots]bool
	seen := c.seen && len(s.Slots) > 0
	if seen {
		params = make([]param, len(c.params))
		for i := range params {
			params[i].kind = c.params[i].kind
		}
	}
	for k, name := range names {
		list, ok := s.Slots[name]
		if !ok {
			continue
		}
		if !seen {
			params, seen = make([]param, len(list)), true
			for i, d := range list {
				kind, err := kindOf(d)
				if err != nil {
					return errors.WithMessagef(err, "optim: %s.SetState: slot %q, parameter %d", solver, name, i)
				}
				params[i].kind = kind
			}
		}
		if len(list) != len(params) {
			return errors.Errorf("optim: %s.SetState: slot %q must hold %d tensors, got %d", solver, name, len(params), len(list))
		}
		for i, d := range list {
			if err := params[i].setSlot(k, d); err != nil {
				return errors.WithMessagef(err, "optim: %s.SetState: slot %q, parameter %d", solver, name, i)
			}
		}
		held[k] = true
	}

	c.steps, c.params, c.slots = s.Step, params, held
	c.seen = seen
	return nil
}

// kindOf returns the kind of a tensor of a state.
func kindOf(d *tensor.Dense) (kind, error) {
	if d == nil {
		return kind{}, errors.New("must be a tensor, got nil")
	}
	v, err := view(d)
	if err != nil {
		return kind{}, err
	}
	return v.kind.clone(), nil
}

// slot returns a copy of slot k.
func (p *param) slot(k int) *tensor.Dense {
	if p.wide {
		return dense(p.f64.slots[k], p.shape)
	}
	return dense(p.f32.slots[k], p.shape)
}

func dense[F float](data []F, shape tensor.Shape) *tensor.Dense {
	if len(shape) == 0 {
		return tensor.New(tensor.FromScalar(data[0]))
	}
	return tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(slices.Clone(data)))
}

// setSlot copies d into a new slot k.
func (p *param) setSlot(k int, d *tensor.Dense) error {
	got, err := kindOf(d)
	if err != nil {
		return err
	}
	if !got.equal(p.kind) {
		return errors.Errorf("must be %v, got %v", p.kind, got)
	}
	v, err := view(d)
	if err != nil {
		return err
	}
	if v.strides != nil {
		return errors.Errorf("must be row-major, got strides %v for shape %v", v.strides, v.shape)
	}
	p.f32.slots[k] = slices.Clone(v.f32)
	p.f64.slots[k] = slices.Clone(v.f64)
	return nil
}
