package ops_test

import (
	"fmt"
	"log"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/ops"
)

// Whole channels of x, of shape (N, C, H, W), are dropped.
func ExampleDropout2d() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1, 3, 2, 2), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout2d(x, 0.5, ops.WithSeed(1)))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Value().Data())

	x = gorgonia.NewTensor(g, tensor.Float64, 3, gorgonia.WithShape(3, 2, 2), gorgonia.WithName("image"))
	_, err := ops.Dropout2d(x, 0.5)
	fmt.Println(err)
	// Output:
	// [2 2 2 2 0 0 0 0 0 0 0 0]
	// ops: Dropout2d: x must have shape (N, C, H, W), got (3, 2, 2)
}

// Ranks that a dropout of channels cannot have are errors, never guesses.
func TestSpatialRejects(t *testing.T) {
	checkRejects(t,
		reject{"Dropout1d", ops.Dropout1d, []int{2, 3}, nil, "x must have shape (N, C, L), got (2, 3)"},
		reject{"Dropout1d", ops.Dropout1d, []int{2, 3, 4, 5}, nil, "x must have shape (N, C, L)"},
		reject{"Dropout2d", ops.Dropout2d, []int{2, 3, 4}, nil, "x must have shape (N, C, H, W), got (2, 3, 4)"},
		reject{"Dropout3d", ops.Dropout3d, []int{2, 3, 4, 5}, nil, "x must have shape (N, C, D, H, W)"},
	)
}
