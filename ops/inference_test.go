package ops_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// chained is a graph of two dropouts on ones, with the gradient of the first's
// input.
func chained(t *testing.T, opts ...ops.Option) (g *gorgonia.ExprGraph, y, dx *gorgonia.Node) {
	t.Helper()
	g = gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 8, 8), gorgonia.WithName("x"))
	y = gorgonia.Must(ops.Dropout(gorgonia.Must(ops.Dropout(x, 0.25, opts...)), 0.5))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	if err != nil {
		t.Fatal(err)
	}
	return g, y, grads[0]
}

func ran(t *testing.T, m gorgonia.VM, n *gorgonia.Node) []float64 {
	t.Helper()
	m.Reset()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(n.Value().Data().([]float64))
}

// A machine that trains predicts without dropout, and trains on as if nothing
// had been.
func TestInference(t *testing.T) {
	for name, opts := range map[string][]ops.Option{"counted": nil, "fixed": {ops.WithFixedStep(7)}} {
		t.Run(name, func(t *testing.T) {
			g, y, dx := chained(t, opts...)
			m := gorgonia.NewTapeMachine(g)
			defer m.Close()
			want := [][]float64{ran(t, m, y), ran(t, m, dx), ran(t, m, y)}
			ops.StepOf(g).Set(0)
			for i, n := range []*gorgonia.Node{y, dx, y} {
				for range 2 {
					err := ops.Inference(g, func() error {
						if got := ran(t, m, n); slices.ContainsFunc(got, func(v float64) bool { return v != 1 }) {
							t.Errorf("%d: predictions must be those without dropout, got %v", i, got)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
				if got := ran(t, m, n); !slices.Equal(got, want[i]) {
					t.Errorf("training must go on with the masks of step %d", i)
				}
			}
		})
	}
}

// What was off stays off, and Sample draws.
func TestInferModes(t *testing.T) {
	g, y, _ := chained(t, ops.WithMode(ops.Sample))
	m := gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
	defer m.Close()
	first := ran(t, m, y)
	var inside []float64
	if err := ops.Inference(g, func() error { inside = ran(t, m, y); return nil }); err != nil {
		t.Fatal(err)
	}
	if dropped := slices.Index(inside, 0); dropped < 0 || slices.Equal(first, inside) || slices.Max(inside) > 1.5 {
		t.Errorf("the sampled dropout must draw and the other not, got %v", inside)
	}
	if after := ran(t, m, y); slices.Max(after) > 1.5 {
		t.Errorf("a dropout that was off must stay off, got %v", after)
	}
}

func TestInferErrors(t *testing.T) {
	g, y, _ := chained(t)
	wrong := errors.New("wrong")
	ops.StepOf(g).Set(5)
	if err := ops.Inference(g, func() error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("the error must be that of the run, got %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = ops.Inference(g, func() error { panic("wrong") })
	}()
	if next := ops.StepOf(g).Next(); next != 5 {
		t.Errorf("the step must be 5 after errors and panics, got %d", next)
	}
	testkit.Rejects(t, ops.Inference(nil, func() error { return nil }), "ops: Inference: there must be a graph and a function to run, got nil")
	testkit.Rejects(t, ops.Inference(g, nil), "ops: Inference: there must be a graph and a function to run, got nil")
	n := gorgonia.Must(gorgonia.Dropout(y, 0.5))
	testkit.Rejects(t, ops.Inference(g, func() error { return nil }),
		fmt.Sprintf("ops: Inference: graph must have dropouts of this module only, got gorgonia.Dropout at node %d", n.ID()))
	if err := ops.Inference(gorgonia.NewGraph(), func() error { return nil }); err != nil {
		t.Errorf("a graph without dropout must be run, got %v", err)
	}
}

// Graphs of one seed draw the same masks, until they get seeds of their own.
func TestSeed(t *testing.T) {
	outputs := func(seed uint64) (y, dx []float64) {
		g, yn, dxn := chained(t, ops.WithSeed(99))
		if n := ops.Seed(g, seed); n != 2 {
			t.Errorf("there must be 2 dropouts, got %d", n)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		y = ran(t, m, yn)
		return y, slices.Clone(dxn.Value().Data().([]float64))
	}
	y1, dx1 := outputs(1)
	y2, _ := outputs(2)
	again, _ := outputs(1)
	if slices.Equal(y1, y2) || !slices.Equal(y1, again) {
		t.Error("masks must be those of the seed")
	}
	if !slices.Equal(y1, dx1) { // of ones
		t.Error("the gradient must have the masks of the output")
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 8, 8), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(gorgonia.Must(ops.Dropout(x, 0.25, ops.WithSeed(1))), 0.5, ops.WithSeed(1)))
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if !slices.Equal(ran(t, m, y), y1) {
		t.Error("Seed must do what WithSeed does")
	}
	if n := ops.Seed(nil, 1) + ops.Seed(gorgonia.NewGraph(), 1); n != 0 {
		t.Errorf("graphs without dropout must have none, got %d", n)
	}
}
