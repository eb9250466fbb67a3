package nn

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
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

// layout is a convolution at given sizes.
type layout struct {
	window
	n, c, h, w, k, oh, ow int
}

// layout returns the sizes for x and w, or an error if they do not fit.
func (c *convolution) layout(x, w tensor.Shape) (layout, error) {
	l := layout{window: c.window, n: x[0], c: x[1], h: x[2], w: x[3], k: w[0]}
	var err error
	switch {
	case w[2] != c.kernel[0] || w[3] != c.kernel[1]:
		err = errors.Errorf("w must have filters of %d×%d, got shape %v", c.kernel[0], c.kernel[1], w)
	case w[1] != x[1]:
		err = errors.Errorf("w must have the %d channels of x, got shape %v", x[1], w)
	default:
		if err = op.NotEmpty("x", x); err == nil {
			err = op.NotEmpty("w", w)
		}
	}
	if err == nil {
		l.oh, l.ow, err = c.places(l.h, l.w)
	}
	return l, err
}

// patch returns the number of elements under the window.
func (l layout) patch() int { return l.c * l.kernel[0] * l.kernel[1] }

// area returns the number of positions of the window in an image.
func (l layout) area() int { return l.oh * l.ow }

// A block is what patches are gathered from at a time: some images, or some
// rows of window positions in one image.
type block struct {
	image, images int // the first and the number of the images
	from, to      int // rows of places
}

// places returns the number of window positions of one image in the block.
func (b block) places(l layout) int { return (b.to - b.from) * l.ow }

// size returns the number of window positions in the block.
func (b block) size(l layout) int { return b.images * b.places(l) }

// block returns the largest block; no other is larger.
func (l layout) block() block {
	place := max(l.patch(), l.k)
	if images := patchBlock / (place * l.area()); images > 0 {
		return block{images: min(images, l.n), to: l.oh}
	}
	return block{images: 1, to: min(l.oh, max(1, patchBlock/(place*l.ow)))}
}

// blocks calls f for the blocks of a convolution, in order. They depend only on
// the sizes, and so does the order of all additions.
func (l layout) blocks(f func(b block)) {
	largest := l.block()
	for n := 0; n < l.n; n += largest.images {
		for from := 0; from < l.oh; from += largest.to {
			f(block{n, min(largest.images, l.n-n), from, min(l.oh, from+largest.to)})
		}
	}
}

// gather2d copies the patches of a block of x into col, of shape (patch, images,
// places).
func gather2d[F op.Float](l layout, col, x []F, b block) {
	parallel.Each(b.images*l.c, l.kernel[0]*l.kernel[1]*b.places(l), func(i int) { gatherPlane(l, col, x, b, i/l.c, i%l.c) })
}

// gatherPlane is gather2d for one channel of an image of the block.
func gatherPlane[F op.Float](l layout, col, x []F, b block, n, c int) {
	places := b.places(l)
	whole := l.stride == [2]int{1, 1} && l.ow == l.w
	plane := x[((b.image+n)*l.c+c)*l.h*l.w:][:l.h*l.w]
	for u := range l.kernel[0] {
		top, bottom, y0 := l.inside(0, u, l.oh, l.h)
		for v := range l.kernel[1] {
			left, right, x0 := l.inside(1, v, l.ow, l.w)
			out := col[(((c*l.kernel[0]+u)*l.kernel[1]+v)*b.images+n)*places:][:places]
			if whole {
				shift(out, plane, l.w, max(b.from, top)-b.from, min(b.to, bottom)-b.from, (y0+b.from)*l.w+x0, left, right)
				continue
			}
			for i := b.from; i < b.to; i++ {
				row := out[(i-b.from)*l.ow:][:l.ow]
				if i < top || i >= bottom || left == right {
					clear(row)
					continue
				}
				clear(row[:left])
				clear(row[right:])
				src := plane[(y0+i*l.stride[0])*l.w:][:l.w]
				if l.stride[1] == 1 {
					copy(row[left:right], src[x0+left:])
					continue
				}
				for j := left; j < right; j++ {
					row[j] = src[x0+j*l.stride[1]]
				}
			}
		}
	}
}

// shift copies rows [top, bottom) of window positions from an image of the same
// width at some distance. It copies them in one piece, then clears what came
// from neighbouring rows, and the other rows and columns.
func shift[F op.Float](out, image []F, width, top, bottom, by, left, right int) {
	if top >= bottom || left >= right {
		clear(out)
		return
	}
	from, to := top*width+left, (bottom-1)*width+right
	clear(out[:from])
	copy(out[from:to], image[by+from:])
	clear(out[to:])
	if gap := width - (right - left); gap > 0 {
		for at := top*width + right; at+gap <= to; at += width {
			clear(out[at : at+gap])
		}
	}
}

