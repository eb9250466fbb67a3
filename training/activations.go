package training

import (
	"context"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
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
	p, err := bindInput(m, g)
	if err != nil {
		return nil, err
	}
	// Each value is read into a slice of its own while the machine runs: later ops
	// may overwrite what the nodes hold.
	layers := make([]LayerActivations, 0, len(g.Activations()))
	values := make([]gorgonia.Value, len(g.Activations()))
	err = building.Alone(func() error {
		for i, a := range g.Activations() {
			gorgonia.Read(a.Node, &values[i])
		}
		ops.ReuseMemory(g.ExprGraph)
		p.machine = gorgonia.NewTapeMachine(g.ExprGraph)
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer p.machine.Close()
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	if err := p.run(data, indices); err != nil {
		return nil, errors.Wrap(err, "training: Activations")
	}
	for i, a := range g.Activations() {
		d, ok := values[i].(*tensor.Dense)
		if !ok {
			return nil, errors.Errorf("training: Activations: layer %s must have a dense tensor, got %T", a.Layer, values[i])
		}
		l := LayerActivations{Layer: a.Layer}
		switch d.Dtype() {
		case tensor.Float32:
			for _, v := range d.Float32s() {
				l.Values = append(l.Values, float64(v))
			}
		case tensor.Float64:
			l.Values = slices.Clone(d.Float64s())
		}
		for _, v := range l.Values {
			l.Mean += v / float64(len(l.Values))
			if v == 0 {
				l.Zeros += 1 / float64(len(l.Values))
			}
		}
		layers = append(layers, l)
	}
	return layers, nil
}
