package training

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// NonFinite says what happens when a loss or a gradient is NaN or infinite.
type NonFinite int

const (
	// StopOnNonFinite ends the run with a [*NonFiniteError] where the loss is not finite,
	// or, after an epoch, a parameter.
	StopOnNonFinite NonFinite = iota
	// SkipNonFinite skips the step whose loss or gradient is not finite, as gradient
	// scaling does in mixed precision: the model and the solver stay as they were before
	// it, running statistics too, and Epoch.Skipped counts it. Schedules and masks
	// go on. An epoch that has no other steps ends the run with a [*NonFiniteError].
	SkipNonFinite
)

// String returns "stop" or "skip".
func (n NonFinite) String() string {
	if n == SkipNonFinite {
		return "skip"
	}
	return "stop"
}

// states returns copies of the model's running statistics, which a step that is skipped has
// changed; nil where none is skipped.
func (r *Run) states() (saved []*tensor.Dense) {
	if r.Trainer.NonFinite != SkipNonFinite {
		return nil
	}
	for _, p := range r.model.States() {
		saved = append(saved, p.Value().Clone().(*tensor.Dense))
	}
	return saved
}

// skip leaves a step out: running statistics are as they were before it.
func (r *Run) skip(states []*tensor.Dense) error {
	err := r.model.Update(func() error {
		for i, p := range r.model.States() {
			if err := tensor.Copy(p.Value(), states[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = r.followSchedules()
	}
	return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
}

// learnt returns an error if all steps of an epoch were skipped.
func (r *Run) learnt() error {
	if r.partial.Skipped < r.StepsPerEpoch {
		return nil
	}
	return &NonFiniteError{"a loss of the epoch", math.NaN(), fmt.Sprintf("all %d steps were skipped", r.StepsPerEpoch)}
}

// finiteGradients reports whether no gradient has NaN or an infinity.
func finiteGradients(params []gorgonia.ValueGrad) bool {
	for _, p := range params {
		grad, err := p.Grad()
		if err != nil {
			return false
		}
		switch v := grad.(type) {
		case *gorgonia.F32, *gorgonia.F64:
			if !finite(scalar(v)) {
				return false
			}
		default:
			if _, _, bad := nonFiniteIn(v); bad {
				return false
			}
		}
	}
	return true
}