// scatter2d adds the patches in col to where gather2d would take them from.
func scatter2d[F op.Float](l layout, x, col []F, b block) {
	parallel.Each(b.images*l.c, l.kernel[0]*l.kernel[1]*b.places(l), func(i int) { scatterPlane(l, x, col, b, i/l.c, i%l.c) })
}

// scatterPlane is scatter2d for one channel of an image of the block.
func scatterPlane[F op.Float](l layout, x, col []F, b block, n, c int) {
	places := b.places(l)
	plane := x[((b.image+n)*l.c+c)*l.h*l.w:][:l.h*l.w]
	for u := range l.kernel[0] {
		top, bottom, y0 := l.inside(0, u, l.oh, l.h)
		for v := range l.kernel[1] {
			left, right, x0 := l.inside(1, v, l.ow, l.w)
			in := col[(((c*l.kernel[0]+u)*l.kernel[1]+v)*b.images+n)*places:][:places]
			for i := max(b.from, top); i < min(b.to, bottom) && left < right; i++ {
				row := in[(i-b.from)*l.ow:][:l.ow]
				dst := plane[(y0+i*l.stride[0])*l.w:][:l.w]
				if l.stride[1] == 1 {
					row = row[left:right]
					dst = dst[x0+left:][:len(row)]
					for j, g := range row {
						dst[j] += g
					}
					continue
				}
				for j := left; j < right; j++ {
					dst[x0+j*l.stride[1]] += row[j]
				}
			}
		}
	}
}

// buffers returns memory for the patches and the maps of a block.
func buffers[F op.Float](l layout, pool *parallel.Scratch[F]) (buffer, col, maps []F) {
	n := l.block().size(l)
	buffer = pool.Take((l.patch() + l.k) * n)
	return buffer, buffer[:l.patch()*n], buffer[l.patch()*n:]
}

// eachMap calls f in parallel for the maps of y of a block: with the map's part in
// y, the same in a matrix of shape (filters, images, places), and the filter.
func eachMap[F op.Float](l layout, y, m []F, b block, f func(y, m []F, k int)) {
	places := b.places(l)
	parallel.Each(b.images*l.k, places, func(i int) {
		n, k := i/l.k, i%l.k
		f(y[((b.image+n)*l.k+k)*l.area()+b.from*l.ow:][:places], m[(k*b.images+n)*places:][:places], k)
	})
}

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
	if err == nil && f.biased && in[2][0] != l.k {
		err = errors.Errorf("bias must have shape (%d), one for each filter, got %v", l.k, in[2])
	}
	return tensor.Shape{l.n, l.k, l.oh, l.ow}, err
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

// convInput computes the gradient of x, with images of height × width, from w
// and the gradient of y: the transposed convolution.
type convInput struct {
	*convolution
	height, width int
}

func (f convInput) String() string {
	return fmt.Sprintf("Conv2d'x{%d×%d %v}", f.height, f.width, f.window)
}
func (f convInput) Rank() int { return 4 }
func (f convInput) Inputs() []op.Input {
	return []op.Input{{Name: "w", Rank: 4}, {Name: "gradient of y", Rank: 4}}
}

func (f convInput) sizes(in []tensor.Shape) (layout, error) {
	return f.withOutput(tensor.Shape{in[1][0], in[0][1], f.height, f.width}, in[0], in[1])
}

// withOutput is layout for a given shape of y.
func (c *convolution) withOutput(x, w, y tensor.Shape) (layout, error) {
	l, err := c.layout(x, w)
	if want := (tensor.Shape{l.n, l.k, l.oh, l.ow}); err == nil && !want.Eq(y) {
		err = errors.Errorf("gradient of y must have shape %v, got %v", want, y)
	}
	return l, err
}

func (f convInput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.sizes(in)
	return tensor.Shape{l.n, l.c, l.h, l.w}, err
}

func (f convInput) Loops() op.Loops { return op.Bind(f, deconvolveFloat32, deconvolve) }

// deconvolveFloat32 is deconvolve, by tiles if those are possible.
func deconvolveFloat32(f convInput, dx []float32, in op.Args[float32]) error {
	if l, err := f.sizes(in.Shapes); err == nil {
		if t, ok := l.tiled(); ok {
			t.transposed().convolve(f.memory, dx, in.Floats[1], in.Floats[0], nil, true, false)
			return nil
		}
	}
	return deconvolve(f, dx, in)
}

func deconvolve[F op.Float](f convInput, dx []F, in op.Args[F]) error {
	l, err := f.sizes(in.Shapes)
	if err != nil {
		return err
	}
	pool := parallel.ScratchOf[F](f.memory)
	w := matrix[F]{data: in.Floats[0], stride: l.patch(), transposed: true}
	if a, ok := l.alone(); ok {
		deconvolveAlone(a, pool, dx, w, in.Floats[1])
		return nil
	}
	buffer, col, maps := buffers(l, pool)
	clear(dx)
	l.blocks(func(b block) {
		eachMap(l, in.Floats[1], maps, b, func(dy, m []F, _ int) { copy(m, dy) })
		gemm(l.patch(), b.size(l), l.k, w, matrix[F]{data: maps, stride: b.size(l)}, 0, col, b.size(l))
		scatter2d(l, dx, col, b)
	})
	pool.Give(buffer)
	return nil
}

