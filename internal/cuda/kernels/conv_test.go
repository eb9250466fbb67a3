//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	launching "github.com/gorgonia-dropout/dropout/internal/launch"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/nn"
)

// A convolution is the sizes of one.
type convolution struct {
	x, w   tensor.Shape
	opts   []nn.WindowOption
	biased bool
	relu   bool
	plain  bool // with numbers of no special kind: sums of many others are all NaN
}

// node returns it in a new graph, with its inputs.
func (c convolution) node(t *rapid.T) (y, x, w *gorgonia.Node, err error) {
	g := gorgonia.NewGraph()
	x, w = inputNode(t, g, tensor.Float32, "x", c.x...), inputNode(t, g, tensor.Float32, "w", c.w...)
	var bias *gorgonia.Node
	if c.biased {
		bias = inputNode(t, g, tensor.Float32, "bias", c.w[0])
	}
	if c.relu {
		y, err = nn.Conv2dReLU(x, w, bias, c.opts...)
	} else {
		y, err = nn.Conv2d(x, w, bias, c.opts...)
	}
	return y, x, w, err
}

// checkFunction compares what the kernels compute that a function launches with what its
// loop on the processor does. It returns the names of the kernels.
func checkFunction(t *rapid.T, l *library, f op.Function, plain bool, shapes ...tensor.Shape) string {
	t.Helper()
	var p pinned
	defer p.Unpin()
	ys, err := f.Shape(shapes)
	if err != nil {
		t.Fatalf("%v", err)
	}
	args := op.Args[float32]{Shapes: shapes}
	var in []launching.Memory
	for _, s := range shapes {
		x := random(rapid.Uint64().Draw(t, "input"), s.TotalSize(), plain)
		args.Floats = append(args.Floats, x)
		in = append(in, launching.Memory{At: pin(&p, x), Shape: s, Dtype: tensor.Float32})
	}
	y, intact := guarded(t, "y", ys.TotalSize())
	var scratch [][]float32
	list := launching.NewList(0, nil, func(bytes int) (cuda.Pointer, error) {
		scratch = append(scratch, make([]float32, bytes/4))
		for i := range scratch[len(scratch)-1] {
			scratch[len(scratch)-1][i] = 1e30 // what there was before
		}
		return pin(&p, scratch[len(scratch)-1]), nil
	})
	device, ok := f.(launching.Function)
	if !ok {
		t.Fatalf("%v launches nothing", f)
	}
	if err := device.Launch(list, launching.Memory{At: pin(&p, y), Shape: ys, Dtype: tensor.Float32}, in); err != nil {
		t.Fatalf("%v", err)
	}
	var names []string
	for _, k := range list.Launches {
		runListed(t, l, k)
		names = append(names, k.Kernel)
	}
	verify(t, f.Name(), y, compute(t, f, make([]float32, len(y)), args), intact)
	return strings.Join(names, " ")
}

// runListed runs a kernel of a list.
func runListed(t failer, l *library, k launching.Launch) {
	t.Helper()
	if threads := threadsOf(k.Kernel); threads != k.Threads {
		t.Fatalf("%s is launched with %d threads, want %d", k.Kernel, k.Threads, threads)
	}
	if theReal != nil {
		if err := theReal.launch(k.Kernel, k.Threads, k.Blocks, k.Args); err != nil {
			t.Fatalf("%v", err)
		}
		return
	}
	if l.run(k.Kernel, 0, int32(k.Blocks), int32(k.Blocks), k.Args) == 0 {
		t.Fatalf("there is no kernel %s", k.Kernel)
	}
}

// check compares a convolution and its derivatives, and returns the kernels of each.
func (c convolution) check(t *rapid.T, l *library) (forward, input, weight string) {
	t.Helper()
	defer gorgonia.Use(tensor.WhichBLAS())
	products, err := blas.Open("builtin")
	if err != nil {
		t.Fatal(err)
	}
	gorgonia.Use(products)
	node, x, _, err := c.node(t)
	if err != nil {
		t.Skip(err) // the image is too small for the window
	}
	f := op.FunctionOf(node)
	shapes := []tensor.Shape{c.x, c.w}
	if c.biased {
		shapes = append(shapes, tensor.Shape{c.w[0]})
	}
	ys, err := f.Shape(shapes)
	if err != nil {
		t.Fatalf("%v", err)
	}
	forward = checkFunction(t, l, f, c.plain, shapes...)
	input = checkFunction(t, l, derivative(t, node, x, "Conv2d'x{"), c.plain, c.w, ys)
	node, _, w, err := c.node(t)
	if err != nil {
		t.Fatal(err)
	}
	weight = checkFunction(t, l, derivative(t, node, w, "Conv2d'w{"), c.plain, c.x, ys)
	return forward, input, weight
}

func drawConvolution(t *rapid.T, channels, filters, size *rapid.Generator[int]) convolution {
	return convolution{
		x:      tensor.Shape{rapid.IntRange(1, 10).Draw(t, "images"), channels.Draw(t, "channels"), size.Draw(t, "height"), size.Draw(t, "width")},
		w:      tensor.Shape{filters.Draw(t, "filters"), 0, 3, 3},
		biased: rapid.Bool().Draw(t, "biased"),
		relu:   rapid.Bool().Draw(t, "relu"),
		plain:  rapid.IntRange(0, 3).Draw(t, "special") > 0,
	}
}

