// Package nn has the ops of neural networks other than dropout for Gorgonia's
// expression graphs: dense layers, convolutions, pooling, normalization,
// recurrent layers, attention, embeddings, activations and losses. Some of them
// include dropout, such as [DenseDropout], [SelfAttention] and [LSTM]; dropout
// on its own is in package ops. Package models builds layers from both.
//
//	h, err := nn.Dense(x, w1, b1, nn.ActivationReLU)
//	...
//	logits, err := nn.Dense(h, w2, b2, nn.ActivationNone)
//	...
//	loss, err := nn.SoftmaxCrossEntropy(logits, labels)
//
// Every op takes float32 or float64 nodes, all of one type, and returns an error,
// never a panic. Its gradient is exact; an op without a second derivative says
// so.
package nn
