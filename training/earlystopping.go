package training

import (
	"encoding/json"
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/models"
)

// EarlyStopping ends a run when the negative log-likelihood of the validation
// set has not fallen for patience epochs, and gives the model the parameters of
// the best epoch back after OnEnd, whatever ended the run (Prechelt, "Early Stopping -
// But When?", 1998). It needs a validation set.
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
	var saved map[string]*tensor.Dense // Model.Weights of the best epoch, nil before the first
	var model *models.Model
	return Callback{
		Name: "EarlyStopping on " + what,
		OnStart: func(r *Run) error {
			if patience < 1 {
				return errors.Errorf("training: EarlyStopping: patience must be at least 1, got %d", patience)
			}
			if r.setup.Validation == 0 {
				return errors.New("training: EarlyStopping: data must have a validation set, got none")
			}
			saved, model = nil, r.Trainer.Model
			return nil
		},
		OnEpoch: func(r *Run) error {
			last := r.History.Epochs[len(r.History.Epochs)-1]
			if now := measure(last.Validation); saved == nil || now < best {
				weights, err := model.Weights()
				if err != nil {
					return errors.Wrap(err, "training: EarlyStopping")
				}
				best, bestEpoch, saved = now, r.Epoch, weights
			}
			if r.Epoch-bestEpoch >= patience {
				r.Stop(fmt.Sprintf("validation %s has not fallen since epoch %d", what, bestEpoch+1))
			}
			return nil
		},
		OnFinish: func(r *Run) error {
			if saved == nil {
				return nil
			}
			return errors.Wrap(model.SetWeights(saved), "training: EarlyStopping: restoring the best epoch")
		},
		Save: func() (CallbackState, error) {
			b := bestSoFar{Patience: patience, Epoch: -1}
			if saved != nil {
				b.Best, b.Epoch = best, bestEpoch
			}
			data, err := json.Marshal(b)
			// The tensors are never written to.
			return CallbackState{Data: data, Tensors: saved}, errors.Wrap(err, "training: EarlyStopping")
		},
		Load: func(s CallbackState) error {
			var b bestSoFar
			n, err := configfile.ParseJSON("state", s.Data)
			if err == nil {
				err = n.DecodeAll(&b)
			}
			if err != nil {
				return errors.Wrap(err, "training: EarlyStopping")
			}
			if b.Patience != patience {
				return errors.Errorf("training: EarlyStopping: patience must be %d as in the state, got %d", b.Patience, patience)
			}
			if b.Epoch < 0 {
				return nil
			}
			if err := model.CheckWeights(s.Tensors); err != nil {
				return errors.Wrap(err, "training: EarlyStopping: state")
			}
			best, bestEpoch, saved = b.Best, b.Epoch, s.Tensors
			return nil
		},
	}
}

// bestSoFar is what early stopping remembers beside the parameters.
type bestSoFar struct {
	Patience int     `json:"patience"`
	Best     float64 `json:"best"`
	Epoch    int     `json:"epoch"` // negative: there is none yet
}
