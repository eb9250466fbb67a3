package ops_test

import (
	"fmt"
	"log"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// The form of 2012 beside the one of today: the first is rescaled at inference,
// the second in training.
func ExampleWeightScalingDropout() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	original := gorgonia.Must(ops.WeightScalingDropout(x, 0.5, ops.WithLayer(1)))
	inverted := gorgonia.Must(ops.Dropout(x, 0.5, ops.WithLayer(1)))
	for _, options := range [][]gorgonia.VMOpt{nil, {gorgonia.EvalMode()}} {
		machine := gorgonia.NewTapeMachine(g, options...)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(original.Value(), inverted.Value())
		machine.Close()
	}
	// Output:
	// [1  0  3  4] [2  0  6  8]
	// [0.5    1  1.5    2] [1  2  3  4]
}

// Dropout is WeightScalingDropout divided by the keep probability, mask for mask
// and at inference.
func TestWeightScalingIsDropoutScaled(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Waves(8, 9), gorgonia.WithName("x"))
	a := gorgonia.Must(ops.WeightScalingDropout(x, 0.75, ops.WithLayer(3)))
	b := gorgonia.Must(ops.Dropout(x, 0.75, ops.WithLayer(3)))
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	for _, step := range []int64{0, 1, -1} {
		ops.StepOf(g).Set(step)
		testkit.Run(t, m)
		scaled := testkit.Floats(t, a.Value())
		for i, want := range testkit.Floats(t, b.Value()) {
			if got := 4 * scaled[i]; got != want {
				t.Errorf("step %d, element %d: want %v, got %v", step, i, want, got)
			}
		}
	}
}
