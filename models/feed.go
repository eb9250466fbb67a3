package models

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A feed is the memory for a further input of a batch.
type feed struct {
	input Input
	size  int // of an example
	data  any // []float32, []float64 or []int
}

// feeds returns the memory for the further inputs of a graph, which it binds.
func (g *Graph) feeds() ([]feed, error) {
	var all []feed
	for _, in := range g.model.declared {
		shape := in.shape(g.Input.Shape()[0])
		f := feed{input: in, size: shape.TotalSize() / shape[0]}
		value := tensor.New(tensor.Of(in.Type), tensor.WithShape(shape...))
		f.data = value.Data()
		all = append(all, f)
		// A graph for another mode may do without one.
		if n := g.inputs[in.Name]; n != nil {
			if err := gorgonia.Let(n, value); err != nil {
				return nil, errors.Wrapf(err, "models: Compile: binding the input %q", in.Name)
			}
		}
	}
	return all, nil
}

// feed returns the memory of a further input.
func (p *Program) feed(name string) (feed, error) {
	for _, f := range p.feeds {
		if f.input.Name == name {
			return f, nil
		}
	}
	return feed{}, errors.Errorf("input %q must be one of the model's, got none of this name", name)
}

// Set sets a further input of a batch, one example after the other, before Run: a
// []float32, []float64 or []int with the values of all examples. Numbers go to inputs of
// [WithInput], which round them to the model's type, and int to those of [WithIDs]. It
// is an error if a finite number becomes infinite. What is set stays until it is set
// again.
func (p *Program) Set(name string, values any) error {
	f, err := p.feed(name)
	if err == nil {
		err = f.set(values)
	}
	return errors.WithMessage(err, "models: Set")
}

func (f feed) set(values any) error {
	switch to := f.data.(type) {
	case []int:
		if from, ok := values.([]int); ok && len(from) == len(to) {
			copy(to, from)
			return nil
		}
	case []float32:
		switch from := values.(type) {
		case []float32:
			if len(from) == len(to) {
				copy(to, from)
				return nil
			}
		case []float64:
			if len(from) == len(to) {
				return f.narrow(to, from)
			}
		}
	case []float64:
		switch from := values.(type) {
		case []float64:
			if len(from) == len(to) {
				copy(to, from)
				return nil
			}
		case []float32:
			if len(from) == len(to) {
				for i, v := range from {
					to[i] = float64(v)
				}
				return nil
			}
		}
	}
	return f.mismatch(values)
}

// narrow rounds numbers, if all stay finite.
func (f feed) narrow(to []float32, from []float64) error {
	if at := slices.IndexFunc(from, func(v float64) bool { return math.IsInf(float64(float32(v)), 0) && !math.IsInf(v, 0) }); at >= 0 {
		return errors.Errorf("input %q: value %d must be finite as float32, got %v", f.input.Name, at, from[at])
	}
	for i, v := range from {
		to[i] = float32(v)
	}
	return nil
}

// mismatch says what the input takes instead of values.
func (f feed) mismatch(values any) error {
	n, want := 0, "float32 or float64"
	switch to := f.data.(type) {
	case []int:
		n, want = len(to), "int"
	case []float32:
		n = len(to)
	case []float64:
		n = len(to)
	}
	switch v := values.(type) {
	case []float32:
		return errors.Errorf("input %q must have %d values of %s, got %d of float32", f.input.Name, n, want, len(v))
	case []float64:
		return errors.Errorf("input %q must have %d values of %s, got %d of float64", f.input.Name, n, want, len(v))
	case []int:
		return errors.Errorf("input %q must have %d values of %s, got %d of int", f.input.Name, n, want, len(v))
	}
	return errors.Errorf("input %q must have %d values of %s, got %T", f.input.Name, n, want, values)
}

// CopyInputs sets all inputs to those of another program of the model, for as many
// examples.
func (p *Program) CopyInputs(from *Program) error {
	if len(from.inputs) != len(p.inputs) || len(from.feeds) != len(p.feeds) {
		return errors.Errorf("models: CopyInputs: inputs must be those of a program for as many examples, %v, got %v",
			p.graph.Input.Shape(), from.graph.Input.Shape())
	}
	copy(p.inputs, from.inputs)
	for i, f := range p.feeds {
		if err := f.set(from.feeds[i].data); err != nil {
			return errors.WithMessage(err, "models: CopyInputs")
		}
	}
	return nil
}

// CarryStates makes the final states of the last run the initial ones of the next, for
// the next part of the same sequences: truncated backpropagation through time. See
// LSTM.State.
func (p *Program) CarryStates() error {
	for _, f := range p.feeds {
		if !f.input.State {
			continue
		}
		final, err := p.Output(f.input.Name)
		if err == nil {
			err = f.set(final.Data())
		}
		if err != nil {
			return errors.WithMessage(err, "models: CarryStates")
		}
	}
	return nil
}

// ResetStates makes the initial states of the next run zeros, for new sequences.
func (p *Program) ResetStates() {
	for _, f := range p.feeds {
		switch data := f.data.(type) {
		case []float32:
			if f.input.State {
				clear(data)
			}
		case []float64:
			if f.input.State {
				clear(data)
			}
		}
	}
}

// Output returns the values of a further output in the last run, a copy of them.
func (p *Program) Output(name string) (*tensor.Dense, error) {
	for _, o := range p.graph.outputs {
		if o.name != name {
			continue
		}
		d, ok := o.node.Value().(*tensor.Dense)
		if !ok {
			return nil, errors.Errorf("models: Output: %q must be a dense tensor after a run, got %T", name, o.node.Value())
		}
		return d.Clone().(*tensor.Dense), nil
	}
	return nil, errors.Errorf("models: Output: %q must be an output of the model, got none of this name", name)
}
