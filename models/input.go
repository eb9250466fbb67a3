package models

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
)

// An Input is what a model is given by name, besides the input that goes through its
// layers.
type Input struct {
	Name  string
	Type  tensor.Dtype // that of the model, or tensor.Int
	Shape []int        // for one example; empty for one number
	// State says that it holds a state, zeros unless set; see LSTM.State.
	State bool
}

// shape returns the shape for a batch.
func (in Input) shape(batch int) tensor.Shape { return append(tensor.Shape{batch}, in.Shape...) }

// WithInput gives the model a further input, with numbers of the given shape for each
// example: none for one number. Layers take it by [Scope.Input], as [Join] does; one
// that no layer takes is an error of [New].
//
//	models.New(net, []int{64}, models.WithInput("age", 1), models.WithIDs("region"))
func WithInput(name string, shape ...int) Option {
	return func(m *Model) {
		m.declared = append(m.declared, Input{Name: name, Type: m.dtype, Shape: slices.Clone(shape)})
	}
}

// WithIDs is [WithInput] of int, such as the ids that [Embedding] takes.
func WithIDs(name string, shape ...int) Option {
	return func(m *Model) {
		m.declared = append(m.declared, Input{Name: name, Type: tensor.Int, Shape: slices.Clone(shape)})
	}
}

// MaskInput is the name of the input of [WithMask].
const MaskInput = "mask"

// WithMask says that sequences are padded: the model has an input called [MaskInput],
// of shape (time), the first axis of an example, which is 1 where a sequence is and 0 at
// its padding. [SelfAttention], [TransformerBlock], [LSTM], [GRU], [LastStep] and
// [MeanSteps] obey it wherever they are in the model, and so change nothing for the rest
// of a sequence, to the bit; see [nn.Attention] and [nn.Recurrence]. Layers that treat
// each token alike need no mask. A loss and metrics obey it as weights: see the Dataset
// datasets.Sequences.
//
// Masks of dropout are drawn for the padded shape: what a batch drops depends on the
// length that its sequences are padded to, and not on what the padding holds.
func WithMask() Option { return func(m *Model) { m.masked = true } }

// Inputs returns the inputs that the model has besides that of its layers: those of
// [WithInput] and [WithIDs] in order, the mask, and the states of its layers.
func (m *Model) Inputs() []Input {
	all := slices.Clone(m.declared)
	for i := range all {
		all[i].Shape = slices.Clone(all[i].Shape)
	}
	return all
}

// declare completes the inputs that options have given, and checks them.
func (m *Model) declare() error {
	if m.masked {
		if len(m.input) == 0 {
			return errors.New("models: New: WithMask: examples must have time as first axis, got numbers")
		}
		m.declared = append(m.declared, Input{Name: MaskInput, Shape: []int{m.input[0]}})
	}
	for i := range m.declared {
		in := &m.declared[i]
		if in.Type != tensor.Int {
			in.Type = m.dtype // which an option may have set after this one
		}
		if err := m.checkInput(*in, m.declared[:i]); err != nil {
			return errors.WithMessage(err, "models: New")
		}
	}
	return nil
}

// checkInput returns an error unless an input can stand behind others.
func (m *Model) checkInput(in Input, before []Input) error {
	if in.Name == "" {
		return errors.New("inputs must have names, got none")
	}
	if slices.ContainsFunc(before, func(b Input) bool { return b.Name == in.Name }) {
		return errors.Errorf("names of inputs must differ, got %q twice", in.Name)
	}
	if size, err := bounded.Product(maxValues, in.Shape...); err != nil || size == 0 || slices.ContainsFunc(in.Shape, func(d int) bool { return d < 0 }) {
		return errors.Errorf("input %q must have a positive size, got shape %v", in.Name, tensor.Shape(in.Shape))
	}
	return nil
}

// checkUsed returns an error unless the graph uses all inputs.
func (g *Graph) checkUsed() error {
	for _, in := range g.model.declared {
		if g.inputs[in.Name] == nil {
			return errors.Errorf("models: New: input %q must be taken by a layer, got none that does", in.Name)
		}
	}
	return nil
}

// Input returns the node of a further input of the model, of shape (batch, ...); see
// [WithInput].
func (s *Scope) Input(name string) (*gorgonia.Node, error) {
	for _, in := range s.model.declared {
		if in.Name == name {
			return s.graph.take(in), nil
		}
	}
	return nil, s.Errorf("input %q must be one of the model's, got none of this name: give it to New by WithInput or WithIDs", name)
}

// take returns the node of an input, which it makes at first use: gorgonia.Grad fails
// where one stays unused.
func (g *Graph) take(in Input) *gorgonia.Node {
	if n, ok := g.inputs[in.Name]; ok {
		return n
	}
	shape := in.shape(g.Input.Shape()[0])
	n := gorgonia.NewTensor(g.ExprGraph, in.Type, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("input "+in.Name))
	g.inputs[in.Name] = n
	return n
}

// state returns the node of an input with a state of the given shape, which the first
// graph declares.
func (s *Scope) state(name string, shape ...int) (*gorgonia.Node, error) {
	if !s.model.sealed && !slices.ContainsFunc(s.model.declared, func(in Input) bool { return in.Name == name }) {
		in := Input{Name: name, Type: s.model.dtype, Shape: shape, State: true}
		if err := s.model.checkInput(in, nil); err != nil {
			return nil, s.Wrap(err, "state")
		}
		s.model.declared = append(s.model.declared, in)
	} else if s.graph.inputs[name] != nil {
		return nil, s.Errorf("states must have names of their own, got %q twice", name)
	}
	return s.Input(name)
}

// Mask returns the mask of the sequences in this place, of shape (batch, time): that of
// [WithMask], or that of [Scope.WithMask]. It is nil if there is none.
func (s *Scope) Mask() (*gorgonia.Node, error) {
	if s.ownMask || !s.model.masked {
		return s.mask, nil
	}
	return s.Input(MaskInput)
}

// WithMask returns the scope with another mask, for layers whose sequences are others
// than the model's input: nil for sequences without padding.
func (s *Scope) WithMask(mask *gorgonia.Node) *Scope {
	c := *s
	c.ownMask, c.mask = true, mask
	return &c
}
