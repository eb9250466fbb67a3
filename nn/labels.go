package nn

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// labelled is a batch of logits with labels, in the form that a cross-entropy
// reads.
type labelled[F op.Float] struct {
	crossEntropy
	weighing[F]
	classes int
	logits  []F
	labels  []int     // of examples, or:
	soft    []F       // probabilities of the classes
	targets []float64 // memory for those of one example
}

// readLabels returns the batch among the inputs, or an error if a label is
// wrong.
func readLabels[F op.Float](f crossEntropy, in op.Args[F]) (*labelled[F], error) {
	b := &labelled[F]{crossEntropy: f, classes: in.Shapes[0][f.dims], logits: in.Floats[0], soft: in.Floats[1]}
	b.targets = make([]float64, b.classes)
	if !f.soft {
		b.labels = in.IDs[1]
	}
	var err error
	if b.weighing, err = weigh(f.reduction, len(b.logits)/b.classes, 2, in); err != nil {
		return nil, err
	}
	if f.ignores {
		b.ignore()
	}
	return b, b.checkLabels(in.Shapes[0][0])
}

// ignore gives weight 0 to the examples with the ignored label.
func (b *labelled[F]) ignore() {
	all := make([]F, b.examples)
	for n, label := range b.labels {
		if label != b.ignored {
			all[n] = F(b.at(n))
		}
	}
	b.of, b.each = all, 1
}

// checkLabels returns an error unless the labels of all examples that count are
// valid. The first axis of the batch has the given length.
func (b *labelled[F]) checkLabels(length int) error {
	each := b.examples / length // labels of one place on that axis
	for n := range b.examples {
		if b.at(n) == 0 {
			continue
		}
		if !b.crossEntropy.soft {
			if label := b.labels[n]; label < 0 || label >= b.classes {
				return exampleError(n, each, "label", "must be in [0, %d), got %d", b.classes, label)
			}
			continue
		}
		for k, p := range b.soft[n*b.classes : (n+1)*b.classes] {
			if !(p >= 0) || math.IsInf(float64(p), 1) {
				return exampleError(n, each, "label", "must have a probability of class %d that is finite and not negative, got %v", k, p)
			}
		}
	}
	return nil
}

// share returns the divisor of the losses in their mean.
func (b *labelled[F]) share() float64 {
	if !b.weighsClasses || b.labels == nil {
		return b.total()
	}
	var total float64
	for n := range b.examples {
		if w := b.at(n); w != 0 {
			total += float64(w * b.classWeights[b.labels[n]])
		}
	}
	return total
}

func (b *labelled[F]) row(n int) []F { return b.logits[n*b.classes : (n+1)*b.classes] }

// loss returns the loss of example n.
func (b *labelled[F]) loss(n int) float64 {
	row := b.row(n)
	log := logSumExp(row)
	if b.labels != nil && !b.weighsClasses {
		loss := log - float64((1-b.smoothing)*float64(row[b.labels[n]]))
		if b.smoothing > 0 {
			var mean float64
			for _, v := range row {
				mean += float64(v)
			}
			loss -= b.smoothing * mean / float64(len(row))
		}
		return loss
	}
	var loss float64
	target, _ := b.target(n)
	for k, q := range target {
		if q == 0 {
			continue
		}
		surprise := log - float64(row[k])
		if b.divergence {
			surprise += portable.Log(q)
		}
		loss += float64(q * surprise)
	}
	return loss
}

// target returns the target of each class of example n, and their sum; the
// slice is valid until the next call.
func (b *labelled[F]) target(n int) (target []float64, all float64) {
	target = b.targets
	spread := b.smoothing / float64(b.classes)
	for k := range target {
		target[k] = spread
	}
	if b.labels != nil {
		target[b.labels[n]] += 1 - b.smoothing
		if !b.weighsClasses {
			return target, 1
		}
	} else {
		for k, p := range b.soft[n*b.classes : (n+1)*b.classes] {
			target[k] += float64((1 - b.smoothing) * float64(p))
		}
	}
	for k := range target {
		if b.weighsClasses {
			target[k] *= b.classWeights[k]
		}
		all += float64(target[k])
	}
	return target, all
}
