package nn_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func conv(opts ...nn.WindowOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		if len(in) == 2 {
			return nn.Conv2d(in[0], in[1], nil, opts...)
		}
		return nn.Conv2d(in[0], in[1], in[2], opts...)
	}
}

func TestConv2d(t *testing.T) {
	for _, c := range []struct {
		x, w []int
		bias bool
		opts []nn.WindowOption
	}{
		{[]int{2, 3, 5, 4}, []int{2, 3, 3, 3}, true, nil},
		{[]int{2, 2, 5, 6}, []int{3, 2, 3, 3}, false, []nn.WindowOption{nn.WithPadding(1)}},
		{[]int{3, 1, 7, 5}, []int{2, 1, 3, 2}, true, []nn.WindowOption{nn.WithStride(2), nn.WithPadding(1, 2)}},
		{[]int{1, 2, 8, 7}, []int{2, 2, 3, 2}, true, []nn.WindowOption{nn.WithDilation(2, 3), nn.WithPadding(2)}},
		{[]int{2, 3, 3, 4}, []int{4, 3, 1, 1}, true, nil},
		{[]int{2, 3, 3, 4}, []int{2, 3, 1, 1}, false, []nn.WindowOption{nn.WithStride(3, 2)}},
		{[]int{17, 1, 2, 2}, []int{1, 1, 2, 2}, true, nil},
		{[]int{1, 1, 1, 1}, []int{1, 1, 3, 3}, true, []nn.WindowOption{nn.WithPadding(3), nn.WithStride(2)}},
		{[]int{2, 4, 5, 4}, []int{6, 2, 3, 2}, true, []nn.WindowOption{nn.WithGroups(2), nn.WithPadding(1)}},
		{[]int{3, 3, 4, 5}, []int{3, 1, 2, 2}, false, []nn.WindowOption{nn.WithGroups(3), nn.WithStride(2)}},
	} {
		t.Run(fmt.Sprint(c.x, c.w), func(t *testing.T) {
			shapes := [][]int{c.x, c.w}
			if c.bias {
				shapes = append(shapes, c.w[:1])
			}
			testkit.CheckFunction(t, conv(c.opts...), shapes...)
		})
	}
}

// Conv2dReLU is ReLU of Conv2d to the bit, by whatever way the convolution is computed,
// and has its gradients.
func TestConv2dReLU(t *testing.T) {
	pad := nn.WithPadding(1)
	for _, c := range []struct {
		x, w []int
		opts []nn.WindowOption
	}{
		{[]int{2, 3, 5, 4}, []int{2, 3, 3, 3}, nil},
		{[]int{17, 1, 2, 2}, []int{1, 1, 2, 2}, nil},
		{[]int{1, 2, 8, 7}, []int{2, 2, 3, 2}, []nn.WindowOption{nn.WithDilation(2, 3), nn.WithPadding(2)}},
		{[]int{3, 1, 28, 28}, []int{8, 1, 3, 3}, []nn.WindowOption{pad}},   // image by image
		{[]int{2, 16, 9, 11}, []int{17, 16, 3, 3}, []nn.WindowOption{pad}}, // in tiles
		{[]int{3, 20, 7, 7}, []int{24, 20, 5, 5}, []nn.WindowOption{pad}},
		{[]int{2, 6, 5, 5}, []int{4, 3, 3, 3}, []nn.WindowOption{pad, nn.WithGroups(2)}},
	} {
		t.Run(fmt.Sprint(c.x, c.w), func(t *testing.T) {
			for _, bias := range []bool{false, true} {
				shapes := [][]int{c.x, c.w}
				if bias {
					shapes = append(shapes, c.w[:1])
				}
				fused := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
					return nn.Conv2dReLU(in[0], in[1], append(in, nil)[2], c.opts...)
				}
				apart := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
					y, err := conv(c.opts...)(in)
					if err != nil {
						return nil, err
					}
					return nn.ReLU(y)
				}
				for _, dt := range testkit.Dtypes {
					inputs := testkit.Varied(dt, shapes...)
					testkit.Differentiate(t, false, fused, inputs...).Near(t, fmt.Sprint(dt, c.x, bias), testkit.Differentiate(t, false, apart, inputs...), 0)
				}
				if c.x[1] < 16 && c.x[2] < 28 { // small enough for every element
					if err := gradcheck.Check(fused, 1e-7, testkit.Varied(tensor.Float64, shapes...)...); err != nil {
						t.Errorf("%v, bias %v: %v", c.x, bias, err)
					}
				}
			}
		})
	}
	x := gorgonia.NewTensor(gorgonia.NewGraph(), tensor.Float64, 4, gorgonia.WithShape(1, 2, 4, 4), gorgonia.WithName("x"))
	want := "nn: Conv2dReLU: x and w must be nodes, got none"
	if _, err := nn.Conv2dReLU(x, nil, nil); err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
}

