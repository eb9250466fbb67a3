// Package metrics measures how good the outputs of a model are, batch by batch.
//
// A [Metric] is a description, such as Accuracy{} or F1{Average: Macro}; its
// method Start returns an [Accumulator] that takes batches and has a value at
// any time. A [Set] does so for several metrics. Accumulators add exactly
// (package internal/exactsum), so the value over batches is, to the bit, the
// value over all examples at once, however they are split and in whatever order
// accumulators are merged.
//
// A metric of nothing, or one that is not defined (AUROC if all examples are of
// one class), is NaN. A mistake in a batch, such as a label outside the
// classes, is an error, and nothing of the batch is added.
//
// Your own metric, if it is a mean over labels or values, is a function in
// [LabelMean] or [ValueMean]; any other is a type with the methods of Metric
// and Accumulator.
package metrics
