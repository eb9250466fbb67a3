package models

import (
	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// MaxPool2d takes the maxima of kernel × kernel places of images, which do not
// overlap unless nn.WithStride says so; see nn.MaxPool2d.
func MaxPool2d(kernel int, opts ...nn.WindowOption) Layer { return maxPool{kernel, opts} }

// maxPool is a type of its own for Sequential to know it.
type maxPool struct {
	kernel int
	opts   []nn.WindowOption
}

func (p maxPool) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pool("MaxPool2d", p.kernel, p.opts, nn.MaxPool2d).Apply(s, x)
}

// AvgPool2d takes the means of kernel × kernel places of images, which do not
// overlap unless nn.WithStride says so; see nn.AvgPool2d.
func AvgPool2d(kernel int, opts ...nn.WindowOption) Layer {
	return pool("AvgPool2d", kernel, opts, nn.AvgPool2d)
}

// GlobalAvgPool2d takes the mean of each image, from (batch, channels, height,
// width) to (batch, channels).
func GlobalAvgPool2d() Layer { return unary("GlobalAvgPool2d", nn.GlobalAvgPool2d) }

// pool makes a layer of a pooling of package ops.
func pool(name string, kernel int, opts []nn.WindowOption,
	op func(*gorgonia.Node, int, ...nn.WindowOption) (*gorgonia.Node, error)) Layer {
	return unary(name, func(x *gorgonia.Node) (*gorgonia.Node, error) { return op(x, kernel, opts...) })
}
