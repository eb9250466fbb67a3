package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// One Derive serves both machines, any number of times.
func TestGradients(t *testing.T) {
	build := func(in []*gorgonia.Node) (*gorgonia.Node, error) { return op.Apply("test", doubled(op.AnyRank), in...) }
	testkit.CheckFunction(t, build, []int{2, 3})

	g := gorgonia.NewGraph()
	y := apply(t, doubled(2), matrix(g, tensor.Float64, "x"))
	dx, err := y.Op().(op.Op).SymDiff(testkit.InputsOf(y), y, matrix(g, tensor.Float64, "dy"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dx[0].Op().(op.Op).SymDiff(testkit.InputsOf(dx[0]), dx[0], matrix(g, tensor.Float64, "ddy")); err != nil {
		t.Errorf("second derivative: %v", err)
	}
}

// Scalars have gradients in the form in which they were fed.
func TestGradientOfScalars(t *testing.T) {
	for name, tt := range map[string]struct {
		dt tensor.Dtype
		x  any
	}{
		"float32":         {tensor.Float32, float32(3)},
		"float64":         {tensor.Float64, 3.0},
		"float32, tensor": {tensor.Float32, tensor.New(tensor.FromScalar(float32(3)))},
		"float64, tensor": {tensor.Float64, tensor.New(tensor.FromScalar(3.0))},
	} {
		t.Run(name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			x := gorgonia.NewScalar(g, tt.dt, gorgonia.WithName("x"))
			y := apply(t, doubled(0), x)
			if err := gorgonia.Let(x, tt.x); err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewLispMachine(g)
			defer m.Close()
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
			dx, err := x.Grad()
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "output", testkit.Floats(t, y.Value()), []float64{6}, 0)
			testkit.Near(t, "gradient", testkit.Floats(t, dx), []float64{2}, 0)
		})
	}
}

func TestDerivativeErrors(t *testing.T) {
	final := doubled(2)
	final.derive = nil
	// The gradient wants a vector; what follows an error must not run.
	wrong := doubled(2)
	wrong.derive = func(c *op.Calculus, _ []op.Operand, dy op.Operand) []op.Operand {
		d := c.Of(doubled(1), dy)
		c.Stop()
		return []op.Operand{c.Of(doubled(2), d)}
	}
	for name, tt := range map[string]struct {
		f    fake
		want string
	}{
		"none":  {final, "test: fake: second derivative is not available"},
		"wrong": {wrong, "test: fake: "},
	} {
		t.Run(name, func(t *testing.T) {
			// Both functions have one hash, and so would be one node of one graph.
			g := gorgonia.NewGraph()
			x, dy := matrix(g, tensor.Float64, "x"), matrix(g, tensor.Float64, "dy")
			y := apply(t, tt.f, x)
			_, err := y.Op().(op.Op).SymDiff(gorgonia.Nodes{x}, y, dy)
			testkit.Rejects(t, err, tt.want)
			_, err = y.Op().(op.Op).SymDiff(nil, y, dy)
			testkit.Rejects(t, err, "test: fake: there must be 1 inputs, got 0")
		})
	}
}

func TestDoDiffErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	y := apply(t, doubled(2), matrix(g, tensor.Float64, "unrun"))
	err := y.Op().(op.Op).DoDiff(gorgonia.ExecutionContext{}, testkit.InputsOf(y), y)
	testkit.Rejects(t, err, "test: fake: gradient of the output: ")

	g = gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.WithName("x"))
	final := doubled(2)
	final.derive = nil
	y = apply(t, final, x)
	if _, err := gorgonia.Sum(y); err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewLispMachine(g)
	defer m.Close()
	testkit.Rejects(t, m.RunAll(), "test: fake: second derivative is not available")
}

// Functions without gradients give none, which is no error.
func TestNoGradient(t *testing.T) {
	g := gorgonia.NewGraph()
	f := doubled(2)
	f.derive = func(c *op.Calculus, x []op.Operand, dy op.Operand) []op.Operand {
		return op.NoGradient{}.Derive(c, x, nil, dy)
	}
	x := matrix(g, tensor.Float64, "x")
	y := apply(t, f, x)
	grads, err := y.Op().(op.Op).SymDiff(gorgonia.Nodes{x}, y, matrix(g, tensor.Float64, "dy"))
	if err != nil || len(grads) != 1 || grads[0] != nil {
		t.Errorf("a function without gradients must give one for x that is none, got %v, %v", grads, err)
	}
}
