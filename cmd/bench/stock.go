package main

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The networks of this file are those of Gorgonia's own examples: its ops, its
// dropout, its solver, and a graph that a tape machine runs on one batch after
// the other.

// stockMLP is a training step of 784-1024-1024-1024-10 with dropout.
func stockMLP(batch int) (loop, error) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(batch, 784), gorgonia.WithName("x"))
	var weights gorgonia.Nodes
	h := x
	for i, size := range [][2]int{{784, 1024}, {1024, 1024}, {1024, 1024}} {
		var err error
		if h, weights, err = stockDense(g, h, weights, fmt.Sprint(i), size[0], size[1]); err != nil {
			return nil, err
		}
		if h, err = gorgonia.Rectify(h); err != nil {
			return nil, err
		}
		if h, err = gorgonia.Dropout(h, 0.5); err != nil {
			return nil, err
		}
	}
	h, weights, err := stockDense(g, h, weights, "out", 1024, 10)
	if err != nil {
		return nil, err
	}
	return stockStep(g, x, h, weights, batch, 10)
}

// stockCNN is a training step of two convolutions of 32 and 64 filters, max
// pooling, and a dense layer of 128 units, with dropout, on batches of 64.
func stockCNN() (loop, error) {
	const batch = 64
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(batch, 1, 28, 28), gorgonia.WithName("x"))
	var weights gorgonia.Nodes
	h, channels := x, 1
	for i, filters := range []int{32, 64} {
		w := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(filters, channels, 3, 3),
			gorgonia.WithName(fmt.Sprint("filters", i)), gorgonia.WithInit(gorgonia.GlorotN(1)))
		weights = append(weights, w)
		var err error
		if h, err = gorgonia.Conv2d(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}); err != nil {
			return nil, err
		}
		if h, err = gorgonia.Rectify(h); err != nil {
			return nil, err
		}
		if h, err = gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}); err != nil {
			return nil, err
		}
		if h, err = gorgonia.Dropout(h, 0.25); err != nil {
			return nil, err
		}
		channels = filters
	}
	h, err := gorgonia.Reshape(h, tensor.Shape{batch, 64 * 7 * 7})
	if err != nil {
		return nil, err
	}
	if h, weights, err = stockDense(g, h, weights, "dense", 64*7*7, 128); err != nil {
		return nil, err
	}
	if h, err = gorgonia.Rectify(h); err != nil {
		return nil, err
	}
	if h, err = gorgonia.Dropout(h, 0.5); err != nil {
		return nil, err
	}
	if h, weights, err = stockDense(g, h, weights, "out", 128, 10); err != nil {
		return nil, err
	}
	return stockStep(g, x, h, weights, batch, 10)
}

// stockDense adds a dense layer and its parameters.
func stockDense(g *gorgonia.ExprGraph, x *gorgonia.Node, weights gorgonia.Nodes, name string, in, out int) (*gorgonia.Node, gorgonia.Nodes, error) {
	w := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(in, out), gorgonia.WithName("w"+name), gorgonia.WithInit(gorgonia.GlorotN(1)))
	b := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(out), gorgonia.WithName("b"+name), gorgonia.WithInit(gorgonia.Zeroes()))
	y, err := gorgonia.Mul(x, w)
	if err == nil {
		y, err = gorgonia.BroadcastAdd(y, b, nil, []byte{0})
	}
	return y, append(weights, w, b), err
}

// stockStep adds the cross-entropy of the logits h, compiles, and returns the step.
func stockStep(g *gorgonia.ExprGraph, x, h *gorgonia.Node, weights gorgonia.Nodes, batch, classes int) (loop, error) {
	y := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(batch, classes), gorgonia.WithName("y"))
	out, err := gorgonia.SoftMax(h)
	for _, f := range []func(*gorgonia.Node) (*gorgonia.Node, error){
		gorgonia.Log,
		func(n *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.HadamardProd(n, y) },
		func(n *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Mean(n) },
		gorgonia.Neg,
	} {
		if err != nil {
			return nil, err
		}
		out, err = f(out)
	}
	if err != nil {
		return nil, err
	}
	if _, err := gorgonia.Grad(out, weights...); err != nil {
		return nil, err
	}
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(weights...))
	solver := gorgonia.NewMomentum(gorgonia.WithLearnRate(0.01), gorgonia.WithMomentum(0.9))

	const batches = 10
	size := x.Shape().TotalSize()
	images, labels := pixels(batches*size), make([]float32, batches*batch*classes)
	for i := range batches * batch {
		labels[i*classes+i%classes] = 1
	}
	values, targets := make([]float32, size), make([]float32, batch*classes)
	if err := gorgonia.Let(x, tensor.New(tensor.WithShape(x.Shape()...), tensor.WithBacking(values))); err != nil {
		return nil, err
	}
	if err := gorgonia.Let(y, tensor.New(tensor.WithShape(batch, classes), tensor.WithBacking(targets))); err != nil {
		return nil, err
	}
	at := 0
	return steps(func() error {
		copy(values, images[at*size:])
		copy(targets, labels[at*batch*classes:])
		at = (at + 1) % batches
		if err := machine.RunAll(); err != nil {
			return err
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(weights)); err != nil {
			return err
		}
		machine.Reset()
		return nil
	}), nil
}