func TestConvolutionOfPatches(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.IntRange(1, 5)
		c := drawConvolution(t, few, few, rapid.IntRange(1, 14))
		c.w = tensor.Shape{c.w[0], c.x[1], rapid.IntRange(1, 5).Draw(t, "kernel"), rapid.IntRange(1, 5).Draw(t, "kernel")}
		pair := func(label string, from, to int) (int, int) {
			of := rapid.IntRange(from, to)
			return of.Draw(t, label), of.Draw(t, label)
		}
		down, across := pair("stride", 1, 3)
		top, left := pair("padding", 0, 3)
		dy, dx := pair("dilation", 1, 2)
		c.opts = []nn.WindowOption{nn.WithStride(down, across), nn.WithPadding(top, left), nn.WithDilation(dy, dx)}
		c.check(t, l)
	})
}

func TestConvolutionOfTiles(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		many := rapid.IntRange(16, 17)
		c := drawConvolution(t, many, many, rapid.IntRange(2, 7))
		c.w[1] = c.x[1]
		c.opts = []nn.WindowOption{nn.WithPadding(rapid.IntRange(0, 3).Draw(t, "padding"), rapid.IntRange(0, 3).Draw(t, "padding"))}
		c.check(t, l)
	})
}

// sizes finds those of the tiles in the name of a product's kernel.
var sizes = regexp.MustCompile(`(product_.._)\d+x\d+`)

// Sizes that the processor computes in each of its ways, some in several blocks of rows or
// parts of images.
func TestConvolutionWays(t *testing.T) {
	l := host(t)
	for name, tt := range map[string]struct {
		convolution
		forward, input, weight string
	}{
		"images alone": {
			convolution{x: tensor.Shape{11, 2, 12, 12}, w: tensor.Shape{4, 2, 5, 5}, biased: true},
			"conv_gather product_nn_", "product_tn_ conv_scatter", "conv_gather product_nt_ conv_parts",
		},
		"images alone, in blocks": {
			convolution{x: tensor.Shape{3, 3, 24, 24}, w: tensor.Shape{16, 3, 5, 5}, biased: true, relu: true},
			"conv_gather product_nn_", "product_tn_ conv_scatter", "conv_gather product_nt_ conv_parts",
		},
		"images together": {
			convolution{x: tensor.Shape{7, 3, 6, 6}, w: tensor.Shape{5, 3, 3, 3}, biased: true},
			"conv_gather product_nn_", "product_tn_ conv_scatter", "conv_gather product_nt_",
		},
		"rows of an image": {
			convolution{x: tensor.Shape{2, 64, 24, 24}, w: tensor.Shape{16, 64, 5, 5}, biased: true},
			"conv_gather product_nn_", "product_tn_ conv_scatter", "conv_gather product_nt_",
		},
		"tiles": {
			convolution{x: tensor.Shape{40, 16, 8, 9}, w: tensor.Shape{17, 16, 3, 3}, biased: true, relu: true, opts: []nn.WindowOption{nn.WithPadding(1)}},
			"components_of_filters tiles_of_input product_nn_ output_of_tiles",
			"components_of_filters tiles_of_input product_nn_ output_of_tiles",
			"tiles_of_input tiles_of_gradient product_nt_ filters_of_components",
		},
	} {
		t.Run(name, func(t *testing.T) {
			done := false
			rapid.Check(t, func(t *rapid.T) {
				if done { // once is enough
					return
				}
				done = true
				tt.plain = true
				forward, input, weight := tt.check(t, l)
				for _, k := range [][2]string{{forward, tt.forward}, {input, tt.input}, {weight, tt.weight}} {
					if got := sizes.ReplaceAllString(k[0], "$1"); got != k[1] {
						t.Errorf("the kernels are %s, want %s", got, k[1])
					}
				}
			})
		})
	}
}

// Convolutions that no kernel computes say so.
func TestConvolutionInGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := convolution{x: tensor.Shape{1, 4, 5, 5}, w: tensor.Shape{6, 2, 3, 3}, opts: []nn.WindowOption{nn.WithGroups(2)}}
		node, _, _, err := c.node(t)
		if err != nil {
			t.Fatal(err)
		}
		f, ok := op.FunctionOf(node).(launching.Function)
		if !ok {
			t.Fatal("it launches nothing")
		}
		in := []launching.Memory{{Shape: c.x, Dtype: tensor.Float32}, {Shape: c.w, Dtype: tensor.Float32}}
		err = f.Launch(launching.NewList(0, nil, nil), launching.Memory{Shape: tensor.Shape{1, 6, 3, 3}}, in)
		if want := "must have one group of channels on a device, got 2"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	})
}

func TestSizesOfConvolutions(t *testing.T) {
	l := host(t)
	if l == nil {
		t.Skip("the structs are compared on the host")
	}
	for name, size := range map[string]uintptr{
		"conv_gather":           unsafe.Sizeof(kernels.ConvGather{}),
		"conv_scatter":          unsafe.Sizeof(kernels.ConvScatter{}),
		"conv_parts":            unsafe.Sizeof(kernels.ConvParts{}),
		"tiles_of_input":        unsafe.Sizeof(kernels.Tiles{}),
		"tiles_of_gradient":     unsafe.Sizeof(kernels.Tiles{}),
		"output_of_tiles":       unsafe.Sizeof(kernels.OutputOfTiles{}),
		"components_of_filters": unsafe.Sizeof(kernels.ComponentsOfFilters{}),
		"filters_of_components": unsafe.Sizeof(kernels.FiltersOfComponents{}),
	} {
		if got := l.size(name); uintptr(got) != size {
			t.Errorf("%s: arguments of %d bytes in C++, %d in Go", name, got, size)
		}
	}
}