func (f convInput) Derive(c *op.Calculus, x []op.Operand, _, ddx op.Operand) []op.Operand {
	return []op.Operand{c.Of(convWeight{f.convolution}, ddx, x[1]), c.Of(convForward{convolution: f.convolution}, ddx, x[0])}
}

// convWeight computes the gradient of w from x and the gradient of y.
type convWeight struct{ *convolution }

func (f convWeight) String() string {
	return fmt.Sprintf("Conv2d'w{%v %v}", f.kernel, f.window)
}
func (f convWeight) Rank() int { return 4 }
func (f convWeight) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: 4}, {Name: "gradient of y", Rank: 4}}
}

func (f convWeight) sizes(in []tensor.Shape) (layout, error) {
	return f.withOutput(in[0], tensor.Shape{in[1][1], in[0][1], f.kernel[0], f.kernel[1]}, in[1])
}

func (f convWeight) Shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.sizes(in)
	return tensor.Shape{l.k, l.c, l.kernel[0], l.kernel[1]}, err
}

func (f convWeight) Loops() op.Loops { return op.Bind(f, correlateFloat32, correlate) }

// correlateFloat32 is correlate, by tiles if those are possible.
func correlateFloat32(f convWeight, dw []float32, in op.Args[float32]) error {
	if l, err := f.sizes(in.Shapes); err == nil {
		if t, ok := l.tiled(); ok {
			t.correlate(f.memory, dw, in.Floats[0], in.Floats[1])
			return nil
		}
	}
	return correlate(f, dw, in)
}

func correlate[F op.Float](f convWeight, dw []F, in op.Args[F]) error {
	l, err := f.sizes(in.Shapes)
	if err != nil {
		return err
	}
	pool := parallel.ScratchOf[F](f.memory)
	if a, ok := l.alone(); ok {
		correlateAlone(a, f.memory, dw, in.Floats[0], in.Floats[1])
		return nil
	}
	buffer, col, maps := buffers(l, pool)
	var beta F
	l.blocks(func(b block) {
		gather2d(l, col, in.Floats[0], b)
		eachMap(l, in.Floats[1], maps, b, func(dy, m []F, _ int) { copy(m, dy) })
		gemm(l.k, l.patch(), b.size(l), matrix[F]{data: maps, stride: b.size(l)},
			matrix[F]{col, b.size(l), true}, beta, dw, l.patch())
		beta = 1
	})
	pool.Give(buffer)
	return nil
}

func (f convWeight) Derive(c *op.Calculus, x []op.Operand, _, ddw op.Operand) []op.Operand {
	in := op.ShapeOf(x[0])
	if len(in) != 4 {
		return c.Stop()
	}
	return []op.Operand{
		c.Of(convInput{f.convolution, in[2], in[3]}, ddw, x[1]),
		c.Of(convForward{convolution: f.convolution}, x[0], ddw),
	}
}

// channelSum computes the sum of (N, C, H, W) over all axes but the channels:
// the gradient of a bias.
type channelSum struct {
	of string
	op.NotDifferentiable
}

func (f channelSum) Name() string       { return f.of }
func (f channelSum) String() string     { return f.of + "'bias" }
func (f channelSum) Rank() int          { return 1 }
func (f channelSum) Inputs() []op.Input { return []op.Input{{Name: "gradient of y", Rank: 4}} }

func (f channelSum) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][1]}, op.NotEmpty("gradient of y", in[0])
}

func (f channelSum) Loops() op.Loops { return op.LoopsOf(sumChannels, sumChannels) }

func sumChannels[F op.Float](sums []F, in op.Args[F]) error {
	s := in.Shapes[0]
	channels, plane := s[1], s[2]*s[3]
	parallel.Each(channels, s[0]*plane, func(c int) {
		var total float64
		for n := range s[0] {
			at := (n*channels + c) * plane
			total += float64(sum(in.Floats[0][at : at+plane]))
		}
		sums[c] = F(total)
	})
	return nil
}

// sum adds up in eight lanes, which is faster and more accurate than one by
// one.
func sum[F op.Float](x []F) F {
	var s [8]F
	for ; len(x) >= 8; x = x[8:] {
		x := x[:8]
		s[0] += x[0]
		s[1] += x[1]
		s[2] += x[2]
		s[3] += x[3]
		s[4] += x[4]
		s[5] += x[5]
		s[6] += x[6]
		s[7] += x[7]
	}
	for i, v := range x {
		s[i] += v
	}
	return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}
