package regression

import (
	"context"
	"math"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// The networks of this file have two outputs, the mean and the logarithm of the
// variance, and maximize the likelihood of normal distributions.
const heads = 2

// ensemble trains members that differ by their seeds, and measures their
// mixture and each alone (Lakshminarayanan, Pritzel and Blundell 2017, sections
// 2.2 and 2.4; without the adversarial training of section 2.3).
func (t Trial) ensemble(ctx context.Context, train, test training.Dataset, scale *datasets.TargetStandardization) (*Record, error) {
	var all []uncertainty.Values
	r := &Record{Trial: t}
	for i := range t.Members {
		// No seed of a split is as large as the difference.
		m, err := t.gaussian(ctx, r, models.MLP{
			Inputs: train.InputShape()[0], Hidden: []int{hiddenUnits}, Outputs: heads,
		}, train, t.Seed^uint64(i)<<32)
		if err != nil {
			return nil, err
		}
		p := &uncertainty.Predictor{Model: m, Gaussian: true}
		said, err := p.PredictValuesDeterministic(ctx, test, scale)
		if err != nil {
			return nil, err
		}
		r.Members = append(r.Members, scoreOf(said))
		if all == nil {
			all = said
			continue
		}
		for k := range all {
			all[k].Passes = append(all[k].Passes, said[k].Passes...)
			all[k].Noise = append(all[k].Noise, said[k].Noise...)
		}
	}
	r.Score = scoreOf(all)
	return r, nil
}

// concrete trains a network with concrete dropout of the inputs and of the
// hidden units. The loss is a mean of -log p, so the factors of the regularizer
// are half those of the authors' code, whose loss is twice that without a
// constant.
func (t Trial) concrete(ctx context.Context, train, test training.Dataset, scale *datasets.TargetStandardization) (*Record, error) {
	n := float64(train.Len())
	layer := func(in, out int) models.Layer {
		return models.ConcreteDropout(in, out, lengthScale*lengthScale/(2*n), 1/n)
	}
	r := &Record{Trial: t}
	m, err := t.gaussian(ctx, r, models.Sequential{layer(train.InputShape()[0], hiddenUnits), models.ReLU(), layer(hiddenUnits, heads)}, train, t.Seed)
	if err != nil {
		return nil, err
	}
	if r.Learned, err = learnedRates(m); err != nil {
		return nil, err
	}
	said, err := (&uncertainty.Predictor{Model: m, Passes: t.Passes, Gaussian: true}).PredictValues(ctx, test, scale)
	if err != nil {
		return nil, err
	}
	r.Score = scoreOf(said)
	return r, nil
}

// gaussian trains a network on standardized data and adds its updates and time
// to the record.
func (t Trial) gaussian(ctx context.Context, r *Record, layer models.Layer, train training.Dataset, seed uint64) (*models.Model, error) {
	m, err := models.New(layer, train.InputShape(), models.WithSeed(seed))
	if err != nil {
		return nil, err
	}
	trainer := &training.Trainer{
		Model: m, Epochs: t.Epochs, BatchSize: batchSize, Seed: seed, Metrics: []metrics.Metric{},
		Loss: training.GaussianNLL(), Solver: &optim.Adam{LR: t.Rate},
	}
	start := time.Now()
	history, err := trainer.Fit(ctx, training.Data{Train: train})
	if err != nil {
		return nil, err
	}
	r.Steps += history.Steps
	r.Time += time.Since(start)
	return m, nil
}

// scoreOf returns the score of predictions in the target's unit: the mean of the
// passes is the prediction, and their mixture has the likelihood.
func scoreOf(all []uncertainty.Values) Score {
	var s Score
	for _, v := range all {
		var mean float64
		for _, pass := range v.Passes {
			mean += pass[0] / float64(len(v.Passes))
		}
		s.RMSE += (v.Target[0] - mean) * (v.Target[0] - mean)
		s.LogLikelihood += v.LogLikelihood(0, 0)
	}
	n := float64(len(all))
	return Score{RMSE: math.Sqrt(s.RMSE / n), LogLikelihood: s.LogLikelihood / n}
}

// learnedRates returns the probabilities of concrete dropout, from the inputs on.
func learnedRates(m *models.Model) ([]float64, error) {
	weights, err := m.Weights()
	if err != nil {
		return nil, err
	}
	var ps []float64
	for _, name := range []string{"0.p_logit", "2.p_logit"} {
		ps = append(ps, 1/(1+math.Exp(-float64(weights[name].Data().([]float32)[0]))))
	}
	return ps, nil
}
