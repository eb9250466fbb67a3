package regression

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A Record is the result of a trial.
type Record struct {
	Trial Trial `json:"trial"`
	Score Score `json:"score"`
	// Members are the scores of an ensemble's networks alone.
	Members []Score `json:"members,omitempty"`
	// Learned are the probabilities that concrete dropout has learned.
	Learned []float64     `json:"learned,omitempty"`
	Steps   int64         `json:"steps"`
	Time    time.Duration `json:"time_ns"` // of the training
}

// Key is that of the trial.
func (r Record) Key() (string, error) {
	key, err := json.Marshal(r.Trial)
	return string(key), errors.Wrapf(err, "key of %v", r.Trial)
}

// Check returns an error if a record lacks what tables need.
func (r Record) Check() error {
	for _, s := range append([]Score{r.Score}, r.Members...) {
		for _, v := range []float64{s.RMSE, s.LogLikelihood} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return errors.Errorf("score must be finite, got %v", s)
			}
		}
	}
	if n := len(r.Members); n != r.Trial.Members {
		return errors.Errorf("members must have %d scores, got %d", r.Trial.Members, n)
	}
	if r.Steps < 1 {
		return errors.Errorf("steps must be positive, got %d", r.Steps)
	}
	return nil
}

// train trains and measures.
func train(ctx context.Context, t Trial, table *datasets.Table, fold datasets.Fold) (*Record, error) {
	train, test := fold.Train, fold.Test
	if t.Held {
		train, test = heldOut(fold, t.Seed)
	}
	inputs, outputs, scale, err := standardized(table, train, test)
	if err != nil {
		return nil, err
	}
	switch t.Method {
	case deepEnsemble:
		return t.ensemble(ctx, inputs, outputs, scale)
	case concreteDropout:
		return t.concrete(ctx, inputs, outputs, scale)
	}
	var init models.Init // He's
	switch t.Init {
	case "":
	case glorotUniform:
		init = models.GlorotUniform
	default:
		return nil, errors.Errorf("init must be %s or none, got %q", glorotUniform, t.Init)
	}
	m, err := models.New(models.MLP{
		Inputs: table.InputShape()[0], Hidden: []int{hiddenUnits}, Outputs: 1, InputDropout: t.P, HiddenDropout: t.P, Init: init,
	}, table.InputShape(), models.WithSeed(t.Seed))
	if err != nil {
		return nil, err
	}
	trainer := &training.Trainer{
		Model: m, Epochs: t.Epochs, BatchSize: batchSize, Seed: t.Seed, Metrics: []metrics.Metric{},
		Solver: &optim.Adam{LR: adamRate, Regularization: optim.Regularization{
			WeightDecay: lengthScale * lengthScale * (1 - t.P) / (float64(len(train)) * t.Tau),
		}},
	}
	start := time.Now()
	history, err := trainer.Fit(ctx, training.Data{Train: inputs})
	if err != nil {
		return nil, err
	}
	r := &Record{Trial: t, Steps: history.Steps, Time: time.Since(start)}
	r.Score, err = t.measure(ctx, m, outputs, scale)
	return r, err
}

// heldOut returns four fifths of the training part, drawn with a seed, and the
// rest.
func heldOut(fold datasets.Fold, seed uint64) (four, fifth []int) {
	const stream = 5 // no one else's
	var held []int
	for _, i := range rand.New(rand.NewPCG(seed, stream)).Perm(len(fold.Train)) {
		held = append(held, fold.Train[i])
	}
	n := len(held) * 4 / 5
	return held[:n], held[n:]
}

// standardized returns two parts of a table, features and targets standardized
// by the first.
func standardized(table *datasets.Table, train, test []int) (a, b training.Dataset, scale *datasets.TargetStandardization, err error) {
	if a, err = datasets.Subset(table, train); err != nil {
		return nil, nil, nil, err
	}
	if b, err = datasets.Subset(table, test); err != nil {
		return nil, nil, nil, err
	}
	features, err := datasets.FitStandardization(a)
	if err != nil {
		return nil, nil, nil, err
	}
	if scale, err = datasets.FitTargets(a); err != nil {
		return nil, nil, nil, err
	}
	return scale.Apply(features.Apply(a)), scale.Apply(features.Apply(b)), scale, nil
}

// measure returns the score of a network on standardized data. The mean of the
// passes is the prediction; the likelihood is that of normal distributions with
// precision tau around them, all equally probable (Gal and Ghahramani 2016,
// section 4).
func (t Trial) measure(ctx context.Context, m *models.Model, data training.Dataset, scale *datasets.TargetStandardization) (Score, error) {
	p := &uncertainty.Predictor{Model: m, Passes: t.Passes}
	if t.P == 0 {
		p.Passes = 1
	}
	// In units of the targets' standard deviation.
	unit := float64(scale.Std()[0])
	variance := 1 / (t.Tau * unit * unit)
	var squares, likelihoods float64
	err := p.Sample(ctx, data, func(index, _ int, outputs [][]float64) error {
		target := make([]float32, 1)
		if err := training.GatherFields(data, []int{index}, target, nil); err != nil {
			return err
		}
		v := uncertainty.Values{Target: []float64{float64(target[0])}, Passes: outputs}
		var mean float64
		for _, pass := range outputs {
			mean += pass[0] / float64(len(outputs))
		}
		squares += (v.Target[0] - mean) * (v.Target[0] - mean)
		likelihoods += v.LogLikelihood(0, variance)
		return nil
	})
	n := float64(data.Len())
	return Score{RMSE: unit * math.Sqrt(squares/n), LogLikelihood: likelihoods/n - math.Log(unit)}, err
}
