package ops_test

import (
	"fmt"
	"log"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// One sentence of four words with three features: a feature is dropped in all of
// them or in none.
func ExampleLockedDropout() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1, 4, 3), gorgonia.WithName("x"))
	y, err := ops.LockedDropout(x, 0.5, 1, ops.WithSeed(6))
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	for word := range 4 {
		fmt.Println(y.Value().Data().([]float64)[3*word : 3*word+3])
	}
	// Output:
	// [2 2 0]
	// [2 2 0]
	// [2 2 0]
	// [2 2 0]
}

// locked returns LockedDropout along a time axis.
func locked(timeAxis int) func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.LockedDropout(x, p, timeAxis, opts...)
	}
}

// What must be dropped together is, and what must not is not.
func TestSequenceMasks(t *testing.T) {
	tests := []struct {
		name   string
		shape  []int
		build  func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)
		shared []int // axes
	}{
		{"LockedDropout, batch first", []int{4, 9, 8}, locked(1), []int{1}},
		{"LockedDropout, time first", []int{9, 4, 8}, locked(0), []int{0}},
		{"EmbeddingDropout", []int{40, 5}, ops.EmbeddingDropout, []int{1}},
		{"TokenDropout", []int{6, 7, 5}, ops.TokenDropout, []int{2}},
		{"AttentionDropout", []int{2, 3, 5, 4}, ops.AttentionDropout, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Ones(tensor.Float64, tt.shape...), gorgonia.WithName("x"))
			y, err := tt.build(x, 0.5, ops.WithSeed(6), ops.WithLayer(2), ops.WithFixedStep(8))
			if err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			testkit.Run(t, m)
			reduced := slices.Clone(tt.shape)
			for _, axis := range tt.shared {
				reduced[axis] = 1
			}
			kept, err := ops.MaskAt(6, 2, 8, reduced, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			got := testkit.Floats(t, y.Value())
			for i := range got {
				at, rest := 0, i
				index := make([]int, len(tt.shape))
				for axis := len(tt.shape) - 1; axis >= 0; axis-- {
					index[axis] = rest % tt.shape[axis]
					rest /= tt.shape[axis]
				}
				for axis, n := range reduced {
					at = at*n + min(index[axis], n-1)
				}
				want := 0.0
				if kept[at] {
					want = 2
				}
				if got[i] != want {
					t.Fatalf("%s: element %v must be %v, got %v", tt.name, index, want, got[i])
				}
			}
			m.Close()
		})
	}
}

func TestSequenceRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("x"))
	}
	matrix, cube, hyper := node(2, 3), node(2, 3, 4), node(2, 3, 4, 4)
	for _, tt := range []struct {
		build func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)
		x     *gorgonia.Node
		want  string
	}{
		{locked(1), matrix, "ops: LockedDropout: x must have shape (N, T, F), got (2, 3)"},
		{locked(0), hyper, "ops: LockedDropout: x must have shape (T, N, F), got (2, 3, 4, 4)"},
		{locked(2), cube, "ops: LockedDropout: time axis must be 0 or 1, got 2"},
		{locked(-1), cube, "ops: LockedDropout: time axis must be 0 or 1, got -1"},
		{locked(1), nil, "ops: LockedDropout: x must be a node of a graph, got none"},
		{ops.EmbeddingDropout, cube, "ops: EmbeddingDropout: x must have shape (V, D), got (2, 3, 4)"},
		{ops.TokenDropout, matrix, "ops: TokenDropout: x must have shape (N, T, D), got (2, 3)"},
		{ops.AttentionDropout, cube, "ops: AttentionDropout: x must have shape (N, H, T, S), got (2, 3, 4)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := tt.build(tt.x, 0.5); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
}
