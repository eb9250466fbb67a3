package ops

import "gorgonia.org/gorgonia"

// Batchwise is [Dropout] with one mask for the whole mini-batch: x has shape
// (N, ...), and a unit dropped in one sample is dropped in all. A rank below 2
// is an error. Since all samples lose the same units, products with the weights
// need only the rows and columns of the kept ones; [ExactK] also fixes their
// number. See [Dropout] for types, p, gradients and modes.
//
// Source: Graham, Reizenstein and Robinson, "Efficient batchwise dropout
// training using submatrices", 2015.
func Batchwise(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "Batchwise", distribution: bernoulli{}, shape: "(N, ...)", min: 2, shares: batch,
	}.apply(x, p, opts)
}

// batch marks the axis of the samples.
func batch(axis int) bool { return axis == 0 }
