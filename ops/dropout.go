package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// Dropout zeroes each element of x with probability p, independently, and
// multiplies the others by 1/(1-p), so that the mean is unchanged (inverted
// dropout). Each run of the machine draws a new mask. Gradients pass through
// the same mask: nothing is updated through a dropped element. At inference x
// passes unchanged; see [Mode].
//
// x is a float32 or float64 node of any shape, and the result has its shape and
// type. p is the drop probability, rounded to a multiple of 1/65536; kept
// elements are multiplied by the reciprocal of the rounded keep probability. At
// p = 0 x passes unchanged; at p = 1 everything is zero, including gradients.
// It is an error if p is outside [0, 1] or NaN, whatever the mode. [WithRate]
// lets p change from step to step; [WithNoiseShape] and [WithBroadcastAxes]
// drop elements together.
//
// Source: Hinton et al., "Improving neural networks by preventing co-adaptation
// of feature detectors", 2012; Srivastava et al., JMLR 15, 2014, equations in
// section 4. The op is its own derivative with respect to x, so it can be
// differentiated any number of times.
func Dropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{name: "Dropout", distribution: bernoulli{}}.apply(x, p, opts)
}

// bernoulli is the distribution of inverted dropout: each element of the mask
// is dropped with probability p.
type bernoulli struct{ probability }

func (bernoulli) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	t := drop.Threshold(p)
	if l.Dense() {
		return mask.PerElement{Stream: s, Threshold: t}
	}
	return mask.Bits{Layout: l, Kept: mask.Draw(l, s, t), Form: mask.Scaled(drop.Scale(t))}
}

func (k bernoulli) derivative() distribution { return k }
func (bernoulli) String() string             { return "" }
