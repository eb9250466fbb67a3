package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
)

// LockedDropout is [Dropout] with one mask for all time steps of a sequence,
// also called variational dropout: in each sample a feature of x is zero at all
// times or at none. x has three axes, and timeAxis is that of time: 1 for (N,
// T, F), 0 for (T, N, F). Another rank or axis is an error. See [Dropout] for
// types, p, gradients and modes.
//
// In a network built one time step at a time, [Dropout] with the same
// [WithLayer] on the x of each step does the same.
//
// Source: Gal and Ghahramani, "A Theoretically Grounded Application of Dropout
// in Recurrent Neural Networks", NeurIPS 2016, section 4.
func LockedDropout(x *gorgonia.Node, p float64, timeAxis int, opts ...Option) (*gorgonia.Node, error) {
	v := dropout{name: "LockedDropout", distribution: bernoulli{}, min: 3, max: 3}
	switch timeAxis {
	case 0:
		v.shape = "(T, N, F)"
	case 1:
		v.shape = "(N, T, F)"
	default:
		return nil, errors.Errorf("ops: LockedDropout: time axis must be 0 or 1, got %d", timeAxis)
	}
	v.shares = func(axis int) bool { return axis == timeAxis }
	return v.apply(x, p, opts)
}

// EmbeddingDropout is [Dropout] of the rows of an embedding matrix, of shape
// (V, D), to be used in its place: all D values of a word of the vocabulary are
// zeroed with probability p, or kept and multiplied by 1/(1-p). A dropped word
// is thus missing wherever it occurs in the mini-batch. Another rank is an
// error. See [Dropout] for types, p, gradients and modes.
//
// Source: Gal and Ghahramani, NeurIPS 2016, section 4.2; Merity, Keskar and
// Socher, "Regularizing and Optimizing LSTM Language Models", ICLR 2018,
// section 4.3.
func EmbeddingDropout(embedding *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "EmbeddingDropout", distribution: bernoulli{}, shape: "(V, D)", min: 2, max: 2,
		shares: func(axis int) bool { return axis == 1 },
	}.apply(embedding, p, opts)
}

// TokenDropout is [Dropout] of whole tokens of x, of shape (N, T, D), after
// their embedding: the D values of a token are zeroed with probability p, or
// kept and multiplied by 1/(1-p), independently for each occurrence of a word.
// Another rank is an error. See [Dropout] for types, p, gradients and modes,
// and [WordDropout] for tokens before their embedding.
//
// Iyyer et al. leave dropped words out of the average that follows and divide
// by the number of words left. The factor 1/(1-p) does this on average. To drop
// tokens without a factor use [WeightScalingDropout] with WithBroadcastAxes(2).
//
// Source: Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for
// Text Classification", ACL 2015, section 3 (word dropout).
func TokenDropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "TokenDropout", distribution: bernoulli{}, shape: "(N, T, D)", min: 3, max: 3,
		shares: func(axis int) bool { return axis == 2 },
	}.apply(x, p, opts)
}

// AttentionDropout is [Dropout] of attention weights, of shape (N, H, T, S):
// how much each of T queries attends to each of S keys in H heads. It belongs
// after the softmax, since a score zeroed before it would still get a share.
// The weights of a query then add up to 1 only on average, and no further
// normalization should follow. Another rank is an error. See [Dropout] for
// types, p, gradients and modes.
//
// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, in their
// code; Devlin et al., "BERT", NAACL 2019, appendix A.2 ("dropout probability of
// 0.1 on all layers").
func AttentionDropout(weights *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "AttentionDropout", distribution: bernoulli{}, shape: "(N, H, T, S)", min: 4, max: 4,
	}.apply(weights, p, opts)
}
