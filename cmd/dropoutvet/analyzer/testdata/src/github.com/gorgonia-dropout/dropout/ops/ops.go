// Package ops has of package ops what the tests name.
package ops

import "gorgonia.org/gorgonia"

type Option func()

func WithSeed(seed uint64) Option { return nil }

func Dropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) { return x, nil }

func DropBlock2d(x *gorgonia.Node, p float64, side int, opts ...Option) (*gorgonia.Node, error) {
	return x, nil
}

func Inference(g *gorgonia.ExprGraph, run func() error) error { return run() }
