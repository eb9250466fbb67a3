// Package uncertainty predicts with classifiers and measures how far to trust
// them: Monte Carlo dropout, plain prediction, and calibration.
//
//	predictor := &uncertainty.Predictor{Model: model, Passes: 50}
//	predictions, err := predictor.Predict(ctx, test)
//	...
//	scores, err := uncertainty.Evaluate(predictions, 15)
//
// Monte Carlo dropout leaves dropout on and averages the probabilities of many
// passes. Each pass samples one of the thinned networks, which serve as an
// approximate posterior. How much the samples disagree shows what the model
// does not know; how uncertain each is on its own shows what the data leave
// open (Gal and Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016;
// Kendall and Gal, "What Uncertainties Do We Need in Bayesian Deep Learning for
// Computer Vision?", NeurIPS 2017).
package uncertainty
