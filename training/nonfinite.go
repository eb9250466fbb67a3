package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/models"
)

// A NonFiniteError says that a number came out as NaN or an infinity, and where
// that began.
type NonFiniteError struct {
	What  string // the number: "loss", "log-likelihood", "parameter 0.weight"
	Value float64
	// Cause is the first place where there is such a value, in the order of the
	// computation: a parameter, an example's input, a layer's output.
	Cause string
}

// Error implements error.
func (e *NonFiniteError) Error() string {
	s := fmt.Sprintf("%s must be finite, got %v", e.What, e.Value)
	if e.Cause != "" {
		s += ": " + e.Cause
	}
	return s
}

// cause says where the values of a failed run of p on the examples with the given
// indices stopped to be finite, for a run that drew its masks at step.
func (t *Trainer) cause(p *program, indices []int, step int64) string {
	// States are not read in training but written, also by the run that failed.
	read := t.Model.Params()
	if p.graph.Mode() != models.Train {
		read = append(read, t.Model.States()...)
	}
	where := ""
	_ = t.Model.View(func() error {
		if name, value, at, ok := nonFinite(read); ok {
			where = fmt.Sprintf("parameter %s has %v at %d", name, value, at)
		}
		return nil
	})
	if where != "" {
		return where
	}
	if at, ok := firstNonFinite(p.x); ok {
		size := len(p.x) / len(indices)
		return fmt.Sprintf("input %d of example %d is %v", at%size, indices[at/size], p.x[at])
	}
	if layer, err := t.layer(p, step); err == nil && layer != "" {
		return layer
	}
	return ""
}

// layer runs the batch of p once more, to look at the output of each layer that
// graphs tell of.
func (t *Trainer) layer(failed *program, step int64) (string, error) {
	g, err := t.Model.Build(failed.graph.Mode(), failed.graph.Input.Shape()[0])
	if err != nil {
		return "", err
	}
	p, err := bindInput(t.Model, g)
	if err != nil {
		return "", err
	}
	copy(p.x, failed.x)
	copy(p.wide, failed.wide)
	values := make([]gorgonia.Value, len(g.Activations()))
	err = building.Alone(func() error {
		// Read while the machine runs: later ops may overwrite what nodes hold.
		for i, a := range g.Activations() {
			gorgonia.Read(a.Node, &values[i])
		}
		p.machine = gorgonia.NewTapeMachine(g.ExprGraph)
		return nil
	})
	if err != nil {
		return "", err
	}
	defer p.machine.Close()
	g.SetStep(step)
	if err := g.Run(p.machine); err != nil {
		return "", err
	}
	for i, a := range g.Activations() {
		if value, at, ok := nonFiniteIn(values[i]); ok {
			return fmt.Sprintf("output of layer %s has %v at %d", a.Layer, value, at), nil
		}
	}
	if value, at, ok := nonFiniteIn(g.Output.Value()); ok {
		return fmt.Sprintf("output of the model has %v at %d", value, at), nil
	}
	return "", nil
}

// finite returns an error unless all parameters are finite.
func (r *Run) finite() error {
	m := r.Trainer.Model
	return m.View(func() error {
		if name, value, at, ok := nonFinite(slices.Concat(m.Params(), m.States())); ok {
			return errors.Wrapf(&NonFiniteError{"parameter " + name, value, fmt.Sprintf("value %d", at)},
				"epoch %d, step %d", r.Epoch, r.Steps)
		}
		return nil
	})
}

// nonFinite returns the first value of tensors that is NaN or infinite.
func nonFinite(params []*models.Param) (name string, value float64, at int, ok bool) {
	for _, p := range params {
		if value, at, ok := nonFiniteIn(p.Value()); ok {
			return p.Name(), value, at, true
		}
	}
	return "", 0, 0, false
}

func nonFiniteIn(v gorgonia.Value) (value float64, at int, ok bool) {
	d, dense := v.(*tensor.Dense)
	if !dense {
		return 0, 0, false
	}
	switch x := d.Data().(type) {
	case []float32:
		if at, ok = firstNonFinite(x); ok {
			value = float64(x[at])
		}
	case []float64:
		if at, ok = firstNonFinite(x); ok {
			value = x[at]
		}
	}
	return value, at, ok
}

func firstNonFinite[F float32 | float64](x []F) (at int, ok bool) {
	// What is not finite is not 0 times itself.
	at = slices.IndexFunc(x, func(v F) bool { return v*0 != 0 })
	return at, at >= 0
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
