package main

import (
	"context"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// variantTrainer returns a trainer of an arm of the study of variants for about
// as many updates, in whole epochs, on n examples. The solver is AdamW: with
// plain gradients the variances of variational dropout would hardly move in so
// few updates.
func (a arm) variantTrainer(shrink, updates, n int, rate float64, seed uint64, opts ...models.Option) (*training.Trainer, error) {
	epochs, steps := wholeEpochs(updates, n)
	m := a.Variant.By()
	net := variant.Net{
		Inputs: a.inputs(), Outputs: a.outputs(), Hidden: a.widths(shrink), Examples: n, Steps: steps, Settings: a.Variant.Settings,
	}
	model, err := models.New(m.Layers(net), []int{a.inputs()}, append([]models.Option{models.WithSeed(seed)}, opts...)...)
	if err != nil {
		return nil, err
	}
	t := &training.Trainer{
		Model: model, Epochs: epochs, BatchSize: batch, Seed: seed, LR: schedule.Cosine{Initial: rate, Steps: steps},
		Solver: &optim.AdamW{LR: rate, Regularization: optim.Regularization{WeightDecay: a.Variant.Decay}},
	}
	for _, params := range append([]string{"*.bias"}, m.Exempt...) {
		t.Groups = append(t.Groups, training.Group{Params: params, WeightDecay: optim.Zero})
	}
	if m.RDrop {
		t.RDrop = &training.RDrop{Alpha: a.Variant.Settings[1]}
	}
	return t, nil
}

// pruned returns what share of its weights variational or targeted dropout has made
// superfluous, and the test error without them, both in per cent; nothing of networks of other
// methods.
func pruned(ctx context.Context, on *subject) (map[string][]float64, error) {
	if v := on.trial.Arm.Variant; v != nil && v.Set == variant.Transformer {
		return halved(ctx, on)
	}
	layers, err := models.PruneVariational(on.trainer.Model, models.PruneFrom)
	if err == nil && len(layers) == 0 {
		layers, err = models.PruneTargeted(on.trainer.Model, variant.TargetedShare)
	}
	if err != nil || len(layers) == 0 {
		return nil, err
	}
	weights, superfluous := 0, 0
	for _, l := range layers {
		weights, superfluous = weights+l.Weights, superfluous+l.Pruned
	}
	test, err := on.trainer.Evaluate(ctx, on.data.Test)
	if err != nil {
		return nil, err
	}
	return map[string][]float64{
		sparsityExtra:    {100 * float64(superfluous) / float64(weights)},
		prunedErrorExtra: {100 * test.Error()},
	}, nil
}

// halved returns the share of blocks that are left out if every other one is, and the test
// error of those that are left, both in per cent.
func halved(ctx context.Context, on *subject) (map[string][]float64, error) {
	blocks := len(on.trial.Arm.Hidden)
	keep, err := models.EveryOther(blocks, 0.5)
	if err != nil {
		return nil, err
	}
	small, err := models.KeepBlocks(on.trainer.Model, keep)
	if err != nil {
		return nil, err
	}
	test, err := (&training.Trainer{Model: small, BatchSize: batch}).Evaluate(ctx, on.data.Test)
	if err != nil {
		return nil, err
	}
	return map[string][]float64{
		sparsityExtra:    {100 * float64(blocks-len(keep)) / float64(blocks)},
		prunedErrorExtra: {100 * test.Error()},
	}, nil
}

// The names of these measurements.
const (
	sparsityExtra    = "sparsity"
	prunedErrorExtra = "pruned error"
)