// directConv is the definition of the convolution.
func directConv(x, w []float64, n, c, h, wd, k, kh, kw, stride, padding, dilation int) (y []float64) {
	oh := (h+2*padding-dilation*(kh-1)-1)/stride + 1
	ow := (wd+2*padding-dilation*(kw-1)-1)/stride + 1
	for n := range n {
		for k := range k {
			for i := range oh {
				for j := range ow {
					var sum float64
					for c0 := range c {
						for u := range kh {
							for v := range kw {
								a, b := i*stride+u*dilation-padding, j*stride+v*dilation-padding
								if a >= 0 && a < h && b >= 0 && b < wd {
									sum += w[((k*c+c0)*kh+u)*kw+v] * x[((n*c+c0)*h+a)*wd+b]
								}
							}
						}
					}
					y = append(y, sum)
				}
			}
		}
	}
	return y
}

func TestConv2dDefinition(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, name) }
		n, c, k := draw("n", 1, 3), draw("c", 1, 3), draw("k", 1, 3)
		h, w := draw("h", 1, 9), draw("w", 1, 9)
		kh, kw := draw("kh", 1, 4), draw("kw", 1, 4)
		stride, padding, dilation := draw("stride", 1, 3), draw("padding", 0, 3), draw("dilation", 1, 3)
		opts := []nn.WindowOption{nn.WithStride(stride), nn.WithPadding(padding), nn.WithDilation(dilation)}
		x, f := testkit.Wave(tensor.Float64, 0, n, c, h, w), testkit.Wave(tensor.Float64, 1, k, c, kh, kw)
		g := gorgonia.NewGraph()
		y, err := nn.Conv2d(gorgonia.NodeFromAny(g, x, gorgonia.WithName("x")),
			gorgonia.NodeFromAny(g, f, gorgonia.WithName("w")), nil, opts...)
		if h+2*padding <= dilation*(kh-1) || w+2*padding <= dilation*(kw-1) {
			testkit.Rejects(t, err, "must hold a window of")
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		testkit.Run(t, m)
		want := directConv(x.Float64s(), f.Float64s(), n, c, h, w, k, kh, kw, stride, padding, dilation)
		testkit.Near(t, "output", testkit.Floats(t, y.Value()), want, 1e-12)
	})
}

// Blocks of several images, with one left over, and of some rows of an image.
func TestConv2dBlocks(t *testing.T) {
	for _, s := range []struct{ n, c, h, w int }{{7, 16, 40, 31}, {2, 40, 60, 61}} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			checkBlocks(t, s.n, s.c, s.h, s.w)
		})
	}
}

func checkBlocks(t *testing.T, n, c, h, wd int) {
	t.Helper()
	x, w := testkit.Wave(tensor.Float64, 0, n, c, h, wd), testkit.Wave(tensor.Float64, 1, 2, c, 3, 3)
	got := testkit.Differentiate(t, false, conv(nn.WithPadding(1)), x, w)
	testkit.Near(t, "output", got.Y, directConv(x.Float64s(), w.Float64s(), n, c, h, wd, 2, 3, 3, 1, 1, 1), 1e-11)
	// The cost is homogeneous of degree 2 in x and in w.
	var cost float64
	for _, y := range got.Y {
		cost += y * y
	}
	for i, in := range []*tensor.Dense{x, w} {
		var product float64
		for j, v := range in.Float64s() {
			product += v * got.Grads[i][j]
		}
		if math.Abs(product-2*cost) > 1e-9*cost {
			t.Errorf("input %d times its gradient is %v, want %v", i, product, 2*cost)
		}
	}
}

// The gradients are the same bits on one core as on several.
func TestConv2dCores(t *testing.T) {
	sameOnOneCore(t, conv(), testkit.Varied(tensor.Float32, []int{20, 8, 14, 14}, []int{16, 8, 3, 3}, []int{16})...)
	sameOnOneCore(t, conv(nn.WithGroups(4)), testkit.Varied(tensor.Float32, []int{20, 8, 14, 14}, []int{16, 2, 3, 3}, []int{16})...)
}

