// Package compare finds out whether dropout helps on somebody's data: how much, and at
// which rates.
//
// Both arms, networks without and with dropout, are trained on the same splits of the data.
// In each split the settings of each arm are tuned on a validation part, with the same
// number of trials for both, and the best network of each is tested once on a test part
// that neither training nor tuning has seen. Whatever is fitted to the data is fitted to the
// training part of the split.
//
// Trials come in rounds: a round gives every split and arm one more trial, so that the
// comparison may end after any of them and is fair. A trial is a function of the data, the
// seed, the split, the arm and the round, so that a comparison that was stopped goes on as
// if it had not been.
package compare
