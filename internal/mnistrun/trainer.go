package mnistrun

import (
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Model returns the untrained network.
func (c *Config) Model(inputs, classes int, seed uint64, opts ...models.Option) (*models.Model, error) {
	net := models.MLP{
		Inputs: inputs, Hidden: c.Hidden, Outputs: classes,
		InputDropout: c.InputP, HiddenDropout: c.P, Submatrix: c.Submatrix, BatchNorm: c.BatchNorm,
	}
	return models.New(net, []int{inputs}, append(opts, models.WithSeed(seed))...)
}

// heldOut is the share of the training images that early stopping holds out:
// one in so many.
const heldOut = 6

// Trainer returns the trainer of the network for a seed, and its data, as a
// function of c, s and seed. Options are those of the model.
func (c *Config) Trainer(s *Sets, seed uint64, opts ...models.Option) (*training.Trainer, training.Data, error) {
	train, _, err := s.Train.Stratified(c.Train, seed)
	if err != nil {
		return nil, training.Data{}, err
	}
	data := training.Data{Train: train, Test: s.Test}
	if s.Curve != nil {
		data.Validation = s.Curve
	}
	model, err := c.Model(train.InputShape()[0], train.Classes, seed, opts...)
	if err != nil {
		return nil, data, err
	}
	t := &training.Trainer{
		Model: model,
		Solver: &optim.SGD{
			LR: c.LR, Momentum: c.Momentum, Nesterov: c.Nesterov,
			Regularization: optim.Regularization{WeightDecay: c.WeightDecay, MaxNorm: c.MaxNorm, ClipNorm: c.ClipNorm},
		},
		Epochs: c.Epochs, BatchSize: c.Batch, DropLast: c.DropLast, Seed: seed,
		Monitor: training.Monitor{Metric: "error"},
	}
	if c.LabelSmoothing > 0 {
		t.Loss = training.CrossEntropy(nn.WithLabelSmoothing(c.LabelSmoothing))
	}
	if c.RDrop > 0 {
		t.RDrop = &training.RDrop{Alpha: c.RDrop}
	}
	if c.EarlyStopping > 0 {
		validation, rest, err := train.Stratified(train.Len()/heldOut, seed)
		if err != nil {
			return nil, data, err
		}
		data.Train, data.Validation = rest, validation
		t.Callbacks = append(t.Callbacks, training.EarlyStopping(c.EarlyStopping))
	}
	perEpoch := data.Train.Len() / c.Batch
	if data.Train.Len()%c.Batch != 0 && !c.DropLast {
		perEpoch++
	}
	t.LR = c.rate(int64(c.Epochs) * int64(perEpoch))
	return t, data, nil
}
