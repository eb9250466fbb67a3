package models

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// Conv2dLayer is a convolution of images, from (batch, channels, height, width)
// to (batch, Out, height', width'); see [nn.Conv2d] for the sizes. The channels
// are taken from the input. Parameters: weight (Out, channels/Groups, kernel
// height, kernel width) and bias (Out), which starts at zero.
type Conv2dLayer struct {
	Out    int               // filters
	Kernel []int             // size of the filters: one number, or height and width
	Window []nn.WindowOption // stride, padding and dilation
	Groups int               // of channels, which must divide those of the input and Out; 0: one
	NoBias bool              // no bias, for a layer before BatchNorm2d
	Init   Init              // of the weights; HeNormal by default
}

// Conv2d returns the convolution with out square filters and the defaults of
// [Conv2dLayer].
func Conv2d(out, kernel int, opts ...nn.WindowOption) Conv2dLayer {
	return Conv2dLayer{Out: out, Kernel: []int{kernel}, Window: opts}
}

// Apply adds the convolution to the graph of x.
func (l Conv2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return l.apply(s, x, nn.Conv2d)
}

// Fusion implements [Fuser].
func (l Conv2dLayer) Fusion() Fusion {
	return Fusion{WithReLU: func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return l.apply(s, x, nn.Conv2dReLU) }}
}

// apply is Apply with a given op for the convolution.
func (l Conv2dLayer) apply(s *Scope, x *gorgonia.Node,
	op func(x, w, bias *gorgonia.Node, opts ...nn.WindowOption) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	const name = "Conv2d"
	shape := x.Shape()
	if len(shape) != 4 {
		return nil, s.Errorf("%s: input must have shape (batch, channels, height, width), got %v", name, shape)
	}
	kernel := l.Kernel
	if len(kernel) == 1 {
		kernel = []int{kernel[0], kernel[0]}
	}
	if l.Out <= 0 || len(kernel) != 2 || kernel[0] <= 0 || kernel[1] <= 0 {
		return nil, s.Errorf("%s: filters and their one or two sizes must be positive, got %d and %v", name, l.Out, l.Kernel)
	}
	groups, window := max(l.Groups, 1), l.Window
	if l.Groups < 0 || shape[1]%groups != 0 || l.Out%groups != 0 {
		return nil, s.Errorf("%s: groups must divide %d channels and %d filters, got %d", name, shape[1], l.Out, l.Groups)
	}
	if groups > 1 {
		window = append(slices.Clip(window), nn.WithGroups(groups))
	}
	w, err := s.Param("weight", []int{l.Out, shape[1] / groups, kernel[0], kernel[1]}, l.Init.or(HeNormal))
	if err != nil {
		return nil, err
	}
	var b *gorgonia.Node
	if !l.NoBias {
		if b, err = s.Param("bias", []int{l.Out}, Zeros); err != nil {
			return nil, err
		}
	}
	y, err := op(x, w, b, window...)
	return y, s.Wrap(err, name)
}
