// Package ops adds dropout to Gorgonia's expression graphs.
//
// Dropout is a drop-in replacement for gorgonia.Dropout, whose gradient is
// wrong for every p but 0.5:
//
//	h, err := ops.Dropout(x, 0.5)
//
// While the graph trains, each element of x is zeroed with probability p, the
// drop probability, and the others are multiplied by 1/(1-p); at inference x
// passes unchanged (inverted dropout; Srivastava et al., "Dropout: A Simple Way
// to Prevent Neural Networks from Overfitting", JMLR 15, 2014, section 10).
//
// # Masks
//
// A mask is never stored. It is a pure function of (seed, layer, step): the
// seed of the run (WithSeed), the id of the layer (given in order of building,
// or WithLayer) and the training step, which reaches the op as data, through an
// int64 scalar node (StepOf, WithStep). Forward and backward read the same
// node, so they always agree, in whatever order the machine runs them; a run
// can be repeated, resumed and examined afterwards, bit for bit.
//
// # Training and inference
//
// The ops obey gorgonia.EvalMode. The switch belongs to the op, though, and so
// to every machine on the same graph: the last machine made wins. To train and
// evaluate at the same time, build one graph for each over the same parameter
// tensors (package models does), or feed a negative step for inference.
//
// Errors from this package name the op, the value that was expected and the
// value that was found. Nothing panics.
package ops
