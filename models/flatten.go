package models

import (
	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// Flatten makes one row of each example, from (batch, ...) to (batch, values), as
// Linear wants it.
func Flatten() Layer { return unary("Flatten", nn.Flatten) }

// Unflatten gives each example the given shape: Unflatten(1, 28, 28) makes images of
// rows of 784 pixels, as Conv2d wants them.
func Unflatten(shape ...int) Layer {
	return unary("Unflatten", func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Unflatten(x, shape...) })
}
