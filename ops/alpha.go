package ops

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// AlphaDropout is dropout for networks of SELU units. With probability p it
// sets an element not to zero but to alpha' = -1.7580993408473766, the limit of
// SELU at -Inf, and then maps every element y to a*y + b with
//
//	a = ((1-p)*(1 + p*alpha'^2))^(-1/2),  b = -a*p*alpha'
//
// so that activations of mean 0 and variance 1 keep both. A dropped element is
// therefore a*alpha' + b whatever it was, even NaN.
//
// x is a float32 or float64 node of any shape. p, rounded to a multiple of
// 1/65536, and the modes are those of [Dropout]. At p = 0 x passes unchanged.
// As p approaches 1 dropped elements approach 0; at p = 1 the output and the
// gradient are zero. The op is affine: its derivative multiplies the gradient
// of kept elements by a and sets that of dropped ones to zero. It can be
// differentiated again.
//
// Source: Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017,
// section 3, "New Dropout Technique".
func AlphaDropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{name: "AlphaDropout", distribution: alpha{}}.apply(x, p, opts)
}

// FeatureAlphaDropout is [AlphaDropout] of whole channels of x, of shape (N, C,
// ...): all elements of a feature map are dropped together. A rank below 2 is
// an error.
func FeatureAlphaDropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "FeatureAlphaDropout", distribution: alpha{}, shape: "(N, C, ...)", min: 2, shares: afterChannels,
		effect: draw.Effect{Channels: true},
	}.apply(x, p, opts)
}

// seluLimit is alpha', the negative of SELU's scale times its alpha.
const seluLimit = -1.7580993408473766

// alpha is the distribution of alpha dropout, or its linear part.
type alpha struct {
	probability
	linear bool
}

func (k alpha) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	t := drop.Threshold(p)
	return mask.Bits{Layout: l, Kept: mask.Draw(l, s, t), Form: k.form(t)}
}

// form returns the affine map at a threshold. Each product is rounded on its
// own, so that the map is the same on every machine.
func (k alpha) form(t uint32) mask.Form {
	p := float64(float64(t) / drop.Always)
	if t == 0 || t >= drop.Always {
		return mask.Scaled(drop.Scale(t))
	}
	a := 1 / math.Sqrt(float64((1-p)*(1+float64(p*seluLimit*seluLimit))))
	if k.linear {
		return mask.Scaled(a)
	}
	return mask.Form{Scale: a, Shift: -a * p * seluLimit, Dropped: a * (1 - p) * seluLimit}
}

func (k alpha) derivative() distribution { return alpha{linear: true} }

func (k alpha) String() string {
	if k.linear {
		return "linear part, "
	}
	return ""
}
