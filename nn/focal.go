package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A FocalOption changes a default of [Focal].
type FocalOption interface{ focal(*focalLoss) }

// WithAlpha weighs the loss of targets of 1 by alpha, in [0, 1], and that of
// targets of 0 by 1-alpha; by default both weights are 1. The authors use 0.25.
func WithAlpha(alpha float64) FocalOption {
	return focalOption(func(f *focalLoss) { f.alpha, f.balanced = alpha, true })
}

type focalOption func(*focalLoss)

func (o focalOption) focal(f *focalLoss) { o(f) }

// Focal returns the mean focal loss of targets of 0 or 1 under the sigmoid of
// the logits, a binary cross-entropy that gives well-classified examples less
// weight:
//
//	loss = mean over i of -a*(1-p)^gamma * log(p)
//
// where p is the probability of the target, σ(x[i]) for 1 and 1-σ(x[i]) for 0,
// and a comes from [WithAlpha]. gamma must be finite and not negative; 0 makes
// it [BCEWithLogits], and the authors use 2. logits and targets are as in
// BCEWithLogits, but a target other than 0 and 1 is an error when the graph
// runs. It is torchvision's sigmoid_focal_loss.
//
// Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equations 4
// and 5.
func Focal(logits, targets *gorgonia.Node, gamma float64, opts ...FocalOption) (*gorgonia.Node, error) {
	f := focalLoss{gamma: gamma}
	for _, opt := range opts {
		opt.focal(&f)
	}
	if !(gamma >= 0) || math.IsInf(gamma, 1) {
		return nil, errors.Errorf("nn: Focal: gamma must be finite and not negative, got %v", gamma)
	}
	if f.balanced && !(f.alpha >= 0 && f.alpha <= 1) {
		return nil, errors.Errorf("nn: Focal: alpha must be in [0, 1], got %v", f.alpha)
	}
	return applyLoss(f, f.reduction, logits, targets)
}

// focalLoss :: logits → targets → loss
type focalLoss struct {
	plainLoss
	reduction
	gamma, alpha float64
	balanced     bool // alpha is set
}

func (focalLoss) Name() string       { return "Focal" }
func (focalLoss) inputs() []op.Input { return logitsAndTargets() }
func (focalLoss) Role() op.Role      { return op.RoleSoftmax }

func (f focalLoss) settings() string {
	if f.balanced {
		return fmt.Sprintf("gamma=%v alpha=%v", f.gamma, f.alpha)
	}
	return fmt.Sprintf("gamma=%v", f.gamma)
}

func (focalLoss) wrong(p point) string {
	if t := p.x[1]; t != 0 && t != 1 {
		return fmt.Sprintf("must be 0 or 1, got %v", t)
	}
	return ""
}

// of returns the logit of the target's class, whose sigmoid is p, its sign
// relative to the given logit, and the weight.
func (f focalLoss) of(p point) (z, sign, weight float64) {
	z, sign, weight = p.x[0], 1, 1
	if f.balanced {
		weight = f.alpha
	}
	if p.x[1] == 0 {
		z, sign = -z, -1
		if f.balanced {
			weight = 1 - f.alpha
		}
	}
	return z, sign, weight
}

// focus returns (1-p)^gamma, with log(1-p) = -softplus(z).
func (f focalLoss) focus(z float64) float64 {
	if f.gamma == 0 {
		return 1
	}
	return portable.Exp(-f.gamma * softplus(z))
}

func (f focalLoss) value(p point) float64 {
	z, _, weight := f.of(p)
	return times(weight, f.focus(z)*softplus(-z))
}

func (f focalLoss) slope(p point, _ int) float64 {
	z, sign, weight := f.of(p)
	// 1-p and p*log(p) are 0 where the other is not.
	certainty := 0.0
	if q := sigmoid(z); q > 0 {
		certainty = float64(f.gamma * q * softplus(-z))
	}
	return -sign * weight * f.focus(z) * (certainty + sigmoid(-z))
}