// sameOnOneCore checks that a convolution and its gradients do not depend on the
// number of cores.
func sameOnOneCore(t *testing.T, build gradcheck.Graph, inputs ...*tensor.Dense) {
	t.Helper()
	many := testkit.Differentiate(t, false, build, inputs...)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := testkit.Differentiate(t, false, build, inputs...)
	if !slices.Equal(many.Y, one.Y) {
		t.Error("outputs depend on the number of cores")
	}
	for i := range many.Grads {
		if !slices.Equal(many.Grads[i], one.Grads[i]) {
			t.Errorf("gradient of input %d depends on the number of cores", i)
		}
	}
}

// The gradients can be differentiated again.
func TestConv2dSecondDerivative(t *testing.T) {
	for i, shapes := range [][][]int{
		{{2, 2, 4, 5}, {3, 2, 2, 3}, {2, 3, 3, 3}},
		{{2, 2, 4, 5}, {3, 2, 2, 3}, {2, 3, 3, 3}},
		{{2, 4, 3, 4}, {4, 2, 2, 3}, {2, 4, 2, 2}},
		{{2, 4, 3, 4}, {4, 2, 2, 3}, {2, 4, 2, 2}},
	} {
		input, groups := i%2, 1+i/2
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := nn.Conv2d(in[0], in[1], nil, nn.WithGroups(groups))
			if err != nil {
				return nil, err
			}
			grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], in[1]}, y, in[2])
			if err != nil {
				return nil, err
			}
			// Both must be used: Grad stumbles over nodes that nobody reads.
			other, err := gorgonia.Sum(gorgonia.Must(gorgonia.Square(grads[1-input])))
			if err != nil {
				return nil, err
			}
			mean, err := gorgonia.Sum(gorgonia.Must(gorgonia.Square(grads[input])))
			if err != nil {
				return nil, err
			}
			return gorgonia.Add(mean, gorgonia.Must(gorgonia.Mul(other, gorgonia.NewConstant(0.5))))
		}, 1e-6, testkit.Varied(tensor.Float64, shapes...)...)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestConv2dRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(dt tensor.Dtype, name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	x, w := node(tensor.Float32, "x", 2, 3, 8, 8), node(tensor.Float32, "w", 4, 3, 3, 3)
	b := node(tensor.Float32, "b", 4)
	for _, tt := range []struct {
		x, w, b *gorgonia.Node
		opts    []nn.WindowOption
		want    string
	}{
		{nil, w, b, nil, "nn: Conv2d: x and w must be nodes, got none"},
		{x, b, nil, nil, "nn: Conv2d: w must have shape (K, C, KH, KW), got (4)"},
		{b, w, nil, nil, "nn: Conv2d: x must have rank 4, got shape (4)"},
		{x, node(tensor.Float32, "w2", 4, 2, 3, 3), b, nil, "nn: Conv2d: w must have the 3 channels of x, got shape (4, 2, 3, 3)"},
		{x, w, node(tensor.Float32, "b2", 3), nil, "nn: Conv2d: bias must have shape (4), one for each filter, got (3)"},
		{x, node(tensor.Float64, "w3", 4, 3, 3, 3), b, nil, "nn: Conv2d: w must be of float32 as the inputs before it, got float64"},
		{node(tensor.Int, "x2", 2, 3, 8, 8), w, b, nil, "nn: Conv2d: x must be of float32 or float64, got int"},
		{x, w, b, []nn.WindowOption{nn.WithStride(0)}, "nn: Conv2d: stride must be one or two numbers of at least 1, got [0]"},
		{x, w, b, []nn.WindowOption{nn.WithPadding(-1)}, "padding must be one or two numbers of at least 0, got [-1]"},
		{x, w, b, []nn.WindowOption{nn.WithDilation(1, 2, 3)}, "dilation must be one or two numbers of at least 1, got [1 2 3]"},
		{x, w, b, []nn.WindowOption{nn.WithGroups(0)}, "nn: Conv2d: groups must be at least 1, got 0"},
		{x, w, b, []nn.WindowOption{nn.WithGroups(2)}, "w must have a multiple of 2 filters, each with the channels of x in one of 2 groups, got shape (4, 3, 3, 3) for x of (2, 3, 8, 8)"},
		{x, node(tensor.Float32, "w4", 4, 1, 3, 3), b, []nn.WindowOption{nn.WithGroups(3)}, "w must have a multiple of 3 filters"},
		{x, w, b, []nn.WindowOption{nn.WithKernel(2)}, "kernel must be that of w, [3 3], got [2 2]"},
		{x, w, b, []nn.WindowOption{nn.WithDilation(4)}, "images of 8×8 with padding [0 0] must hold a window of 3×3 with dilation [4 4]"},
		{x, gorgonia.NewTensor(gorgonia.NewGraph(), tensor.Float32, 4, gorgonia.WithShape(4, 3, 3, 3), gorgonia.WithName("w")), b, nil, "w must be a node of the graph of x, got one of another graph"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := nn.Conv2d(tt.x, tt.w, tt.b, tt.opts...)
			testkit.Rejects(t, err, tt.want)
		})
	}
	op := gorgonia.Must(nn.Conv2d(x, w, b)).Op()
	good := []gorgonia.Value{testkit.Wave(tensor.Float32, 0, 2, 3, 8, 8), testkit.Wave(tensor.Float32, 0, 4, 3, 3, 3), testkit.Wave(tensor.Float32, 0, 4)}
	for i, bad := range []gorgonia.Value{
		nil, gorgonia.NewF32(1), testkit.Wave(tensor.Float64, 0, 2, 3, 8, 8), testkit.Wave(tensor.Float32, 0, 2, 2, 8, 8), testkit.Wave(tensor.Float32, 0, 2, 3, 2, 8),
		tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(0, 3, 8, 8)),
	} {
		in := slices.Clone(good)
		in[0] = bad
		if _, err := op.Do(in...); err == nil || !strings.HasPrefix(err.Error(), "nn: Conv2d: ") {
			t.Errorf("case %d: want an error of nn: Conv2d, got %v", i, err)
		}
	}
	if _, err := op.Do(good[:2]...); err == nil {
		t.Error("want an error for a missing input")
	}
}

