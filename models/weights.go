package models

import (
	"maps"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/graph"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// Weights returns copies of the parameters and states by name, in the layout of
// all files of weights: the names and shapes of PyTorch's state_dict for the
// same network. Matrices that multiply inputs from the right, (inputs, outputs)
// here, are (outputs, inputs) there. Everything else is unchanged:
// convolutions, embeddings and the weights of LSTM and GRU.
func (m *Model) Weights() (map[string]*tensor.Dense, error) {
	if err := m.checkValues(); err != nil {
		return nil, errors.Wrap(err, "models: Weights")
	}
	turned, err := m.turned()
	if err != nil {
		return nil, errors.Wrap(err, "models: Weights")
	}
	weights := make(map[string]*tensor.Dense, len(m.byName))
	err = m.View(func() error {
		for name, p := range m.byName {
			if turned[name] {
				weights[name] = transpose(p.value)
			} else {
				weights[name] = p.value.Clone().(*tensor.Dense)
			}
		}
		return nil
	})
	return weights, err
}

// SetWeights copies tensors such as [Model.Weights] returns into the parameters
// and states. They must have exactly the names, shapes and type of the model's;
// otherwise it returns an error and changes nothing.
func (m *Model) SetWeights(weights map[string]*tensor.Dense) error {
	if err := m.checkWeights(weights); err != nil {
		return errors.Wrap(err, "models: SetWeights")
	}
	return errors.Wrap(m.set(weights), "models: SetWeights")
}

// set sets some or all tensors, of the right names, shapes and type.
func (m *Model) set(weights map[string]*tensor.Dense) error {
	turned, err := m.turned()
	if err != nil {
		return err
	}
	return m.Update(func() error {
		for name, from := range weights {
			p := m.byName[name]
			if turned[name] {
				from = transpose(from)
			}
			// Sizes and types have been checked, so this cannot fail.
			if p.value.Dtype() == tensor.Float32 {
				copy(p.value.Float32s(), from.Float32s())
			} else {
				copy(p.value.Float64s(), from.Float64s())
			}
		}
		return nil
	})
}

// CheckWeights returns the error that [Model.SetWeights] would, and changes
// nothing.
func (m *Model) CheckWeights(weights map[string]*tensor.Dense) error {
	return errors.Wrap(m.checkWeights(weights), "models: CheckWeights")
}

func (m *Model) checkWeights(weights map[string]*tensor.Dense) error {
	if err := m.checkValues(); err != nil {
		return err
	}
	shapes, err := m.shapes()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		from, want := weights[name], shapes[name]
		switch {
		case from == nil:
			return errors.Errorf("weights must have the model's tensor %s, got none", name)
		case !from.Shape().Eq(want) || from.Dtype() != m.dtype:
			return errors.Errorf("tensor %s must be of %v and shape %v, got %v %v", name, m.dtype, want, from.Dtype(), from.Shape())
		case from.RequiresIterator() || from.DataOrder().IsColMajor():
			return errors.Errorf("tensor %s must be row-major without gaps", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		if shapes[name] == nil {
			return errors.Errorf("weights must have the model's tensors only, got %q", name)
		}
	}
	return nil
}

// shapes returns the shapes of the tensors in Weights.
func (m *Model) shapes() (map[string]tensor.Shape, error) {
	turned, err := m.turned()
	if err != nil {
		return nil, err
	}
	shapes := make(map[string]tensor.Shape, len(m.byName))
	for name, p := range m.byName {
		shapes[name] = p.shape.Clone()
		if turned[name] {
			slices.Reverse(shapes[name])
		}
	}
	return shapes, nil
}

// findTurned returns the names of the matrices that are stored as (inputs,
// outputs): the right factors of products in the evaluation graph.
func (m *Model) findTurned() (map[string]bool, error) {
	g, err := m.Build(Eval, 1)
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string)
	for p, n := range g.params {
		names[n.ID()] = p.name
	}
	turned := make(map[string]bool)
	for _, n := range g.AllNodes() {
		input, ok := op.Projection(n)
		if !ok && n.Op() != nil && n.Op().String() == "A × B" {
			input, ok = 1, true // gorgonia.Mul, which cannot be asked
		}
		if !ok {
			continue
		}
		in := graph.NodesOf(g.From(n.ID()))
		if name, ok := names[in[input].ID()]; ok {
			turned[name] = true
		}
	}
	return turned, nil
}

// transpose returns the transpose of a matrix, in new memory.
func transpose(d *tensor.Dense) *tensor.Dense {
	rows, cols := d.Shape()[0], d.Shape()[1]
	if d.Dtype() == tensor.Float32 {
		return tensor.New(tensor.WithShape(cols, rows), tensor.WithBacking(transposedData(d.Float32s(), rows, cols)))
	}
	return tensor.New(tensor.WithShape(cols, rows), tensor.WithBacking(transposedData(d.Float64s(), rows, cols)))
}

func transposedData[F float32 | float64](x []F, rows, cols int) []F {
	y := make([]F, len(x))
	for r := range rows {
		for c := range cols {
			y[c*rows+r] = x[r*cols+c]
		}
	}
	return y
}
