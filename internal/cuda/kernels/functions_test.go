//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// inputNode returns an input of a graph, whose value is not of interest.
func inputNode(t *rapid.T, g *gorgonia.ExprGraph, dt tensor.Dtype, name string, shape ...int) *gorgonia.Node {
	t.Helper()
	return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

// derivative returns the function in the graph of a gradient of y with a part in its name.
func derivative(t *rapid.T, y, x *gorgonia.Node, part string) op.Function {
	t.Helper()
	cost := y
	if y.Dims() > 0 {
		cost = gorgonia.Must(gorgonia.Sum(y))
	}
	if _, err := gorgonia.Grad(cost, x); err != nil {
		t.Fatalf("%v", err)
	}
	for _, n := range y.Graph().AllNodes() {
		if f := op.FunctionOf(n); f != nil {
			if s, ok := f.(interface{ String() string }); ok && strings.Contains(s.String(), part) {
				return f
			}
		}
	}
	t.Fatalf("there is no function with %s in its name", part)
	return nil
}

// compute runs the loop of a function on the processor.
func compute(t *rapid.T, f op.Function, y []float32, in op.Args[float32]) []float32 {
	t.Helper()
	if err := f.Loops().Float32(y, in); err != nil {
		t.Fatalf("%v", err)
	}
	return y
}

func TestReLU(t *testing.T) { testElementwise(t, "relu", "ReLU'", nn.ReLU, 1) }

// Up to where the exponential ends on either side.
func TestSigmoid(t *testing.T) { testElementwise(t, "sigmoid", "Sigmoid'", nn.Sigmoid, 1, 1, 9, 20) }

// testElementwise compares the kernels of a function of single elements, and of its
// derivative, with the function, for numbers times some factor.
func testElementwise(t *testing.T, kernel, slope string, apply func(*gorgonia.Node) (*gorgonia.Node, error), factors ...float32) {
	t.Helper()
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		n, blocks := rapid.IntRange(1, 5000).Draw(t, "n"), blockCount(t)
		node := inputNode(t, gorgonia.NewGraph(), tensor.Float32, "x", n)
		f, err := apply(node)
		if err != nil {
			t.Fatal(err)
		}
		x, dy := numbers(t, "x", n), numbers(t, "dy", n)
		for i, by := 0, rapid.SampledFrom(factors).Draw(t, "factor"); i < n; i++ {
			x[i] *= by
		}
		from, _ := guarded(t, "x", n)
		copy(from, x)
		y, intact := guarded(t, "y", n)
		launch(t, l, kernel, blocks, kernels.Elementwise{Y: pin(&p, y), X: pin(&p, from), N: int64(n)})
		verify(t, kernel, y, compute(t, op.FunctionOf(f), make([]float32, n), op.Args[float32]{Floats: [][]float32{x}}), intact)
		// Any numbers for y, not only those that there can be.
		want := compute(t, derivative(t, f, node, slope), make([]float32, n), op.Args[float32]{Floats: [][]float32{x, dy}})
		dx, intact := guarded(t, "dx", n)
		launch(t, l, kernel+"_back", blocks, kernels.ElementwiseBack{DX: pin(&p, dx), Y: pin(&p, x), DY: pin(&p, dy), N: int64(n)})
		verify(t, kernel+"_back", dx, want, intact)
	})
}

func TestLinearBack(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		rows := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(120, 300)).Draw(t, "rows")
		cols := rapid.IntRange(1, 70).Draw(t, "cols")
		act := rapid.SampledFrom([]nn.Activation{nn.ActivationNone, nn.ActivationReLU}).Draw(t, "activation")
		stream := drop.Stream{Seed: rapid.Uint64().Draw(t, "seed"), Layer: rapid.Uint32().Draw(t, "layer"), Step: rapid.Uint64Range(0, 1<<60).Draw(t, "step")}
		rate := rapid.SampledFrom([]float64{0, 0.3, 0.5, 1}).Draw(t, "rate")

		g := gorgonia.NewGraph()
		x, w, b := inputNode(t, g, tensor.Float32, "x", rows, 1), inputNode(t, g, tensor.Float32, "w", 1, cols), inputNode(t, g, tensor.Float32, "b", cols)
		var m []kernels.Mask
		node, err := nn.Dense(x, w, b, act)
		if rapid.Bool().Draw(t, "drops") {
			m = maskOf(stream, drop.Threshold(rate))
			node, err = nn.DenseDropout(x, w, b, act, rate, ops.WithStream(ops.WithMode(ops.Sample), ops.WithSeed(stream.Seed), ops.WithLayer(stream.Layer)))
		}
		if err != nil {
			t.Fatal(err)
		}
		n := rows * cols
		y, dy := numbers(t, "y", n), numbers(t, "dy", n)
		f := derivative(t, node, b, "'{")
		want := compute(t, f, make([]float32, n+cols), op.Args[float32]{
			Floats: [][]float32{y, dy}, Shapes: []tensor.Shape{{rows, cols}, {rows, cols}}, Step: int64(stream.Step),
		})
		dz, intact := guarded(t, "dz", n+cols)
		relu := int32(0)
		if act == nn.ActivationReLU {
			relu = 1
		}
		launch(t, l, "linear_back", blockCount(t), kernels.LinearBack{
			DZ: pin(&p, dz), DY: pin(&p, dy), Y: pin(&p, y), Rows: int32(rows), Cols: int32(cols), ReLU: relu, Mask: pin(&p, m),
		})
		verify(t, "linear_back", dz, want, intact)
	})
}
