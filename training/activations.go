package training

import (
	"context"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

// LayerActivations are the outputs of an activation layer for a set of examples,
// without dropout: what Srivastava et al., JMLR 15, 2014, figure 8, draw to show
// that dropout makes hidden units sparse.
type LayerActivations struct {
	Layer  string    // its place in the model
	Values []float64 // of all examples and units
	Mean   float64
	Zeros  float64 // share of values that are exactly 0
}

// Activations returns the outputs of each activation layer of a model for the
// first examples of data, at most limit of them.
func Activations(ctx context.Context, m *models.Model, data Dataset, limit int) ([]LayerActivations, error) {
	n := min(limit, data.Len())
	if n < 1 {
		return nil, errors.Errorf("training: Activations: want at least one example, got %d of %d", limit, data.Len())
	}
	if !slices.Equal(data.InputShape(), m.InputShape()) {
		return nil, errors.Errorf("training: Activations: data must have examples of the model's shape %v, got %v", m.InputShape(), data.InputShape())
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Wrap(err, "training: Activations: stopped")
	}
	g, err := m.Build(models.Eval, n)
	if err != nil {
		return nil, err
	}
	if err := checkInputs(m, data); err != nil {
		return nil, errors.WithMessage(err, "training: Activations: data")
	}
	b, err := newBatch(g, FieldsOf(data), nil, models.WithActivations())
	if err != nil {
		return nil, err
	}
	defer b.Close()
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	if err := b.run(data, indices); err != nil {
		return nil, errors.Wrap(err, "training: Activations")
	}
	outputs, err := b.Activations()
	if err != nil {
		return nil, errors.Wrap(err, "training: Activations")
	}
	layers := make([]LayerActivations, 0, len(outputs))
	for _, o := range outputs {
		layers = append(layers, activationsOf(o))
	}
	return layers, nil
}

// activationsOf returns the values of a layer with what is told of them.
func activationsOf(o models.LayerValues) LayerActivations {
	l := LayerActivations{Layer: o.Layer}
	switch o.Values.Dtype() {
	case tensor.Float32:
		for _, v := range o.Values.Float32s() {
			l.Values = append(l.Values, float64(v))
		}
	case tensor.Float64:
		l.Values = o.Values.Float64s()
	}
	for _, v := range l.Values {
		l.Mean += v / float64(len(l.Values))
		if v == 0 {
			l.Zeros += 1 / float64(len(l.Values))
		}
	}
	return l
}
