package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Conv2d returns the two-dimensional convolution (in truth the cross-correlation,
// as everywhere in deep learning) of images x of shape (N, C, H, W) with K
// filters w of shape (K, C, KH, KW):
//
//	y[n,k,i,j] = bias[k] + sum over c, u, v of
//	    w[k,c,u,v] * x[n, c, i*stride+u*dilation-padding, j*stride+v*dilation-padding]
//
// where x is 0 outside the image. bias has shape (K), or is nil for none. y has
// shape (N, K, OH, OW) with OH = floor((H + 2*padding - dilation*(KH-1) - 1) /
// stride) + 1, and OW likewise. All are of float32 or of float64. Shapes that do
// not fit, and WithKernel, are errors.
//
// The images are spread over the cores, each as products with blocks of gathered
// patches that stay in cache (Chellapilla, Puri and Simard, 2006), on the BLAS
// that gorgonia.Use was given. Results do not depend on the number of cores. The
// op can be differentiated any number of times with respect to x and w.
func Conv2d(x, w, bias *gorgonia.Node, opts ...WindowOption) (*gorgonia.Node, error) {
	const name = "ops: Conv2d"
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
	c := &convolution{window: win, memory: new(memory)}
	if bias == nil {
		return applyFunction(convForward{c, false}, x, w)
	}
	return applyFunction(convForward{c, true}, x, w, bias)
}

// convolution is what a convolution shares with its derivatives.
type convolution struct {
	window
	memory *memory
}

func (c *convolution) name() string { return "Conv2d" }

// patchBlock is the number of elements of gathered patches at a time: 256 KiB of
// float32, which fits into the second-level cache.
const patchBlock = 1 << 16

// layout is a convolution at given sizes.
type layout struct {
	window
	n, c, h, w, k, oh, ow int
}

// layout returns the sizes for x and w, or an error where they do not fit.
func (c *convolution) layout(x, w tensor.Shape) (layout, error) {
	l := layout{window: c.window, n: x[0], c: x[1], h: x[2], w: x[3], k: w[0]}
	var err error
	switch {
	case w[2] != c.kernel[0] || w[3] != c.kernel[1]:
		err = errors.Errorf("w must have filters of %d×%d, got shape %v", c.kernel[0], c.kernel[1], w)
	case w[1] != x[1]:
		err = errors.Errorf("w must have the %d channels of x, got shape %v", x[1], w)
	default:
		if err = positive("x", x); err == nil {
			err = positive("w", w)
		}
	}
	if err == nil {
		l.oh, l.ow, err = c.places(l.h, l.w)
	}
	return l, err
}

// patch is the number of elements under the window.
func (l layout) patch() int { return l.c * l.kernel[0] * l.kernel[1] }

// image, maps and filters are the numbers of elements of one image of x, of one
// image of y and of w.
func (l layout) image() int   { return l.c * l.h * l.w }
func (l layout) maps() int    { return l.k * l.oh * l.ow }
func (l layout) filters() int { return l.k * l.patch() }

// rows is how many rows of places a block of patches has.
func (l layout) rows() int { return min(l.oh, max(1, patchBlock/(l.patch()*l.ow))) }

// pointwise reports whether the patches are the image as it is.
func (l layout) pointwise() bool {
	return l.kernel == [2]int{1, 1} && l.stride == [2]int{1, 1} && l.padding == [2]int{}
}

// gatherPatches copies the patches of an image at the rows [from, to) of places into
// col, of shape (patch, places).
func gatherPatches[F float](l layout, col, image []F, from, to int) {
	places := (to - from) * l.ow
	for c := range l.c {
		plane := image[c*l.h*l.w : (c+1)*l.h*l.w]
		for u := range l.kernel[0] {
			top, bottom, y0 := l.inside(0, u, l.oh, l.h)
			for v := range l.kernel[1] {
				left, right, x0 := l.inside(1, v, l.ow, l.w)
				for i := from; i < to; i++ {
					row := col[(i-from)*l.ow : (i-from+1)*l.ow]
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
				col = col[places:]
			}
		}
	}
}

// scatterPatches adds the patches in col to the image that gatherPatches would
// have taken them from.
func scatterPatches[F float](l layout, image, col []F, from, to int) {
	places := (to - from) * l.ow
	for c := range l.c {
		plane := image[c*l.h*l.w : (c+1)*l.h*l.w]
		for u := range l.kernel[0] {
			top, bottom, y0 := l.inside(0, u, l.oh, l.h)
			for v := range l.kernel[1] {
				left, right, x0 := l.inside(1, v, l.ow, l.w)
				for i := max(from, top); i < min(to, bottom) && left < right; i++ {
					row := col[(i-from)*l.ow : (i-from+1)*l.ow]
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
				col = col[places:]
			}
		}
	}
}

// patches calls f for each block of patches of an image, with their matrix, of
// shape (patch, places), and the first and number of their places.
func patches[F float](l layout, col, image []F, f func(m matrix[F], first, places int)) {
	if l.pointwise() {
		f(matrix[F]{data: image, stride: l.oh * l.ow}, 0, l.oh*l.ow)
		return
	}
	rows := l.rows()
	for from := 0; from < l.oh; from += rows {
		to := min(l.oh, from+rows)
		places := (to - from) * l.ow
		gatherPatches(l, col, image, from, to)
		f(matrix[F]{data: col, stride: places}, from*l.ow, places)
	}
}

// convForward is y of x, w and perhaps the bias.
type convForward struct {
	*convolution
	biased bool
}

func (f convForward) String() string { return "Conv2d{" + f.window.String() + "}" }
func (f convForward) rank() int      { return 4 }

func (f convForward) inputs() []slot {
	in := []slot{{"x", 4, floats}, {"w", 4, floats}}
	if f.biased {
		in = append(in, slot{"bias", 1, floats})
	}
	return in
}

func (f convForward) shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.layout(in[0], in[1])
	if err == nil && f.biased && in[2][0] != l.k {
		err = errors.Errorf("bias must have shape (%d), one for each filter, got %v", l.k, in[2])
	}
	return tensor.Shape{l.n, l.k, l.oh, l.ow}, err
}

func (f convForward) float32s(y []float32, in arguments[float32]) error { return convolve(f, y, in) }
func (f convForward) float64s(y []float64, in arguments[float64]) error { return convolve(f, y, in) }

func convolve[F float](f convForward, y []F, in arguments[F]) error {
	l, err := f.layout(in.shapes[0], in.shapes[1])
	if err != nil {
		return err
	}
	x, w := in.floats[0], matrix[F]{data: in.floats[1], stride: l.patch()}
	places := l.oh * l.ow
	pool, among := scratchOf[F](f.memory), newCallers()
	parallel(l.n, l.maps()*l.patch(), func(n int) {
		maps := y[n*l.maps() : (n+1)*l.maps()]
		var beta F
		if f.biased {
			beta = 1
			for k, b := range in.floats[2] {
				fill(maps[k*places:(k+1)*places], b)
			}
		}
		col := pool.take(l.patch() * l.rows() * l.ow)
		patches(l, col, x[n*l.image():(n+1)*l.image()], func(m matrix[F], first, count int) {
			gemmAmong(among, l.k, count, l.patch(), w, m, beta, maps[first:], places)
		})
		pool.give(col)
	})
	return nil
}

func fill[F float](dst []F, x F) {
	for i := range dst {
		dst[i] = x
	}
}

func (f convForward) derive(c *calculus, x []operand, _, dy operand) []operand {
	in, w := shapeOf(x[0]), shapeOf(x[1])
	if len(in) != 4 || len(w) != 4 {
		return c.stop(f)
	}
	grads := []operand{
		c.of(convInput{f.convolution, in[2], in[3]}, x[1], dy),
		c.of(convWeight{f.convolution}, x[0], dy),
	}
	if f.biased {
		grads = append(grads, c.of(channelSum{f.name()}, dy))
	}
	return grads
}

// convInput is the gradient of x, of images of height × width, from w and the
// gradient of y: the transposed convolution.
type convInput struct {
	*convolution
	height, width int
}

func (f convInput) String() string {
	return fmt.Sprintf("Conv2d'x{%d×%d %v}", f.height, f.width, f.window)
}
func (f convInput) rank() int      { return 4 }
func (f convInput) inputs() []slot { return []slot{{"w", 4, floats}, {"gradient of y", 4, floats}} }

func (f convInput) sizes(in []tensor.Shape) (layout, error) {
	return f.withOutput(tensor.Shape{in[1][0], in[0][1], f.height, f.width}, in[0], in[1])
}

// withOutput is layout where the shape of y is given too.
func (c *convolution) withOutput(x, w, y tensor.Shape) (layout, error) {
	l, err := c.layout(x, w)
	if want := (tensor.Shape{l.n, l.k, l.oh, l.ow}); err == nil && !want.Eq(y) {
		err = errors.Errorf("gradient of y must have shape %v, got %v", want, y)
	}
	return l, err
}

func (f convInput) shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.sizes(in)
	return tensor.Shape{l.n, l.c, l.h, l.w}, err
}

func (f convInput) float32s(dx []float32, in arguments[float32]) error {
	return deconvolve(f, dx, in)
}

func (f convInput) float64s(dx []float64, in arguments[float64]) error {
	return deconvolve(f, dx, in)
}

func deconvolve[F float](f convInput, dx []F, in arguments[F]) error {
	l, err := f.sizes(in.shapes)
	if err != nil {
		return err
	}
	w := matrix[F]{data: in.floats[0], stride: l.patch(), transposed: true}
	places, rows := l.oh*l.ow, l.rows()
	pool, among := scratchOf[F](f.memory), newCallers()
	parallel(l.n, l.maps()*l.patch(), func(n int) {
		image := dx[n*l.image() : (n+1)*l.image()]
		maps := in.floats[1][n*l.maps() : (n+1)*l.maps()]
		if l.pointwise() {
			gemmAmong(among, l.patch(), places, l.k, w, matrix[F]{data: maps, stride: places}, 0, image, places)
			return
		}
		clear(image)
		col := pool.take(l.patch() * rows * l.ow)
		for from := 0; from < l.oh; from += rows {
			to := min(l.oh, from+rows)
			count := (to - from) * l.ow
			gemmAmong(among, l.patch(), count, l.k, w, matrix[F]{data: maps[from*l.ow:], stride: places}, 0, col, count)
			scatterPatches(l, image, col, from, to)
		}
		pool.give(col)
	})
	return nil
}

func (f convInput) derive(c *calculus, x []operand, _, ddx operand) []operand {
	return []operand{c.of(convWeight{f.convolution}, ddx, x[1]), c.of(convForward{f.convolution, false}, ddx, x[0])}
}

// convWeight is the gradient of w from x and the gradient of y.
type convWeight struct{ *convolution }

func (f convWeight) String() string {
	return fmt.Sprintf("Conv2d'w{%v %v}", f.kernel, f.window)
}
func (f convWeight) rank() int      { return 4 }
func (f convWeight) inputs() []slot { return []slot{{"x", 4, floats}, {"gradient of y", 4, floats}} }

func (f convWeight) sizes(in []tensor.Shape) (layout, error) {
	return f.withOutput(in[0], tensor.Shape{in[1][1], in[0][1], f.kernel[0], f.kernel[1]}, in[1])
}

func (f convWeight) shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.sizes(in)
	return tensor.Shape{l.k, l.c, l.kernel[0], l.kernel[1]}, err
}

