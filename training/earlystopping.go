package training

import (
	"encoding/json"
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// EarlyStopping ends a run when the metric of Trainer.Monitor has not become better for
// patience epochs, and gives the model the parameters of the best epoch back after OnEnd,
// whatever ended the run (Prechelt, "Early Stopping - But When?", 1998). It needs a
// validation set.
func EarlyStopping(patience int) Callback {
	return earlyStopping(patience, func(r *Run) Monitor { return r.Trainer.Monitor })
}

// EarlyStoppingOn is EarlyStopping by a metric of its own.
func EarlyStoppingOn(m Monitor, patience int) Callback {
	return earlyStopping(patience, func(*Run) Monitor { return m })
}

func earlyStopping(patience int, by func(*Run) Monitor) Callback {
	var monitor Monitor
	var bestEpoch int
	var saved map[string]*tensor.Dense // Model.Weights of the best epoch, nil before the first
	var model *models.Model
	return Callback{
		Name: "EarlyStopping",
		OnStart: func(r *Run) error {
			if patience < 1 {
				return errors.Errorf("training: EarlyStopping: patience must be at least 1, got %d", patience)
			}
			monitor = by(r)
			if err := monitor.check(r); err != nil {
				return errors.WithMessage(err, "training: EarlyStopping")
			}
			saved, model = nil, r.Trainer.Model
			return nil
		},
		OnEpoch: func(r *Run) error {
			best, score := monitor.Best(r.History.Epochs)
			if best == r.Epoch {
				weights, err := model.Weights()
				if err != nil {
					return errors.Wrap(err, "training: EarlyStopping")
				}
				bestEpoch, saved = best, weights
			}
			if r.Epoch-bestEpoch >= patience {
				r.Stop(fmt.Sprintf("validation %s has not %s since epoch %d", score.Name, improved(score.Direction), bestEpoch+1))
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
			b := bestSoFar{Patience: patience, Metric: monitor.Metric, MinDelta: monitor.MinDelta, Epoch: -1}
			if saved != nil {
				b.Epoch = bestEpoch
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
			if b.Metric != monitor.Metric || b.MinDelta != monitor.MinDelta {
				return errors.Errorf("training: EarlyStopping: monitor must be %+v as in the state, got %+v", Monitor{b.Metric, b.MinDelta}, monitor)
			}
			if b.Epoch < 0 {
				return nil
			}
			if err := model.CheckWeights(s.Tensors); err != nil {
				return errors.Wrap(err, "training: EarlyStopping: state")
			}
			bestEpoch, saved = b.Epoch, s.Tensors
			return nil
		},
	}
}

// improved says what a metric does that becomes better.
func improved(d metrics.Direction) string {
	if d == metrics.HigherIsBetter {
		return "risen"
	}
	return "fallen"
}

// bestSoFar is what early stopping remembers beside the parameters.
type bestSoFar struct {
	Patience int     `json:"patience"`
	Metric   string  `json:"metric"`
	MinDelta float64 `json:"min_delta"`
	Epoch    int     `json:"epoch"` // negative: there is none yet
}
