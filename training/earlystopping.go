package training

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// EarlyStopping ends a run when the negative log-likelihood of the validation
// set has not fallen for patience epochs, and gives the model the parameters of
// the best epoch back, whatever ended the run (Prechelt, "Early Stopping - But
// When?", 1998). It needs a validation set.
func EarlyStopping(patience int) Callback {
	return earlyStopping(patience, "NLL", func(m *Metrics) float64 { return m.NLL })
}

// EarlyStoppingOnError is EarlyStopping on the validation error.
func EarlyStoppingOnError(patience int) Callback {
	return earlyStopping(patience, "error", func(m *Metrics) float64 { return m.Error() })
}

func earlyStopping(patience int, what string, measure func(*Metrics) float64) Callback {
	var best float64
	var bestEpoch int
	var saved []*tensor.Dense
	return Callback{
		OnStart: func(r *Run) error {
			if patience < 1 {
				return errors.Errorf("training: EarlyStopping: patience must be at least 1, got %d", patience)
			}
			saved = nil
			return nil
		},
		OnEpoch: func(r *Run) error {
			last := r.History.Epochs[len(r.History.Epochs)-1]
			if last.Validation == nil {
				return errors.New("training: EarlyStopping: data must have a validation set, got none")
			}
			if now := measure(last.Validation); saved == nil || now < best {
				best, bestEpoch = now, r.Epoch
				saved = save(r.Trainer.Model.Params(), saved)
			}
			if r.Epoch-bestEpoch >= patience {
				r.Stop(fmt.Sprintf("validation %s has not fallen since epoch %d", what, bestEpoch))
			}
			return nil
		},
		OnEnd: func(r *Run) error {
			if saved == nil {
				return nil
			}
			for i, p := range r.Trainer.Model.Params() {
				if err := tensor.Copy(p.Value(), saved[i]); err != nil {
					return errors.Wrapf(err, "training: EarlyStopping: restoring %s", p.Name())
				}
			}
			return nil
		},
	}
}
