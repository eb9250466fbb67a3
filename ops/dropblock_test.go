package ops_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A block is dropped whole, and a map of ones keeps its sum exactly.
func TestDropBlockKeepsTheSum(t *testing.T) {
	x := testkit.Ones(tensor.Float64, 4, 3, 8, 8)
	for step := range int64(20) {
		g := gorgonia.NewGraph()
		in := gorgonia.NewTensor(g, tensor.Float64, 4, gorgonia.WithShape(x.Shape()...), gorgonia.WithName("x"))
		y, err := ops.DropBlock2d(in, 0.25, 3)
		if err != nil {
			t.Fatal(err)
		}
		s := gorgonia.I64(step)
		v, err := y.Op().Do(x, &s)
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		dropped := 0
		for _, e := range testkit.Floats(t, v) {
			sum += e
			if e == 0 {
				dropped++
			}
		}
		if want := float64(x.DataSize()); sum < want*(1-1e-12) || sum > want*(1+1e-12) || dropped < 9 {
			t.Errorf("step %d: sum %v of %v with %d dropped", step, sum, want, dropped)
		}
	}
}

// Blocks must fit, and must not be shared along their sides.
func TestDropBlockRejects(t *testing.T) {
	checkRejects(t,
		reject{"DropBlock2d", dropBlock(2), []int{2, 3, 4}, nil, "x must have shape (N, C, H, W)"},
		reject{"DropBlock2d", dropBlock(0), []int{2, 3, 4, 5}, nil, "side must be in [1, 4] for x of shape (2, 3, 4, 5), got 0"},
		reject{"DropBlock2d", dropBlock(5), []int{2, 3, 4, 5}, nil, "side must be in [1, 4] for x of shape (2, 3, 4, 5), got 5"},
		reject{"DropBlock2d", dropBlock(2), []int{2, 3, 4, 5}, []ops.Option{ops.WithBroadcastAxes(3)}, "mask must not be shared over height or width, got a shared axis 2 or 3"},
	)
}

// Blocks start where the contract's mask drops a corner, at the rate of equation 1 of the
// paper, which drops about p of a map that is not square too.
func TestDropBlockDefinition(t *testing.T) {
	const n, c, height, width, side, p = 2, 3, 5, 9, 2, 0.25
	gamma := p / (side * side) * (height * width) / ((height - side + 1) * (width - side + 1))
	x := testkit.Ones(tensor.Float64, n, c, height, width)
	for step := range int64(5) {
		g := gorgonia.NewGraph()
		in := gorgonia.NewTensor(g, tensor.Float64, 4, gorgonia.WithShape(x.Shape()...), gorgonia.WithName("x"))
		y, err := ops.DropBlock2d(in, p, side, ops.WithSeed(3), ops.WithLayer(2))
		if err != nil {
			t.Fatal(err)
		}
		s := gorgonia.I64(step)
		v, err := y.Op().Do(x, &s)
		if err != nil {
			t.Fatal(err)
		}
		corners, err := ops.MaskAt(3, 2, step, []int{n * c, height - side + 1, width - side + 1}, gamma)
		if err != nil {
			t.Fatal(err)
		}
		dropped := make([]bool, x.DataSize())
		for i, kept := range corners {
			if kept {
				continue
			}
			plane, row, col := i/((height-side+1)*(width-side+1)), i/(width-side+1)%(height-side+1), i%(width-side+1)
			for r := range side {
				for k := range side {
					dropped[(plane*height+row+r)*width+col+k] = true
				}
			}
		}
		for i, e := range testkit.Floats(t, v) {
			if (e == 0) != dropped[i] {
				t.Errorf("step %d, element %d is %v, and within a block: %v", step, i, e, dropped[i])
			}
		}
	}
}
