package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// MaxPool2d takes the maxima of kernel × kernel places of images, which do not
// overlap unless ops.WithStride says so; see ops.MaxPool2d.
func MaxPool2d(kernel int, opts ...ops.WindowOption) Layer { return maxPool{kernel, opts} }

// maxPool is a type of its own for Sequential to know it.
type maxPool struct {
	kernel int
	opts   []ops.WindowOption
}

func (p maxPool) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pool("MaxPool2d", p.kernel, p.opts, ops.MaxPool2d).Apply(s, x)
}

// AvgPool2d takes the means of kernel × kernel places of images, which do not
// overlap unless ops.WithStride says so; see ops.AvgPool2d.
func AvgPool2d(kernel int, opts ...ops.WindowOption) Layer {
	return pool("AvgPool2d", kernel, opts, ops.AvgPool2d)
}

// GlobalAvgPool2d takes the mean of each image, from (batch, channels, height,
// width) to (batch, channels).
func GlobalAvgPool2d() Layer { return unary("GlobalAvgPool2d", ops.GlobalAvgPool2d) }

// pool makes a layer of a pooling of package ops.
func pool(name string, kernel int, opts []ops.WindowOption,
	op func(*gorgonia.Node, int, ...ops.WindowOption) (*gorgonia.Node, error)) Layer {
	return unary(name, func(x *gorgonia.Node) (*gorgonia.Node, error) { return op(x, kernel, opts...) })
}
