// Package training trains the models of package models for any task: mini-batches in a
// seeded order, any loss and metrics, any gorgonia.Solver, learning-rate schedules,
// evaluation, early stopping, and callbacks for everything else.
//
//	trainer := &training.Trainer{
//		Model:     model,
//		Solver:    &optim.SGD{LR: 0.1, Momentum: 0.9},
//		Epochs:    10,
//		BatchSize: 100,
//	}
//	history, err := trainer.Fit(ctx, training.Data{Train: train, Validation: validation})
//
// Examples, and data sets of your own, have labels or numbers to predict; further inputs,
// the targets of several outputs, and masks, by name (NamedDataset).
//
// Gradients of several batches may make a step (Accumulate), parameters have settings of
// their own (Groups), weights are averaged (Average), the learning rate falls on a plateau
// (ReduceLROnPlateau) or is searched for (Trainer.FindLR), steps with NaN are skipped
// (NonFinite), and two passes with different masks are made to agree (RDrop). All of it can be resumed exactly.
//
// A run is a function of the data, the configuration and two seeds: the model's
// (initial parameters and dropout masks) and the trainer's (order of the
// examples). Neither depends on the other, nor on the number of cores.
package training
