package compare

import (
	"context"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A Network is a trained network with what it takes to predict.
type Network struct {
	Kind    Kind
	Model   *models.Model
	Outputs int
	Scale   uncertainty.Scale // of numbers
	// Passes is the number of passes of Monte Carlo dropout; 0 predicts without dropout.
	Passes int
	Noise  []float64 // variance of each number

	predictor *uncertainty.Predictor // compiled once
}

func (n *Network) sampler() *uncertainty.Predictor {
	if n.predictor == nil {
		n.predictor = &uncertainty.Predictor{Model: n.Model, Passes: n.Passes}
	}
	return n.predictor
}

// load returns the model of a trial.
func (e *Experiment) load(p *Part, t Trial) (*models.Model, error) {
	m, err := models.New(e.Subject.Network(t.Settings, p), p.Input, models.WithSeed(e.seed(t)))
	if err != nil {
		return nil, err
	}
	return m, m.Load(e.Store.modelPath(t))
}

// seed returns the seed of a trial's model and of the order of its examples, which is the
// same for all arms.
func (e *Experiment) seed(t Trial) uint64 { return seedOf(e.Seed, uint64(t.Split), uint64(t.Round), 2) }

// fitNoise finds the noise of numbers by a validation part.
func (n *Network) fitNoise(ctx context.Context, validation training.Dataset) error {
	if n.Kind != Numbers {
		return nil
	}
	values, err := n.values(ctx, validation)
	if err != nil {
		return err
	}
	n.Noise = make([]float64, n.Outputs)
	for k := range n.Noise {
		if n.Noise[k], err = Noise(values, k); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) values(ctx context.Context, data training.Dataset) ([]uncertainty.Values, error) {
	p := n.sampler()
	if n.Passes == 0 {
		return p.PredictValuesDeterministic(ctx, data, n.Scale)
	}
	return p.PredictValues(ctx, data, n.Scale)
}

// Predict returns what the network says of examples.
func (n *Network) Predict(ctx context.Context, data training.Dataset) (*Predictions, error) {
	all := &Predictions{Kind: n.Kind, Outputs: n.Outputs}
	switch n.Kind {
	case Text:
		t := &training.Trainer{Model: n.Model, Epochs: 1}
		m, err := t.Evaluate(ctx, data)
		all.text = &Scores{Error: m.Error(), NLL: m.NLL, Calibration: -1, Examples: m.Examples}
		return all, err
	case Classes:
		p := n.sampler()
		predict := p.PredictDeterministic
		if n.Passes > 0 {
			predict = p.Predict
		}
		said, err := predict(ctx, data)
		for _, q := range said {
			all.Probabilities = append(all.Probabilities, q.Mean)
			all.Classes = append(all.Classes, q.Label)
			all.Entropies = append(all.Entropies, q.Entropy)
			all.Disagreement = append(all.Disagreement, q.MutualInformation())
		}
		return all, err
	}
	values, err := n.values(ctx, data)
	if err != nil {
		return nil, err
	}
	if n.Kind == Labels {
		for _, v := range values {
			all.Probabilities = append(all.Probabilities, sigmoids(v))
			all.Truth = append(all.Truth, v.Target)
		}
		return all, nil
	}
	if len(n.Noise) != n.Outputs {
		return nil, errors.Errorf("compare: Predict: must have the noise of %d numbers, got %d", n.Outputs, len(n.Noise))
	}
	all.Values = values
	for range values {
		all.Noise = append(all.Noise, n.Noise)
	}
	return all, nil
}

// sigmoids returns the mean over the passes of the probability of each label.
func sigmoids(v uncertainty.Values) []float64 {
	p := make([]float64, len(v.Target))
	for _, row := range v.Passes {
		for k, logit := range row {
			p[k] += 1 / (1 + math.Exp(-logit)) / float64(len(v.Passes))
		}
	}
	return p
}
