package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A BCEOption changes a default of [BCEWithLogits].
type BCEOption interface{ bce(*bceWithLogits) }

// WithPosWeight multiplies the loss of targets of 1 by a weight: above 1 raises
// recall, below 1 precision. It takes one weight for all classes, or one for
// each class of the last axis. Weights must be finite and not negative.
func WithPosWeight(w ...float64) BCEOption {
	return bceOption(func(f *bceWithLogits) { f.posWeight, f.weighs = w, true })
}

type bceOption func(*bceWithLogits)

func (o bceOption) bce(f *bceWithLogits) { o(f) }

// BCEWithLogits returns the mean binary cross-entropy, in nats, of targets in
// [0, 1] under the sigmoid of the logits, for labels that are present or absent
// independently of each other:
//
//	loss = mean over i of -w*t[i]*log(σ(x[i])) - (1-t[i])*log(1-σ(x[i]))
//
// with logits x, targets t and the weight w of [WithPosWeight], by default 1.
// Logarithms are computed from the logits, as softplus, so nothing overflows
// and small terms are not lost; a logit of ±Inf has loss 0 if its target agrees
// with it. logits and targets are nodes of float32 or float64, of the same
// shape, of rank 1 or more. The result is a scalar of their type. No gradient
// flows into targets; one outside [0, 1] is an error when the graph runs. It is
// PyTorch's BCEWithLogitsLoss.
func BCEWithLogits(logits, targets *gorgonia.Node, opts ...BCEOption) (*gorgonia.Node, error) {
	var f bceWithLogits
	for _, opt := range opts {
		opt.bce(&f)
	}
	if f.weighs && len(f.posWeight) == 0 {
		return nil, errors.New("nn: BCEWithLogits: there must be a weight of positives, got none")
	}
	for _, w := range f.posWeight {
		if err := checkWeight("weight of positives", w); err != nil {
			return nil, errors.Wrap(err, "nn: BCEWithLogits")
		}
	}
	return applyLoss(f, f.reduction, logits, targets)
}

// checkWeight returns an error unless a weight is finite and not negative.
func checkWeight(what string, w float64) error {
	if !(w >= 0) || math.IsInf(w, 1) {
		return errors.Errorf("%s must be finite and not negative, got %v", what, w)
	}
	return nil
}

// bceWithLogits :: logits → targets → loss
type bceWithLogits struct {
	reduction
	weighs    bool // posWeight is set
	posWeight []float64
}

func (bceWithLogits) Name() string { return "BCEWithLogits" }

func (f bceWithLogits) settings() string {
	if !f.weighs {
		return ""
	}
	return fmt.Sprintf("posWeight=%v", f.posWeight)
}

func (bceWithLogits) Role() op.Role { return op.RoleSoftmax }

func (bceWithLogits) inputs() []op.Input { return logitsAndTargets() }

// logitsAndTargets are the inputs of the losses of independent labels.
func logitsAndTargets() []op.Input {
	return []op.Input{{Name: "logits"}, {Name: "targets", Of: op.Constants}}
}

func (f bceWithLogits) fits(s tensor.Shape) error {
	if classes := s[len(s)-1]; len(f.posWeight) > 1 && len(f.posWeight) != classes {
		return errors.Errorf("there must be one weight of positives or one for each of %d classes, got %d", classes, len(f.posWeight))
	}
	return nil
}

func (bceWithLogits) wrong(p point) string {
	if t := p.x[1]; !(t >= 0 && t <= 1) {
		return fmt.Sprintf("must be in [0, 1], got %v", t)
	}
	return ""
}

// weight returns the weight of the target's share of the loss.
func (f bceWithLogits) weight(class int) float64 {
	switch len(f.posWeight) {
	case 0:
		return 1
	case 1:
		return f.posWeight[0]
	}
	return f.posWeight[class]
}

func (f bceWithLogits) value(p point) float64 {
	x, t := p.x[0], p.x[1]
	return times(f.weight(p.class)*t, softplus(-x)) + times(1-t, softplus(x))
}

func (f bceWithLogits) slope(p point, _ int) float64 {
	x, t := p.x[0], p.x[1]
	return float64((1-t)*sigmoid(x)) - float64(f.weight(p.class)*t*sigmoid(-x))
}

// times returns share*x, but 0 for a share of 0 unless x is NaN.
func times(share, x float64) float64 {
	if share == 0 && math.IsInf(x, 0) {
		return 0
	}
	return float64(share * x) // not fused with what is added to it
}
