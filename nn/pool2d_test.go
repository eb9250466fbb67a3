package nn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

type pooling func(x *gorgonia.Node, kernel int, opts ...nn.WindowOption) (*gorgonia.Node, error)

func (p pooling) graph(kernel int, opts ...nn.WindowOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return p(in[0], kernel, opts...) }
}

func TestPool2d(t *testing.T) {
	for name, p := range map[string]pooling{"max": nn.MaxPool2d, "avg": nn.AvgPool2d} {
		for i, c := range []struct {
			x      []int
			kernel int
			opts   []nn.WindowOption
		}{
			{[]int{2, 3, 4, 6}, 2, nil},
			{[]int{2, 1, 5, 7}, 2, nil},
			{[]int{1, 2, 6, 5}, 3, []nn.WindowOption{nn.WithStride(1), nn.WithPadding(1)}},
			{[]int{1, 2, 7, 6}, 2, []nn.WindowOption{nn.WithStride(2, 1), nn.WithDilation(3, 2), nn.WithPadding(1)}},
			{[]int{1, 1, 4, 9}, 1, []nn.WindowOption{nn.WithKernel(2, 3), nn.WithStride(1, 2)}},
			{[]int{2, 2, 3, 3}, 1, nil},
			{[]int{1, 1, 1, 1}, 1, nil},
		} {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) { testkit.CheckFunction(t, p.graph(c.kernel, c.opts...), c.x) })
		}
	}
	t.Run("global", func(t *testing.T) {
		testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.GlobalAvgPool2d(in[0]) }, []int{2, 3, 4, 5})
	})
}

// Poolings are what their definitions say, for windows of all kinds.
func TestPool2dDefinition(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, name) }
		n, c, h, w := draw("n", 1, 2), draw("c", 1, 3), draw("h", 1, 9), draw("w", 1, 9)
		kernel, stride, dilation := draw("kernel", 1, 4), draw("stride", 1, 3), draw("dilation", 1, 3)
		padding := draw("padding", 0, kernel/2)
		opts := []nn.WindowOption{nn.WithStride(stride), nn.WithPadding(padding), nn.WithDilation(dilation)}
		x := testkit.Wave(tensor.Float64, 0, n, c, h, w)
		span := dilation*(kernel-1) + 1
		if h+2*padding < span || w+2*padding < span {
			in := gorgonia.NodeFromAny(gorgonia.NewGraph(), x, gorgonia.WithName("x"))
			_, err := nn.MaxPool2d(in, kernel, opts...)
			testkit.Rejects(t, err, "must hold a window of")
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
		testkit.Near(t, "means", compute(t, pooled(nn.AvgPool2d), x), means, 1e-12)
		if slices.Contains(maxima, math.Inf(-1)) {
			_, err := pooled(nn.MaxPool2d)(gorgonia.NodeFromAny(gorgonia.NewGraph(), x, gorgonia.WithName("x")))
			testkit.Rejects(t, err, "each window must have an element of the images")
			return
		}
		testkit.Near(t, "maxima", compute(t, pooled(nn.MaxPool2d), x), maxima, 0)
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
	got := testkit.Differentiate(t, false, pooling(nn.MaxPool2d).graph(2), x)
	testkit.Near(t, "output", got.Y, []float64{3, math.Inf(-1), nan}, 0)
	inf := math.Inf(-1)
	testkit.Near(t, "gradient", got.Grads[0], []float64{6, 0, 0, 0, inf, 0, 0, 0, 0, nan, 0, 0}, 0)
}

// The built-in average pooling spreads the gradient wrongly; ours gives each
// element its share.
func TestAvgPool2dShares(t *testing.T) {
	x := tensor.Ones(tensor.Float64, 1, 1, 4, 4)
	got := testkit.Differentiate(t, false, pooling(nn.AvgPool2d).graph(2), x)
	if want := slices.Repeat([]float64{0.5}, 16); !slices.Equal(got.Grads[0], want) {
		t.Errorf("gradient is %v, want %v", got.Grads[0], want)
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
		opts []nn.WindowOption
		want string
	}{
		{nn.MaxPool2d, nil, 2, nil, "nn: MaxPool2d: x must be a node of a graph, got none"},
		{nn.MaxPool2d, v, 2, nil, "nn: MaxPool2d: x must have rank 4, got shape (3)"},
		{nn.MaxPool2d, x, 0, nil, "nn: MaxPool2d: kernel must be at least 1, got [0 0]"},
		{nn.MaxPool2d, x, 5, nil, "nn: MaxPool2d: images of 4×4 with padding [0 0] must hold a window of 5×5"},
		{nn.MaxPool2d, x, 2, []nn.WindowOption{nn.WithPadding(2)}, "nn: MaxPool2d: padding must be at most half of the kernel [2 2], got [2 2]"},
		{nn.AvgPool2d, x, 2, []nn.WindowOption{nn.WithGroups(2)}, "nn: AvgPool2d: groups must be left out, as each channel is pooled by itself, got 2"},
		{nn.AvgPool2d, x, 2, []nn.WindowOption{nn.WithStride(-1)}, "nn: AvgPool2d: stride must be one or two numbers of at least 1, got [-1]"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := tt.p(tt.x, tt.k, tt.opts...)
			testkit.Rejects(t, err, tt.want)
		})
	}
	_, err := nn.GlobalAvgPool2d(v)
	testkit.Rejects(t, err, "nn: GlobalAvgPool2d: x must have rank 4, got shape (3)")
}
