package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Conv2d returns the two-dimensional convolution (strictly speaking the
// cross-correlation, as is usual in deep learning) of images x of shape (N, C,
// H, W) with K filters w of shape (K, C, KH, KW):
//
//	y[n,k,i,j] = bias[k] + sum over c, u, v of
//	    w[k,c,u,v] * x[n, c, i*stride+u*dilation-padding, j*stride+v*dilation-padding]
//
// where x is 0 outside the image. bias has shape (K), or is nil for none. y has
// shape (N, K, OH, OW) with OH = floor((H + 2*padding - dilation*(KH-1) - 1) /
// stride) + 1, and OW likewise. All are float32, or all float64. Shapes that do
// not fit, and [WithKernel], are errors.
//
// With [WithGroups] w has shape (K, C/groups, KH, KW), and the sum is over the
// channels c of the group of k. Each group of an image is a product of its own,
// which suits few large groups more than many small ones.
//
// The patches under the window are gathered for as many images at a time as fit
// into the cache, and multiplied by the filters as one matrix (Chellapilla,
// Puri and Simard, "High Performance Convolutional Neural Networks for Document
// Processing", 2006) on the BLAS given to gorgonia.Use. In float32, 3×3 filters
// with stride 1 and 16 channels or more on either side take fewer products
// (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR
// 2016). That rounds differently, and a NaN or an infinity spreads to the 2×2
// outputs that are computed together. Apart from what the BLAS does, the order
// of additions does not depend on the number of cores. The op can be
// differentiated any number of times with respect to x and w.
func Conv2d(x, w, bias *gorgonia.Node, opts ...WindowOption) (*gorgonia.Node, error) {
	return conv2d("nn: Conv2d", x, w, bias, false, opts)
}

// Conv2dReLU is [ReLU] of [Conv2d] in one op, with the same numbers: bias and
// ReLU are applied to each part of y while it is in the cache.
func Conv2dReLU(x, w, bias *gorgonia.Node, opts ...WindowOption) (*gorgonia.Node, error) {
	return conv2d("nn: Conv2dReLU", x, w, bias, true, opts)
}

func conv2d(name string, x, w, bias *gorgonia.Node, positive bool, opts []WindowOption) (*gorgonia.Node, error) {
	if x == nil || w == nil {
		return nil, errors.Errorf("%s: x and w must be nodes, got none", name)
	}
	if w.Dims() != 4 {
		return nil, errors.Errorf("%s: w must have shape (K, C, KH, KW), got %v", name, w.Shape())
	}
	kernel := [2]int{w.Shape()[2], w.Shape()[3]}
	win, err := newWindow(kernel, [2]int{1, 1}, opts)
	if err == nil && win.kernel != kernel {
		err = errors.Errorf("kernel must be that of w, %v, got %v", kernel, win.kernel)
	}
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	f := convForward{&convolution{window: win, memory: new(parallel.Memory)}, bias != nil, positive}
	if bias == nil {
		return apply(f, x, w)
	}
	return apply(f, x, w, bias)
}

// convolution is what a convolution and its derivatives share.
type convolution struct {
	window
	memory *parallel.Memory
}

func (c *convolution) Name() string { return "Conv2d" }

// patchBlock is the number of elements gathered at a time: enough for a product
// worth dividing among cores, few enough to stay in the cache.
const patchBlock = 1 << 19

// convForward computes y, or its positive part, from x, w and the bias if there
// is one.
type convForward struct {
	*convolution
	biased, positive bool
}

func (f convForward) Name() string {
	if f.positive {
		return "Conv2dReLU"
	}
	return f.convolution.Name()
}

func (f convForward) String() string { return f.Name() + "{" + f.window.String() + "}" }
func (f convForward) Rank() int      { return 4 }

func (f convForward) Inputs() []op.Input {
	in := []op.Input{{Name: "x", Rank: 4}, {Name: "w", Rank: 4}}
	if f.biased {
		in = append(in, op.Input{Name: "bias", Rank: 1})
	}
	return in
}

func (f convForward) Shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.layout(in[0], in[1])
	if k := in[1][0]; err == nil && f.biased && in[2][0] != k {
		err = errors.Errorf("bias must have shape (%d), one for each filter, got %v", k, in[2])
	}
	return l.output(), err
}

func (convForward) Role() op.Role     { return op.RoleConv }
func (f convForward) Activated() bool { return f.positive }

func (f convForward) Loops() op.Loops { return op.Bind(f, convolveFloat32, convolve) }

// convolveFloat32 is convolve, by tiles if those are possible.
func convolveFloat32(f convForward, y []float32, in op.Args[float32]) error {
	if l, err := f.layout(in.Shapes[0], in.Shapes[1]); err == nil {
		if t, ok := l.tiled(); ok {
			var bias []float32
			if f.biased {
				bias = in.Floats[2]
			}
			t.convolve(f.memory, y, in.Floats[0], in.Floats[1], bias, false, f.positive)
			return nil
		}
	}
	return convolve(f, y, in)
}

func convolve[F op.Float](f convForward, y []F, in op.Args[F]) error {
	l, err := f.layout(in.Shapes[0], in.Shapes[1])
	if err != nil {
		return err
	}
	pool := parallel.ScratchOf[F](f.memory)
	w := matrix[F]{data: in.Floats[1], stride: l.patch()}
	var bias []F
	if f.biased {
		bias = in.Floats[2]
	}
	if a, ok := l.alone(); ok {
		convolveAlone(a, pool, y, in.Floats[0], w, bias, f.positive)
		return nil
	}
	buffer, col, maps := buffers(l, pool)
	l.blocks(func(b block) {
		gather2d(l, col, in.Floats[0], b)
		gemm(l.k, b.size(l), l.patch(), w, matrix[F]{data: col, stride: b.size(l)}, 0, maps, b.size(l))
		eachMap(l, y, maps, b, func(y, m []F, k int) {
			if f.biased {
				for i, v := range m {
					y[i] = v + bias[k]
				}
			} else {
				copy(y, m)
			}
			if f.positive {
				keepPositive(y)
			}
		})
	})
	pool.Give(buffer)
	return nil
}

// keepPositive replaces y by its ReLU.
func keepPositive[F op.Float](y []F) {
	for i, v := range y {
		y[i] = max(v, 0)
	}
}

// fill sets all elements to x, by copies, which are faster than a loop.
func fill[F op.Float](dst []F, x F) {
	if len(dst) == 0 {
		return
	}
	dst[0] = x
	for n := 1; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

func (f convForward) Derive(c *op.Calculus, x []op.Operand, y, dy op.Operand) []op.Operand {
	in, w := op.ShapeOf(x[0]), op.ShapeOf(x[1])
	if len(in) != 4 || len(w) != 4 {
		return c.Stop()
	}
	if f.positive {
		dy = c.Of(reluDiff{4}, y, dy)
	}
	grads := []op.Operand{
		c.Of(convInput{f.convolution, in[2], in[3]}, x[1], dy),
		c.Of(convWeight{f.convolution}, x[0], dy),
	}
	if f.biased {
		grads = append(grads, c.Of(channelSum{of: f.Name()}, dy))
	}
	return grads
}
