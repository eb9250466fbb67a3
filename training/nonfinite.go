package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

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

// cause says where the values of a failed run of b on the examples with the given
// indices stopped to be finite, for a run that drew its masks at step.
func (t *Trainer) cause(b *batch, indices []int, step int64) string {
	// States are not read in training but written, also by the run that failed.
	read := t.Model.Params()
	if b.Graph().Mode() != models.Train {
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
	inputs := b.Inputs()
	if at, ok := firstNonFinite(inputs); ok {
		size := len(inputs) / b.Graph().Input.Shape()[0] // RDrop repeats the examples
		return fmt.Sprintf("input %d of example %d is %v", at%size, indices[at/size], inputs[at])
	}
	if layer, err := t.layer(b, step); err == nil && layer != "" {
		return layer
	}
	return ""
}

// layer runs the inputs of a batch once more, to look at the output of each layer that
// graphs tell of.
func (t *Trainer) layer(failed *batch, step int64) (string, error) {
	of := failed.Graph()
	p, err := t.Model.Compile(of.Mode(), of.Input.Shape()[0], models.WithActivations())
	if err != nil {
		return "", err
	}
	defer p.Close()
	if err := p.CopyInputs(failed.Program); err != nil {
		return "", err
	}
	p.Graph().SetStep(step)
	if err := p.Run(nil); err != nil {
		return "", err
	}
	layers, err := p.Activations()
	if err != nil {
		return "", err
	}
	for _, l := range layers {
		if value, at, ok := nonFiniteIn(l.Values); ok {
			return fmt.Sprintf("output of layer %s has %v at %d", l.Layer, value, at), nil
		}
	}
	if value, at, ok := nonFiniteIn(p.Graph().Output.Value()); ok {
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
