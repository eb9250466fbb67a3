package training

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

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
	var saved []*tensor.Dense
	var params []*models.Param
	return Callback{
		Name: "EarlyStopping on " + what,
		OnStart: func(r *Run) error {
			if patience < 1 {
				return errors.Errorf("training: EarlyStopping: patience must be at least 1, got %d", patience)
			}
			m := r.Trainer.Model
			saved, params = nil, slices.Concat(m.Params(), m.States())
			return nil
		},
		OnEpoch: func(r *Run) error {
			last := r.History.Epochs[len(r.History.Epochs)-1]
			if last.Validation == nil {
				return errors.New("training: EarlyStopping: data must have a validation set, got none")
			}
			if now := measure(last.Validation); saved == nil || now < best {
				best, bestEpoch = now, r.Epoch
				_ = r.Trainer.Model.View(func() error {
					saved = save(params, saved)
					return nil
				})
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
			return r.Trainer.Model.Update(func() error {
				for i, p := range params {
					if err := tensor.Copy(p.Value(), saved[i]); err != nil {
						return errors.Wrapf(err, "training: EarlyStopping: restoring %s", p.Name())
					}
				}
				return nil
			})
		},
		Save: func() (CallbackState, error) {
			b := bestSoFar{Patience: patience, Epoch: -1}
			s := CallbackState{Tensors: make(map[string]*tensor.Dense)}
			if saved != nil {
				b.Best, b.Epoch = best, bestEpoch
				for i, p := range params {
					s.Tensors[p.Name()] = saved[i].Clone().(*tensor.Dense)
				}
			}
			var err error
			s.Data, err = json.Marshal(b)
			return s, errors.Wrap(err, "training: EarlyStopping")
		},
		Load: func(s CallbackState) error {
			var b bestSoFar
			if err := json.Unmarshal(s.Data, &b); err != nil {
				return errors.Wrap(err, "training: EarlyStopping: state")
			}
			if b.Patience != patience {
				return errors.Errorf("training: EarlyStopping: patience must be %d as in the state, got %d", b.Patience, patience)
			}
			if b.Epoch < 0 {
				return nil
			}
			loaded, err := s.of(params)
			if err != nil {
				return errors.Wrap(err, "training: EarlyStopping: state")
			}
			best, bestEpoch, saved = b.Best, b.Epoch, loaded
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

// of returns copies of the tensors of s that are named as the parameters.
func (s CallbackState) of(params []*models.Param) ([]*tensor.Dense, error) {
	var all []*tensor.Dense
	for _, p := range params {
		d := s.Tensors[p.Name()]
		if d == nil || d.Dtype() != p.Value().Dtype() || d.DataSize() != p.Value().DataSize() {
			return nil, errors.Errorf("tensors must have the best %s, of %v and shape %v", p.Name(), p.Value().Dtype(), p.Value().Shape())
		}
		all = append(all, d.Clone().(*tensor.Dense))
	}
	return all, nil
}

// save copies the parameters into saved, or into new tensors if that is nil.
func save(params []*models.Param, saved []*tensor.Dense) []*tensor.Dense {
	if saved == nil {
		for _, p := range params {
			saved = append(saved, p.Value().Clone().(*tensor.Dense))
		}
		return saved
	}
	for i, p := range params {
		// The shapes are those of the clones: Copy cannot fail.
		_ = tensor.Copy(saved[i], p.Value())
	}
	return saved
}
