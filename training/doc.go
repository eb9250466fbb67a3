// Package training trains the classifiers of package models: mini-batches in a
// seeded order, any gorgonia.Solver, learning-rate schedules, evaluation, early
// stopping, and callbacks for everything else.
//
//	trainer := &training.Trainer{
//		Model:     model,
//		Solver:    &optim.SGD{LR: 0.1, Momentum: 0.9},
//		Epochs:    10,
//		BatchSize: 100,
//	}
//	history, err := trainer.Fit(ctx, training.Data{Train: train, Validation: validation})
//
// A run is a function of the data, the configuration and two seeds: the model's
// (initial parameters and dropout masks) and the trainer's (order of the
// examples). Neither depends on the other, nor on the number of cores.
package training
