package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestChoiceHashesAndMemory(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			var nodes []*gorgonia.Node
			for i := range c.tensors {
				nodes = append(nodes, gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 3, 4), gorgonia.WithName(fmt.Sprint("x", i))))
			}
			rate := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("rate"))
			seen := make(map[uint32]string)
			var last *gorgonia.Node
			for _, opts := range [][]ops.MixOption{
				nil, nil, {ops.WithLayer(7)}, {ops.WithLayer(7), ops.WithSeed(1)}, {ops.WithLayer(7), ops.WithBroadcastAxes(0)},
				{ops.WithLayer(7), ops.WithMode(ops.Sample)}, {ops.WithLayer(7), ops.WithMode(ops.Eval)},
			} {
				for _, p := range []float64{0.2, 0.5} {
					n, err := c.build(nodes, p, opts...)
					if err != nil {
						t.Fatal(err)
					}
					if before, ok := seen[n.Hashcode()]; ok {
						t.Errorf("%s and %s have one hash", before, n.Op())
					}
					seen[n.Hashcode()] = n.Op().String()
					last = n
				}
			}
			n, err := c.build(nodes, 0.2, ops.WithRateNode(rate), ops.WithLayer(7))
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := seen[n.Hashcode()]; ok {
				t.Errorf("%s and %s have one hash", before, n.Op())
			}

			step := gorgonia.I64(2)
			x := testkit.Ramp(tensor.Float64, 3, 4)
			in := append([]gorgonia.Value{x, x}[:c.tensors], &step)
			fits := odd(tensor.Float64, 3, 4)
			got, err := last.Op().(gorgonia.UsePreallocDoer).UsePreallocDo(fits, in...)
			if err != nil {
				t.Fatal(err)
			}
			want, err := last.Op().Do(in...)
			if err != nil {
				t.Fatal(err)
			}
			if got != gorgonia.Value(fits) || !testkit.SameBits(testkit.Floats(t, got), testkit.Floats(t, want)) {
				t.Errorf("%s: want %v in the memory given, got %v", c.name, want, got)
			}
			if want.(*tensor.Dense).Float64s()[0] = 99; x.Float64s()[0] != 1 {
				t.Errorf("%s: writing to the output changed the input", c.name)
			}
			for _, bad := range [][]gorgonia.Value{
				nil, in[1:], append(slices.Clone(in), &step), slices.Concat([]gorgonia.Value{nil}, in[1:]),
				slices.Concat([]gorgonia.Value{testkit.Ramp(tensor.Float64, 12)}, in[1:]),
				slices.Concat(in[:c.tensors], []gorgonia.Value{gorgonia.NewF64(1)}),
				slices.Concat([]gorgonia.Value{tensor.New(tensor.Of(tensor.Int), tensor.WithShape(3, 4))}, in[1:]),
			} {
				if _, err := last.Op().Do(bad...); err == nil || !strings.HasPrefix(err.Error(), "ops: "+c.name+": ") {
					t.Errorf("%s: Do(%v): want an error, got %v", c.name, bad, err)
				}
			}
			if c.tensors == 2 {
				if _, err := last.Op().Do(x, testkit.Ramp(tensor.Float64, 4, 3), &step); err == nil || !strings.Contains(err.Error(), "tensors must be of one shape, got (3, 4) and (4, 3)") {
					t.Errorf("want an error about the shapes, got %v", err)
				}
			}
		})
	}
}

// With memory kept from run to run the results are the same, in the same memory.
func TestChoiceReusesMemory(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			build := func() (g *gorgonia.ExprGraph, y *gorgonia.Node, grads gorgonia.Nodes) {
				g = gorgonia.NewGraph()
				var nodes []*gorgonia.Node
				for i := range c.tensors {
					nodes = append(nodes, gorgonia.NodeFromAny(g, testkit.Waves(3, 4), gorgonia.WithName(fmt.Sprint("x", i))))
				}
				y, err := c.build(nodes, 0.5)
				if err != nil {
					t.Fatal(err)
				}
				grads, err = gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y)))), nodes...)
				if err != nil {
					t.Fatal(err)
				}
				return g, y, grads
			}
			g, y, grads := build()
			kept, keptY, keptGrads := build()
			ops.ReuseMemory(kept)
			m, keptM := gorgonia.NewTapeMachine(g), gorgonia.NewTapeMachine(kept)
			var before gorgonia.Value
			for step := range 4 {
				testkit.Run(t, m)
				testkit.Run(t, keptM)
				if !testkit.SameBits(testkit.Floats(t, y.Value()), testkit.Floats(t, keptY.Value())) {
					t.Errorf("%s, step %d: want %v, got %v", c.name, step, y.Value(), keptY.Value())
				}
				for i := range grads {
					if !testkit.SameBits(testkit.Floats(t, grads[i].Value()), testkit.Floats(t, keptGrads[i].Value())) {
						t.Errorf("%s, step %d: gradient %d must be %v, got %v", c.name, step, i, grads[i].Value(), keptGrads[i].Value())
					}
				}
				if before != nil && before != keptY.Value() {
					t.Errorf("%s, step %d: memory is not kept", c.name, step)
				}
				before = keptY.Value()
			}
			m.Close()
			keptM.Close()
		})
	}
}

// Machines over graphs of their own run side by side, each with the masks of its
// own steps.
func TestChoiceConcurrentMachines(t *testing.T) {
	const machines, steps = 3, 10
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			build := func() (gorgonia.VM, *gorgonia.Node) {
				g := gorgonia.NewGraph()
				var nodes []*gorgonia.Node
				for i := range c.tensors {
					nodes = append(nodes, gorgonia.NodeFromAny(g, halves(tensor.Float64, c.tensors, 9, 7)[i], gorgonia.WithName(fmt.Sprint("x", i))))
				}
				y, err := c.build(nodes, 0.5)
				if err != nil {
					t.Fatal(err)
				}
				return gorgonia.NewTapeMachine(g), y
			}
			alone, y := build()
			var want [steps][]float64
			for i := range want {
				testkit.Run(t, alone)
				want[i] = testkit.Floats(t, y.Value())
			}
			var wg sync.WaitGroup
			for range machines {
				m, y := build()
				wg.Go(func() {
					for i := range want {
						m.Reset()
						if err := m.RunAll(); err != nil {
							t.Error(err)
							return
						}
						if !testkit.SameBits(y.Value().(*tensor.Dense).Float64s(), want[i]) {
							t.Errorf("%s: step %d differs from the machine alone", c.name, i)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
