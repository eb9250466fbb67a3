// Package nn has the other ops of networks for Gorgonia's expression graphs: dense
// layers, convolutions, pooling, normalization, recurrent layers, attention,
// embeddings, activations and losses. Dropout is in package ops, and some ops here
// have it inside.
//
// Every op takes nodes of float32 or of float64 and returns an error, never a
// panic. Its gradient is exact; those that have no second derivative say so.
package nn