func (f convWeight) float32s(dw []float32, in arguments[float32]) error { return correlate(f, dw, in) }
func (f convWeight) float64s(dw []float64, in arguments[float64]) error { return correlate(f, dw, in) }

// parts is in how many sums the images' gradients are added up before these are
// added to one another. It depends on the sizes alone, so that the order of
// additions does too.
func (l layout) parts() int { return min(l.n, 16, max(1, (1<<22)/l.filters())) }

func correlate[F float](f convWeight, dw []F, in arguments[F]) error {
	l, err := f.sizes(in.shapes)
	if err != nil {
		return err
	}
	places, parts := l.oh*l.ow, l.parts()
	pool, among := scratchOf[F](f.memory), newCallers()
	sums := pool.take((parts - 1) * len(dw))
	parallel(parts, (l.n+parts-1)/parts*l.maps()*l.patch(), func(part int) {
		sum := dw
		if part > 0 {
			sum = sums[(part-1)*len(dw) : part*len(dw)]
		}
		col := pool.take(l.patch() * l.rows() * l.ow)
		var beta F
		for n := part * l.n / parts; n < (part+1)*l.n/parts; n++ {
			maps := in.floats[1][n*l.maps() : (n+1)*l.maps()]
			patches(l, col, in.floats[0][n*l.image():(n+1)*l.image()], func(m matrix[F], first, count int) {
				m.transposed = true
				gemmAmong(among, l.k, l.patch(), count, matrix[F]{data: maps[first:], stride: places}, m, beta, sum, l.patch())
				beta = 1
			})
		}
		pool.give(col)
	})
	for part := range parts - 1 {
		for i, g := range sums[part*len(dw) : (part+1)*len(dw)] {
			dw[i] += g
		}
	}
	pool.give(sums)
	return nil
}

