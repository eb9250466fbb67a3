package main

import (
	"math/rand/v2"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
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

// numbers returns n numbers of which none is 0.
func numbers(n int) []float32 {
	r := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32() - 0.5
	}
	return x
}

// digits returns made-up examples with labels of so many classes.
func digits(n int, shape []int, classes int) *training.Examples {
	size := tensor.Shape(shape).TotalSize()
	e := &training.Examples{Shape: shape, X: pixels(n * size), Y: make([]int, n)}
	for i := range e.Y {
		e.Y[i] = i % classes
	}
	return e
}

// trainingSteps are steps of a trainer, of which it does as many as are asked for:
// from the choice of the examples to the update.
func trainingSteps(t *training.Trainer, data training.Dataset) loop {
	return func(next func() bool) error {
		return fit(t, data, training.Callback{OnStep: func(r *training.Run) error {
			if !next() {
				r.Stop("measured")
			}
			return nil
		}})
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
	t, _, err := mlp{p: 0.5}.trainer()
	if err != nil {
		return nil, err
	}
	return func(next func() bool) error {
		return fit(t, data, training.Callback{OnEpoch: func(r *training.Run) error {
			if !next() {
				r.Stop("measured")
			}
			return nil
		}})
	}, nil
}

func epochCases() []*benchCase {
	work := func() (loop, error) { return epoch(1280) }
	return group("epoch", inLong(slices.Concat(
		ours("dropout", "epoch of the MLP with dropout", both, work),
		one(benchCase{Name: "gonum", Title: "Gonum's products", blas: gonum, work: work}),
		torchCases("dropout", "epoch", everyBLAS, both))))
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
