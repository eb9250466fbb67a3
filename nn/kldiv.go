package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
)

// KLDiv returns the mean over the examples of the Kullback-Leibler divergence,
// in nats, of the softmax of the logits from target probabilities, for a
// network that learns a distribution, such as that of another network:
//
//	loss = mean over n of sum over k of t[n,k]*(log t[n,k] - log softmax(logits)[n,k])
//
// logits and target are nodes of float32 or float64, of the same type and
// shape, of rank 2 or more and with the class as the last axis. KLDiv is
// [SoftmaxCrossEntropy] with soft labels minus their entropy: it has the same
// gradient and takes the same probabilities, which need not add up to 1. Logits
// that are log-probabilities pass the softmax unchanged. It is PyTorch's
// KLDivLoss of log-probabilities with reduction="batchmean", if all axes except
// the last count as the batch.
//
// Source: Kullback and Leibler, "On Information and Sufficiency", 1951.
func KLDiv(logits, target *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	f, err := newCrossEntropy(logits, target)
	if err == nil && !f.soft {
		err = errors.Errorf("target must be probabilities, got labels of %v", target.Type())
	}
	if err != nil {
		return nil, errors.Wrap(err, "nn: KLDiv")
	}
	f.divergence, f.reduction = true, reductionOf(opts)
	return apply(f, f.nodes(logits, target)...)
}
