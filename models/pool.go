package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// MaxPool2dLayer takes the maximum of each window of Kernel × Kernel pixels of
// images (batch, channels, height, width). Windows do not overlap unless a
// stride says so; see [nn.MaxPool2d].
type MaxPool2dLayer struct {
	Kernel int
	Window []nn.WindowOption // stride and padding
}

// MaxPool2d returns the layer that takes the maximum of each window of kernel ×
// kernel pixels.
func MaxPool2d(kernel int, opts ...nn.WindowOption) MaxPool2dLayer {
	return MaxPool2dLayer{Kernel: kernel, Window: opts}
}

// Apply adds the pooling to the graph of x.
func (l MaxPool2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := nn.MaxPool2d(x, l.Kernel, l.Window...)
	return y, s.Wrap(err, "MaxPool2d")
}

// Fusion implements [Fuser].
func (MaxPool2dLayer) Fusion() Fusion { return Fusion{Maxima: true} }

// AvgPool2dLayer takes the mean of each window of Kernel × Kernel pixels of
// images (batch, channels, height, width). Windows do not overlap unless a
// stride says so; see [nn.AvgPool2d].
type AvgPool2dLayer struct {
	Kernel int
	Window []nn.WindowOption // stride and padding
}

// AvgPool2d returns the layer that takes the mean of each window of kernel ×
// kernel pixels.
func AvgPool2d(kernel int, opts ...nn.WindowOption) AvgPool2dLayer {
	return AvgPool2dLayer{Kernel: kernel, Window: opts}
}

// Apply adds the pooling to the graph of x.
func (l AvgPool2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := nn.AvgPool2d(x, l.Kernel, l.Window...)
	return y, s.Wrap(err, "AvgPool2d")
}

// GlobalAvgPool2dLayer takes the mean of each channel, from (batch, channels,
// height, width) to (batch, channels); see [nn.GlobalAvgPool2d].
type GlobalAvgPool2dLayer struct{}

// GlobalAvgPool2d returns the layer that takes the mean of each channel.
func GlobalAvgPool2d() GlobalAvgPool2dLayer { return GlobalAvgPool2dLayer{} }

// Apply adds the pooling to the graph of x.
func (GlobalAvgPool2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := nn.GlobalAvgPool2d(x)
	return y, s.Wrap(err, "GlobalAvgPool2d")
}
