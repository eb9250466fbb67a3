package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/ops"
)

type pooling func(x *gorgonia.Node, kernel int, opts ...ops.WindowOption) (*gorgonia.Node, error)

func (p pooling) graph(kernel int, opts ...ops.WindowOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return p(in[0], kernel, opts...) }
}

func TestPool2d(t *testing.T) {
	for name, p := range map[string]pooling{"max": ops.MaxPool2d, "avg": ops.AvgPool2d} {
		for i, c := range []struct {
			x      []int
			kernel int
			opts   []ops.WindowOption
		}{
			{[]int{2, 3, 4, 6}, 2, nil},
			{[]int{2, 1, 5, 7}, 2, nil},
			{[]int{1, 2, 6, 5}, 3, []ops.WindowOption{ops.WithStride(1), ops.WithPadding(1)}},
			{[]int{1, 2, 7, 6}, 2, []ops.WindowOption{ops.WithStride(2, 1), ops.WithDilation(3, 2), ops.WithPadding(1)}},
			{[]int{1, 1, 4, 9}, 1, []ops.WindowOption{ops.WithKernel(2, 3), ops.WithStride(1, 2)}},
			{[]int{2, 2, 3, 3}, 1, nil},
			{[]int{1, 1, 1, 1}, 1, nil},
		} {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) { checkFunction(t, p.graph(c.kernel, c.opts...), c.x) })
		}
	}
	t.Run("global", func(t *testing.T) {
		checkFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) { return ops.GlobalAvgPool2d(in[0]) }, []int{2, 3, 4, 5})
	})
}

// Poolings are what their definitions say, for windows of all kinds.
func TestPool2dDefinition(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, name) }
		n, c, h, w := draw("n", 1, 2), draw("c", 1, 3), draw("h", 1, 9), draw("w", 1, 9)
		kernel, stride, dilation := draw("kernel", 1, 4), draw("stride", 1, 3), draw("dilation", 1, 3)
		padding := draw("padding", 0, kernel/2)
		opts := []ops.WindowOption{ops.WithStride(stride), ops.WithPadding(padding), ops.WithDilation(dilation)}
		x := wave(tensor.Float64, 0, n, c, h, w)
		span := dilation*(kernel-1) + 1
		if h+2*padding < span || w+2*padding < span {
			in := gorgonia.NodeFromAny(gorgonia.NewGraph(), x, gorgonia.WithName("x"))
			_, err := ops.MaxPool2d(in, kernel, opts...)
			rejects(t, err, "must hold a window of")
			return
		}
		var maxima, means []float64
		for p := range n * c {
			plane := x.Float64s()[p*h*w : (p+1)*h*w]
			for i := 0; i*stride+span <= h+2*padding; i++ {
				for j := 0; j*stride+span <= w+2*padding; j++ {
					largest, sum := math.Inf(-1), 0.0
					for u := range kernel {
						for v := range kernel {
							a, b := i*stride+u*dilation-padding, j*stride+v*dilation-padding
							if a >= 0 && a < h && b >= 0 && b < w {
								largest = max(largest, plane[a*w+b])
								sum += plane[a*w+b]
							}
						}
					}
					maxima = append(maxima, largest)
					means = append(means, sum/float64(kernel*kernel))
				}
			}
		}
		pooled := func(p pooling) unary {
			return func(x *gorgonia.Node) (*gorgonia.Node, error) { return p(x, kernel, opts...) }
		}
		near(t, "means", compute(t, pooled(ops.AvgPool2d), x), means, 1e-12)
		if slices.Contains(maxima, math.Inf(-1)) {
			_, err := pooled(ops.MaxPool2d)(gorgonia.NodeFromAny(gorgonia.NewGraph(), x, gorgonia.WithName("x")))
			rejects(t, err, "each window must have an element of the images")
			return
		}
		near(t, "maxima", compute(t, pooled(ops.MaxPool2d), x), maxima, 0)
	})
}

// Where elements are equal, the first gets the gradient; NaN is the largest.
func TestMaxPool2dTies(t *testing.T) {
	nan := math.NaN()
	x := tensor.New(tensor.WithShape(1, 3, 2, 2), tensor.WithBacking([]float64{
		3, 3, 3, 3,
		math.Inf(-1), math.Inf(-1), math.Inf(-1), math.Inf(-1),
		1, nan, nan, math.Inf(1),
	}))
	got := differentiate(t, false, pooling(ops.MaxPool2d).graph(2), x)
	near(t, "output", got.y, []float64{3, math.Inf(-1), nan}, 0)
	inf := math.Inf(-1)
	near(t, "gradient", got.grads[0], []float64{6, 0, 0, 0, inf, 0, 0, 0, 0, nan, 0, 0}, 0)
}

// The built-in average pooling spreads the gradient wrongly; ours gives each
// element its share.
func TestAvgPool2dShares(t *testing.T) {
	x := tensor.Ones(tensor.Float64, 1, 1, 4, 4)
	got := differentiate(t, false, pooling(ops.AvgPool2d).graph(2), x)
	if want := slices.Repeat([]float64{0.5}, 16); !slices.Equal(got.grads[0], want) {
		t.Errorf("gradient is %v, want %v", got.grads[0], want)
	}
}

func TestPool2dRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(2, 3, 4, 4), gorgonia.WithName("x"))
	v := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("v"))
	for _, tt := range []struct {
		p    pooling
		x    *gorgonia.Node
		k    int
		opts []ops.WindowOption
		want string
	}{
		{ops.MaxPool2d, nil, 2, nil, "ops: MaxPool2d: x must be a node of a graph, got none"},
		{ops.MaxPool2d, v, 2, nil, "ops: MaxPool2d: x: want rank 4, got shape (3)"},
		{ops.MaxPool2d, x, 0, nil, "ops: MaxPool2d: kernel must be at least 1, got [0 0]"},
		{ops.MaxPool2d, x, 5, nil, "ops: MaxPool2d: images of 4×4 with padding [0 0] must hold a window of 5×5"},
		{ops.MaxPool2d, x, 2, []ops.WindowOption{ops.WithPadding(2)}, "ops: MaxPool2d: padding must be at most half of the kernel [2 2], got [2 2]"},
		{ops.AvgPool2d, x, 2, []ops.WindowOption{ops.WithStride(-1)}, "ops: AvgPool2d: stride must be one or two numbers of at least 1, got [-1]"},
	} {
		_, err := tt.p(tt.x, tt.k, tt.opts...)
		rejects(t, err, tt.want)
	}
	_, err := ops.GlobalAvgPool2d(v)
	rejects(t, err, "ops: GlobalAvgPool2d: x: want rank 4, got shape (3)")
}
