package nn_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Values and gradients are those of calculus, each time that they are asked for, of inputs and of
// what lies between, and stay as they are.
func TestValueAndGrad(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(3), tensor.Of(dt), tensor.WithBacking(tensor.Range(dt, 1, 4))), gorgonia.WithName("x"))
		square := gorgonia.Must(gorgonia.Square(x))
		loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(square)))) // of the fourth powers
		var first []gorgonia.Value
		for range 2 {
			value, grads, err := nn.ValueAndGrad(loss, x, square)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "value", testkit.Floats(t, value), []float64{1 + 16 + 81}, 0)
			testkit.Near(t, "gradient of x", testkit.Floats(t, grads[0]), []float64{4, 32, 108}, 0)
			testkit.Near(t, "gradient of its square", testkit.Floats(t, grads[1]), []float64{2, 8, 18}, 0)
			values, err := nn.Values(loss, x, square)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "x", testkit.Floats(t, values[1]), []float64{1, 2, 3}, 0)
			testkit.Near(t, "its square", testkit.Floats(t, values[2]), []float64{1, 4, 9}, 0)
			first = append(first, grads[0])
		}
		testkit.Near(t, "the first gradient, after other runs", testkit.Floats(t, first[0]), []float64{4, 32, 108}, 0)
	}
}

// Dropout draws one mask for both directions of a run, and another in the next.
func TestValueAndGradOfDropout(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 64), gorgonia.WithName("x"))
	y, err := ops.Dropout(x, 0.5, ops.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	loss := gorgonia.Must(gorgonia.Sum(y))
	var masks [][]float64
	for range 2 {
		value, grads, err := nn.ValueAndGrad(loss, x)
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		mask := testkit.Floats(t, grads[0])
		for _, v := range mask {
			sum += v
		}
		if math.Abs(sum-testkit.Floats(t, value)[0]) > 1e-12 {
			t.Errorf("the gradient adds up to %v, the output to %v", sum, value)
		}
		masks = append(masks, mask)
	}
	if slices.Equal(masks[0], masks[1]) {
		t.Error("two runs have one mask")
	}
}

func TestValueAndGradRejects(t *testing.T) {
	g, h := gorgonia.NewGraph(), gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 3), gorgonia.WithName("x"))
	elsewhere := gorgonia.NodeFromAny(h, tensor.Ones(tensor.Float64, 3), gorgonia.WithName("z"))
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(x))))
	ids := gorgonia.NodeFromAny(g, 3, gorgonia.WithName("n"))
	unset := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("unset"))
	grad := func(loss *gorgonia.Node, wrt ...*gorgonia.Node) error {
		_, _, err := nn.ValueAndGrad(loss, wrt...)
		return err
	}
	testkit.Rejects(t, grad(x, x), "nn: ValueAndGrad: nn: Grad: loss must be a scalar, got shape (3)")
	testkit.Rejects(t, grad(ids, x), "nn: ValueAndGrad: nn: Grad: loss must be a float32 or float64, got int")
	testkit.Rejects(t, grad(nil), "nn: ValueAndGrad: nn: Grad: node 0 must be set, got nil")
	testkit.Rejects(t, grad(loss, elsewhere), "nn: ValueAndGrad: nn: Grad: nodes must be of one graph, got ")
	_, err := nn.Values()
	testkit.Rejects(t, err, "nn: Values: must have a node at least, got none")
	if _, err = nn.Values(gorgonia.Must(gorgonia.Square(unset))); err == nil {
		t.Error("an input without a value must be an error")
	}
}
