package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// Dropout1d is [Dropout] of whole channels of x, of shape (N, C, L): each of
// the N*C rows is zeroed with probability p, or kept and multiplied by 1/(1-p).
// Neighbours in a feature map are similar, so dropping single elements would
// hardly change its information.
//
// Another rank is an error; for an unbatched (C, L) use Dropout(x, p,
// WithBroadcastAxes(1)). See [Dropout] for types, p, gradients and modes.
//
// Source: Tompson et al., "Efficient Object Localization Using Convolutional
// Networks", CVPR 2015, section 3.2 (SpatialDropout).
func Dropout1d(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return spatial("Dropout1d", "(N, C, L)", 3).apply(x, p, opts)
}

// Dropout2d is [Dropout] of whole channels of x, of shape (N, C, H, W): each of
// the N*C feature maps is zeroed with probability p, or kept and multiplied by
// 1/(1-p). Another rank is an error; see [Dropout1d].
func Dropout2d(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return spatial("Dropout2d", "(N, C, H, W)", 4).apply(x, p, opts)
}

// Dropout3d is [Dropout] of whole channels of x, of shape (N, C, D, H, W): each
// of the N*C feature volumes is zeroed with probability p, or kept and
// multiplied by 1/(1-p). Another rank is an error; see [Dropout1d].
func Dropout3d(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return spatial("Dropout3d", "(N, C, D, H, W)", 5).apply(x, p, opts)
}

func spatial(name, shape string, rank int) dropout {
	return dropout{
		name: name, distribution: bernoulli{}, shape: shape, min: rank, max: rank, shares: afterChannels,
		effect: draw.Effect{Channels: true},
	}
}

// afterChannels marks the axes after the batch and the channels.
func afterChannels(axis int) bool { return axis >= 2 }