func (f convWeight) derive(c *calculus, x []operand, _, ddw operand) []operand {
	in := shapeOf(x[0])
	if len(in) != 4 {
		return c.stop(f)
	}
	return []operand{
		c.of(convInput{f.convolution, in[2], in[3]}, ddw, x[1]),
		c.of(convForward{f.convolution, false}, x[0], ddw),
	}
}

// channelSum is the sum of (N, C, H, W) over all axes but the channels: the
// gradient of a bias.
type channelSum struct{ of string }

func (f channelSum) name() string   { return f.of }
func (f channelSum) String() string { return f.of + "'bias" }
func (f channelSum) rank() int      { return 1 }
func (f channelSum) inputs() []slot { return []slot{{"gradient of y", 4, floats}} }

func (f channelSum) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][1]}, positive("gradient of y", in[0])
}

func (f channelSum) float32s(sums []float32, in arguments[float32]) error {
	return sumChannels(sums, in)
}

func (f channelSum) float64s(sums []float64, in arguments[float64]) error {
	return sumChannels(sums, in)
}

func sumChannels[F float](sums []F, in arguments[F]) error {
	s := in.shapes[0]
	channels, plane := s[1], s[2]*s[3]
	parallel(channels, s[0]*plane, func(c int) {
		var total float64
		for n := range s[0] {
			at := (n*channels + c) * plane
			total += float64(sum(in.floats[0][at : at+plane]))
		}
		sums[c] = F(total)
	})
	return nil
}

// sum adds up in eight lanes, which is faster and more exact than one by one.
func sum[F float](x []F) F {
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

func (f channelSum) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
