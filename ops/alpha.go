package ops

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// AlphaDropout is dropout for networks of SELU units: instead of to zero, it
// sets an element with probability p to alpha' = -1.7580993408473766, the value
// that SELU approaches on the left, and then maps every element y to a*y + b
// with
//
//	a = ((1-p)*(1 + p*alpha'^2))^(-1/2),  b = -a*p*alpha'
//
// so that activations of mean 0 and variance 1 keep both. A dropped element is
// therefore a*alpha' + b whatever it was, NaN included.
//
// x is a float32 or float64 node of any shape. p, rounded to a multiple of
// 1/65536, and the modes are those of Dropout. At p = 0 x passes unchanged. As
// p goes to 1 dropped elements go to 0; at p = 1 the output and the gradient are
// zero. The op is affine: its derivative multiplies the gradient of kept
// elements by a and makes that of dropped ones zero, and can be differentiated
// again.
//
// Source: Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017,
// section 3, "New Dropout Technique".
func AlphaDropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{name: "AlphaDropout", distribution: alpha{}}.apply(x, p, opts)
}

// FeatureAlphaDropout is AlphaDropout that drops whole channels of x, of shape
// (N, C, ...): all elements of a feature map together. A rank below 2 is an
// error.
func FeatureAlphaDropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "FeatureAlphaDropout", distribution: alpha{}, shape: "(N, C, ...)", min: 2, shares: afterChannels,
		effect: draw.Effect{Channels: true},
	}.apply(x, p, opts)
}

// seluLimit is alpha', the negative of SELU's scale times its alpha.
const seluLimit = -1.7580993408473766

// alpha is alpha dropout, or its linear part.
type alpha struct {
	probability
	linear bool
}

func (k alpha) draw(l mask.Layout, s kernel.Stream, p float64) mask.Mask {
	t := kernel.Threshold(p)
	return mask.Bits{Layout: l, Kept: mask.Draw(l, s, t), Form: k.form(t)}
}

// form returns the affine map at a threshold. Products are rounded one by one,
// so that it is the same on every machine.
func (k alpha) form(t uint32) mask.Form {
	p := float64(float64(t) / kernel.Always)
	if t == 0 || t >= kernel.Always {
		return mask.Scaled(kernel.Scale(t))
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
