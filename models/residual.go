package models

import "gorgonia.org/gorgonia"

// ResidualLayer adds its input to the output of its layers, x + f(x) (He et
// al., "Deep Residual Learning for Image Recognition", CVPR 2016). The layers
// must keep the shape. With [DropPath] as the last of them it is a block of a
// network of stochastic depth. Its parts are named by number, as in
// [Sequential].
type ResidualLayer struct{ Layers Sequential }

// Residual returns the layer that adds its input to the output of layers.
func Residual(layers ...Layer) ResidualLayer { return ResidualLayer{Layers: layers} }

// Apply adds the layers to the graph of x.
func (l ResidualLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := l.Layers.Apply(s, x)
	if err != nil {
		return nil, err
	}
	if !y.Shape().Eq(x.Shape()) {
		return nil, s.Errorf("Residual: layers must keep the shape %v, got %v", x.Shape(), y.Shape())
	}
	y, err = gorgonia.Add(x, y)
	return y, s.Wrap(err, "Residual")
}
