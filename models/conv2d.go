package models

import (
	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// Conv2d is a convolution of images with square filters, from (batch, channels,
// height, width) to (batch, out, height', width'); see nn.Conv2d for the sizes
// and options. The channels are those of the input. Parameters: weight (out,
// channels, kernel, kernel) and bias (out), which starts at zero. For more
// choices see Convolution.
func Conv2d(out, kernel int, opts ...nn.WindowOption) Layer {
	return Convolution{Out: out, Kernel: []int{kernel}, Window: opts}
}

// Convolution is Conv2d with everything to be set.
type Convolution struct {
	Out    int               // filters
	Kernel []int             // size of the filters: one number, or height and width
	Window []nn.WindowOption // stride, padding and dilation
	NoBias bool              // without bias, as before BatchNorm2d
	Init   Init              // of the weights; HeNormal by default
}

// Apply adds the convolution to the graph of x.
func (c Convolution) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return c.apply(s, x, nn.Conv2d)
}

// apply is Apply with an op for the convolution.
func (c Convolution) apply(s *Scope, x *gorgonia.Node,
	op func(x, w, bias *gorgonia.Node, opts ...nn.WindowOption) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	const name = "Conv2d"
	shape := x.Shape()
	if len(shape) != 4 {
		return nil, s.Errorf("%s: input must have shape (batch, channels, height, width), got %v", name, shape)
	}
	kernel := c.Kernel
	if len(kernel) == 1 {
		kernel = []int{kernel[0], kernel[0]}
	}
	if c.Out <= 0 || len(kernel) != 2 || kernel[0] <= 0 || kernel[1] <= 0 {
		return nil, s.Errorf("%s: filters and their one or two sizes must be positive, got %d and %v", name, c.Out, c.Kernel)
	}
	init := c.Init
	if init == nil {
		init = HeNormal
	}
	w, err := s.Param("weight", []int{c.Out, shape[1], kernel[0], kernel[1]}, init)
	if err != nil {
		return nil, err
	}
	var b *gorgonia.Node
	if !c.NoBias {
		if b, err = s.Param("bias", []int{c.Out}, Zeros); err != nil {
			return nil, err
		}
	}
	y, err := op(x, w, b, c.Window...)
	return y, s.Wrap(err, name)
}
