// Package ops adds dropout to Gorgonia's expression graphs.
//
// [Dropout] is a drop-in replacement for gorgonia.Dropout, whose gradient is
// wrong for every p but 0.5:
//
//	h, err := ops.Dropout(x, 0.5)
//
// In training each element of x is zeroed with the drop probability p, and the
// others are multiplied by 1/(1-p); at inference x passes unchanged (inverted
// dropout; Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks
// from Overfitting", JMLR 15, 2014, section 10).
//
// # Masks
//
// A mask is never stored. It is a pure function of (seed, layer, step): the
// seed of the run ([WithSeed]), the id of the layer (assigned in the order of
// construction, or by [WithLayer]) and the training step, which reaches the op
// as data, through an int64 scalar node ([StepOf], [WithStep]). The forward and
// backward passes read the same node, so they always agree, in whatever order
// the machine runs them. A run can be repeated, resumed and examined later, bit
// for bit; [MaskAt] computes the mask of any step.
//
// # Training and inference
//
// The ops obey gorgonia.EvalMode. The switch belongs to the op, though, and so
// to every machine on the same graph: the machine created last wins. To train
// and evaluate at the same time, build one graph for each over the same
// parameter tensors (package models does), or set a negative step for
// inference. [Mode] fixes the behaviour of a single op, and [Audit] looks for
// mistakes in a graph.
//
// Errors name the op, what it needs and what it got. Nothing panics.
package ops
