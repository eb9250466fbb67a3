// Package metrics says how good the outputs of a model are, batch by batch.
//
// A [Metric] is a description, such as Accuracy{} or F1{Average: Macro}; Start gives
// an [Accumulator] that takes batches and has a value at any time. A [Set] does so for
// several metrics. What accumulators add up is exact (package internal/exactsum), so
// that the value over batches is, to the bit, the value over the whole, however
// the examples are split and in whatever order accumulators are merged.
//
// A metric of nothing, or that is not defined for what there is (AUROC where all
// examples are of one class), is NaN. What is wrong with a batch, such as a label
// outside the classes, is an error, and nothing of the batch is added.
//
// A metric of your own that is a mean over labels or values is a function, in
// [LabelMean] or [ValueMean]; any other is a type with the methods of Metric and
// Accumulator.
package metrics
