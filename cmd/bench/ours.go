package main

import (
	"context"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// pixels returns numbers four in five of which are 0, as in images of digits:
// some BLAS skip zeros.
func pixels(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		if r.IntN(5) == 0 {
			x[i] = r.Float32()
		}
	}
	return x
}

// digits returns made-up examples with labels of ten classes.
func digits(n int, shape []int) *training.Examples {
	size := tensor.Shape(shape).TotalSize()
	e := &training.Examples{Shape: shape, X: pixels(n * size), Y: make([]int, n)}
	for i := range e.Y {
		e.Y[i] = i % 10
	}
	return e
}

// trainingStep is a step of a trainer, of which it does as many as are asked for:
// from the choice of the examples to the update.
func trainingStep(model *models.Model, solver gorgonia.Solver, batch int) loop {
	return func(next func() bool) error {
		t := &training.Trainer{
			Model: model, Solver: solver, Epochs: 1 << 40, BatchSize: batch,
			Callbacks: []training.Callback{{OnStep: func(r *training.Run) error {
				if !next() {
					r.Stop("measured")
				}
				return nil
			}}},
		}
		_, err := t.Fit(context.Background(), training.Data{Train: digits(10*batch, model.InputShape())})
		return err
	}
}

// epoch is a pass over some images of MNIST in batches of 128.
func epoch(images int) (loop, error) {
	all, _, err := embedded.Load()
	if err != nil {
		return nil, err
	}
	data, err := all.Slice(0, images)
	if err != nil {
		return nil, err
	}
	model, err := models.New(models.MLP{Inputs: 784, Hidden: []int{1024, 1024, 1024}, Outputs: 10, HiddenDropout: 0.5}, []int{784})
	if err != nil {
		return nil, err
	}
	return func(next func() bool) error {
		t := &training.Trainer{
			Model: model, Solver: &optim.SGD{LR: 0.01, Momentum: 0.9}, Epochs: 1 << 40, BatchSize: 128,
			Callbacks: []training.Callback{{OnEpoch: func(r *training.Run) error {
				if !next() {
					r.Stop("measured")
				}
				return nil
			}}},
		}
		_, err := t.Fit(context.Background(), training.Data{Train: data})
		return err
	}, nil
}

// dropoutOp is dropout of n elements, with its backward pass or without.
func dropoutOp(n int, backward bool) (loop, error) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", n)
	y, err := ops.Dropout(x, 0.5)
	if err != nil {
		return nil, err
	}
	if err := backpropagate(g, x, y, n, backward); err != nil {
		return nil, err
	}
	ops.ReuseMemory(g)
	return machineLoop(g), nil
}

// gorgoniaDropoutOp is dropoutOp of gorgonia.Dropout.
func gorgoniaDropoutOp(n int, backward bool) (loop, error) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", n)
	y, err := gorgonia.Dropout(x, 0.5)
	if err != nil {
		return nil, err
	}
	if err := backpropagate(g, x, y, n, backward); err != nil {
		return nil, err
	}
	return machineLoop(g), nil
}

func vector(g *gorgonia.ExprGraph, name string, n int) *gorgonia.Node {
	return gorgonia.NewVector(g, tensor.Float32, gorgonia.WithName(name), gorgonia.WithShape(n),
		gorgonia.WithValue(tensor.New(tensor.WithShape(n), tensor.WithBacking(pixels(n)))))
}

// backpropagate adds the gradient of x for a given one of y, if asked for.
func backpropagate(g *gorgonia.ExprGraph, x, y *gorgonia.Node, n int, backward bool) error {
	if !backward {
		return nil
	}
	_, err := gorgonia.Backpropagate(gorgonia.Nodes{y}, gorgonia.Nodes{vector(g, "dy", n)}, gorgonia.Nodes{x})
	return err
}

// machineLoop runs a graph.
func machineLoop(g *gorgonia.ExprGraph) loop {
	m := gorgonia.NewTapeMachine(g)
	return steps(func() error {
		m.Reset()
		return m.RunAll()
	})
}

// memcpy copies n float32.
func memcpy(n int) loop {
	dst, src := make([]float32, n), pixels(n)
	return steps(func() error {
		copy(dst, src)
		return nil
	})
}
