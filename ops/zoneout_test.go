package ops_test

import (
	"fmt"
	"log"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// In training each unit of the state stays what it was with probability p; at a
// negative step, which is inference, the state is the mean of that.
func ExampleZoneout() {
	g := gorgonia.NewGraph()
	prev := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{0, 0, 0, 0, 0, 0})), gorgonia.WithName("prev"))
	next := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6})), gorgonia.WithName("next"))
	state, err := ops.Zoneout(prev, next, 0.25)
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for _, step := range []int64{0, 1, -1} {
		ops.StepOf(g).Set(step)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(step, state.Value())
		machine.Reset()
	}
	// Output:
	// 0 [1  0  3  4  5  6]
	// 1 [1  2  3  4  5  0]
	// -1 [0.75   1.5  2.25     3  3.75   4.5]
}

// In training every element is one of the two states, bit for bit, and its
// gradient goes there; at inference it lies between them.
func TestZoneoutProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(rt, "n")
		p := rapid.Float64Range(0, 1).Draw(rt, "p")
		step := rapid.Int64Range(-3, 1<<40).Draw(rt, "step")
		element := rapid.Float64Range(-1e6, 1e6)
		a := tensor.New(tensor.WithShape(n), tensor.WithBacking(rapid.SliceOfN(element, n, n).Draw(rt, "prev")))
		b := tensor.New(tensor.WithShape(n), tensor.WithBacking(rapid.SliceOfN(element, n, n).Draw(rt, "next")))
		for i, y := range do(t, choices[0].build, []*tensor.Dense{a, b}, p, step) {
			prev, next := a.Float64s()[i], b.Float64s()[i]
			slack := 1e-12 * max(math.Abs(prev), math.Abs(next))
			if step >= 0 && y != prev && y != next || y < min(prev, next)-slack || y > max(prev, next)+slack {
				rt.Fatalf("element %d of %v and %v is %v", i, prev, next, y)
			}
		}
	})
}

func TestZoneoutRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(g *gorgonia.ExprGraph, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(fmt.Sprint(dt, shape)))
	}
	next := node(g, tensor.Float64, 2, 3)
	for name, tt := range map[string]struct {
		prev *gorgonia.Node
		want string
	}{
		"none":          {nil, "prev must be a node of next's graph, got"},
		"another graph": {node(gorgonia.NewGraph(), tensor.Float64, 2, 3), "prev must be a node of next's graph, got"},
		"another shape": {node(g, tensor.Float64, 3, 2), "prev must be of next's type and shape Matrix float64 (2, 3), got Matrix float64 (3, 2)"},
		"another type":  {node(g, tensor.Float32, 2, 3), "prev must be of next's type and shape Matrix float64 (2, 3), got Matrix float32 (2, 3)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ops.Zoneout(tt.prev, next, 0.5)
			testkit.Rejects(t, err, "ops: Zoneout: "+tt.want)
		})
	}
}
