package ops_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Ranks and shared axes that a dropout cannot have are errors, never guesses.
func TestShapesReject(t *testing.T) {
	type dropout = func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)
	block := func(side int) dropout {
		return func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
			return ops.DropBlock2d(x, p, side, opts...)
		}
	}
	for _, tt := range []struct {
		name  string
		build dropout
		shape []int
		opts  []ops.Option
		want  string
	}{
		{"Dropout1d", ops.Dropout1d, []int{2, 3}, nil, "x must have shape (N, C, L), got (2, 3)"},
		{"Dropout1d", ops.Dropout1d, []int{2, 3, 4, 5}, nil, "x must have shape (N, C, L)"},
		{"Dropout2d", ops.Dropout2d, []int{2, 3, 4}, nil, "x must have shape (N, C, H, W), got (2, 3, 4)"},
		{"Dropout3d", ops.Dropout3d, []int{2, 3, 4, 5}, nil, "x must have shape (N, C, D, H, W)"},
		{"FeatureAlphaDropout", ops.FeatureAlphaDropout, []int{2}, nil, "x must have shape (N, C, ...)"},
		{"DropPath", ops.DropPath, nil, nil, "x must have shape (N, ...)"},
		{"Batchwise", ops.Batchwise, []int{5}, nil, "x must have shape (N, ...)"},
		{"ExactK", ops.ExactK, []int{5}, nil, "x must have shape (N, ...)"},
		{"DropBlock2d", block(2), []int{2, 3, 4}, nil, "x must have shape (N, C, H, W)"},
		{"DropBlock2d", block(0), []int{2, 3, 4, 5}, nil, "side must be in [1, 4] for x of shape (2, 3, 4, 5), got 0"},
		{"DropBlock2d", block(5), []int{2, 3, 4, 5}, nil, "side must be in [1, 4] for x of shape (2, 3, 4, 5), got 5"},
		{"DropBlock2d", block(2), []int{2, 3, 4, 5}, []ops.Option{ops.WithBroadcastAxes(3)}, "must not be shared over height or width"},
		{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithNoiseShape(2)}, "noise shape must have 2 entries"},
		{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithNoiseShape(2, 2)}, "noise shape must be 1, -1 or 3 at axis 1"},
		{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithBroadcastAxes(2)}, "broadcast axis must be in [0, 2)"},
		{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithBroadcastAxes(-1)}, "broadcast axis must be in [0, 2)"},
		{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithBroadcastAxes(1, 1)}, "broadcast axes must differ"},
	} {
		g := gorgonia.NewGraph()
		var x *gorgonia.Node
		if len(tt.shape) == 0 {
			x = gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("x"))
		} else {
			x = gorgonia.NewTensor(g, tensor.Float64, len(tt.shape), gorgonia.WithShape(tt.shape...), gorgonia.WithName("x"))
		}
		if _, err := tt.build(x, 0.5, tt.opts...); err == nil || !strings.HasPrefix(err.Error(), "ops: "+tt.name+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s of %v: want error %q, got %v", tt.name, tt.shape, tt.want, err)
		}
	}
}

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