// Ops that compute different things have different hashes.
func TestConv2dHashes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(2, 3, 8, 8), gorgonia.WithName("x"))
	w := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(3, 3, 3, 3), gorgonia.WithName("w"))
	seen := map[*gorgonia.Node]bool{}
	for _, opts := range [][]nn.WindowOption{
		nil, {nn.WithStride(2)}, {nn.WithStride(1, 2)}, {nn.WithPadding(1)}, {nn.WithDilation(2)}, {nn.WithDilation(2, 1)},
	} {
		y := gorgonia.Must(nn.Conv2d(x, w, nil, opts...))
		if seen[y] {
			t.Errorf("convolution %d has been merged with another", len(seen))
		}
		seen[y] = true
	}
	if y := gorgonia.Must(nn.Conv2d(x, w, nil)); !seen[y] {
		t.Error("equal convolutions are not one node")
	}
}

// step builds one training step's graph of a convolution of 3×3 and returns what
// runs it.
func convStep(b testing.TB, build func(x, w *gorgonia.Node) (*gorgonia.Node, error), channels, filters int) func() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 0, 64, channels, 28, 28), gorgonia.WithName("x"))
	w := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 1, filters, channels, 3, 3), gorgonia.WithName("w"))
	y, err := build(x, w)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x, w); err != nil {
		b.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	return func() { testkit.Run(b, m) }
}

// BenchmarkConv2d is forward and backward of 3×3 filters on 64 images of 28×28, by
// number of channels and filters, with Gonum's BLAS and with the one that is found.
func BenchmarkConv2d(b *testing.B) {
	ours := func(x, w *gorgonia.Node) (*gorgonia.Node, error) {
		return nn.Conv2d(x, w, nil, nn.WithPadding(1))
	}
	theirs := func(x, w *gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1})
	}
	defer gorgonia.Use(gorgonia.WhichBLAS())
	found := blas.Find()
	b.Log(found.Describe())
	for _, lib := range []struct {
		name string
		blas gorgonia.BLAS
	}{{"gonum", &blas.Implementation{}}, {"found", found}} {
		gorgonia.Use(lib.blas)
		for _, size := range [][2]int{{1, 32}, {32, 64}} {
			for _, c := range []struct {
				name  string
				build func(x, w *gorgonia.Node) (*gorgonia.Node, error)
			}{{"ours", ours}, {"gorgonia", theirs}} {
				b.Run(fmt.Sprintf("%s/%d-%d/%s", lib.name, size[0], size[1], c.name), func(b *testing.B) {
					step := convStep(b, c.build, size[0], size[1])
					b.ReportAllocs()
					for b.Loop() {
						step()
					}
				})
			}
		}
	}
}
