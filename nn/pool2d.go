package nn

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/pool"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// MaxPool2d returns the largest element under a window of kernel × kernel at
// each position over the images of x, of shape (N, C, H, W) and float32 or
// float64. The result has shape (N, C, OH, OW); see [Conv2d] for OH and OW. The
// stride is the size of the window unless [WithStride] sets another.
//
// The gradient goes only to the largest element, or the first of several in
// row-major order. NaN counts as larger than everything. Padding never wins and
// must be at most half of the window. A window that covers nothing but padding,
// as a dilated one may, is an error.
func MaxPool2d(x *gorgonia.Node, kernel int, opts ...WindowOption) (*gorgonia.Node, error) {
	w, err := poolWindow(kernel, opts)
	for axis := range 2 {
		if err == nil && 2*w.padding[axis] > w.kernel[axis] {
			err = errors.Errorf("padding must be at most half of the kernel %v, got %v", w.kernel, w.padding)
		}
	}
	if err != nil {
		return nil, errors.Wrap(err, "nn: MaxPool2d")
	}
	return apply(maxPool{w}, x)
}

// AvgPool2d returns the mean under a window of kernel × kernel at each position
// over the images of x, of shape (N, C, H, W) and float32 or float64. Zeros of
// the padding count as elements. Otherwise it is like [MaxPool2d].
func AvgPool2d(x *gorgonia.Node, kernel int, opts ...WindowOption) (*gorgonia.Node, error) {
	w, err := poolWindow(kernel, opts)
	if err != nil {
		return nil, errors.Wrap(err, "nn: AvgPool2d")
	}
	return apply(avgPool{w}, x)
}

// GlobalAvgPool2d returns the mean of each image of x, of shape (N, C, H, W) and
// float32 or float64, as shape (N, C) (Lin, Chen and Yan, "Network In Network",
// ICLR 2014, section 3.2).
func GlobalAvgPool2d(x *gorgonia.Node) (*gorgonia.Node, error) {
	return apply(globalAvgPool{}, x)
}

// poolWindow returns a window whose stride is its size unless an option sets
// another.
func poolWindow(kernel int, opts []WindowOption) (window, error) {
	w, err := newWindow([2]int{kernel, kernel}, [2]int{}, opts)
	if err == nil && w.groups != 1 {
		err = errors.Errorf("groups must be left out, as each channel is pooled by itself, got %d", w.groups)
	}
	return w, err
}

// pooled returns the shape of the pooled images of a shape.
func (w window) pooled(x tensor.Shape) (tensor.Shape, error) {
	if err := op.NotEmpty("x", x); err != nil {
		return nil, err
	}
	rows, cols, err := w.places(x[2], x[3])
	return tensor.Shape{x[0], x[1], rows, cols}, err
}

func (w window) poolString() string { return fmt.Sprintf("kernel=%v %v", w.kernel, w) }

// eachPlane calls f for every plane of x with the matching plane of y or of a
// gradient.
func eachPlane[F op.Float](x, y []F, xs, ys tensor.Shape, f func(x, y []F)) {
	in, out := xs[2]*xs[3], ys[2]*ys[3]
	parallel.Each(xs[0]*xs[1], in, func(i int) { f(x[i*in:(i+1)*in], y[i*out:(i+1)*out]) })
}

// grid says which part of an image is under the window at each position: ranges
// of rows and of columns, in steps of the dilation.
type grid struct{ rows, cols []span }

type span struct{ from, to int }

func (w window) grid(x, y tensor.Shape) grid {
	spans := func(axis int) []span {
		s := make([]span, y[2+axis])
		for i := range s {
			s[i].from, s[i].to = w.under(axis, i, x[2+axis])
		}
		return s
	}
	return grid{spans(0), spans(1)}
}

// under returns the range of the image's elements that are under the window at
// position i of an axis.
func (w window) under(axis, i, size int) (from, to int) {
	from = i*w.stride[axis] - w.padding[axis]
	to = min(size, from+w.dilation[axis]*(w.kernel[axis]-1)+1)
	if from < 0 {
		from += (-from + w.dilation[axis] - 1) / w.dilation[axis] * w.dilation[axis]
	}
	return from, to
}

// maxPool computes the maxima of x.
type maxPool struct{ window }

func (f maxPool) Name() string       { return "MaxPool2d" }
func (f maxPool) String() string     { return "MaxPool2d{" + f.poolString() + "}" }
func (f maxPool) Rank() int          { return 4 }
func (f maxPool) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 4}} }

func (f maxPool) Shape(in []tensor.Shape) (tensor.Shape, error) { return f.covered(in[0]) }

// covered is pooled, but rejects windows with all elements in the padding,
// which have no maximum. Only dilated windows can be like that.
func (w window) covered(x tensor.Shape) (tensor.Shape, error) {
	y, err := w.pooled(x)
	if err != nil {
		return nil, err
	}
	for axis := range 2 {
		for i := range y[2+axis] {
			if from, to := w.under(axis, i, x[2+axis]); from >= to {
				return nil, errors.Errorf("each window must have an element of the images of %d×%d, got one without for kernel %v and %v", x[2], x[3], w.kernel, w)
			}
		}
	}
	return y, nil
}

func (maxPool) Role() op.Role { return op.RolePool }

func (f maxPool) Loops() op.Loops { return op.Bind(f, poolMax, poolMax) }

func poolMax[F op.Float](f maxPool, y []F, in op.Args[F]) error {
	xs := in.Shapes[0]
	ys, err := f.pooled(xs)
	if err != nil {
		return err
	}
	if f.halves() {
		eachPlane(in.Floats[0], y, xs, ys, func(x, y []F) { pool.MaxPairs(y, x, ys[3], xs[3]) })
		return nil
	}
	g := f.grid(xs, ys)
	eachPlane(in.Floats[0], y, xs, ys, func(x, y []F) {
		for i, r := range g.rows {
			for j, c := range g.cols {
				largest := x[r.from*xs[3]+c.from]
				for u := r.from; u < r.to; u += f.dilation[0] {
					for v := c.from; v < c.to; v += f.dilation[1] {
						largest = max(largest, x[u*xs[3]+v])
					}
				}
				y[i*ys[3]+j] = largest
			}
		}
	})
	return nil
}

// halves reports whether the window is 2×2 with stride 2 and no padding, the
// usual one, which has its own loops.
func (w window) halves() bool {
	two := [2]int{2, 2}
	return w.kernel == two && w.stride == two && w.dilation == [2]int{1, 1} && w.padding == [2]int{}
}

func (f maxPool) Derive(c *op.Calculus, x []op.Operand, y, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(maxPoolDiff{window: f.window}, x[0], y, dy)}
}

// maxPoolDiff computes the gradient of x from x, the maxima, which it finds
// again in x, and their gradient.
type maxPoolDiff struct {
	window
	op.NotDifferentiable
}

func (f maxPoolDiff) Name() string   { return "MaxPool2d" }
func (f maxPoolDiff) String() string { return "MaxPool2d'{" + f.poolString() + "}" }
func (f maxPoolDiff) Rank() int      { return 4 }

func (f maxPoolDiff) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: 4, Of: op.Constants}, {Name: "y", Rank: 4, Of: op.Constants}, {Name: "gradient of y", Rank: 4}}
}

func (f maxPoolDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	want, err := f.covered(in[0])
	return in[0].Clone(), op.SameShape(in[2], want, op.SameShape(in[1], want, err))
}

func (f maxPoolDiff) Loops() op.Loops { return op.Bind(f, unpoolMax, unpoolMax) }

func unpoolMax[F op.Float](f maxPoolDiff, dx []F, in op.Args[F]) error {
	xs, ys := in.Shapes[0], in.Shapes[1]
	g, halves := f.grid(xs, ys), f.halves()
	plane, places := xs[2]*xs[3], ys[2]*ys[3]
	parallel.Each(xs[0]*xs[1], plane, func(n int) {
		x, y := in.Floats[0][n*plane:(n+1)*plane], in.Floats[1][n*places:(n+1)*places]
		dx, dy := dx[n*plane:(n+1)*plane], in.Floats[2][n*places:(n+1)*places]
		if halves {
			pool.MaxPairsBack(dx, x, y, dy, ys[3], xs[3])
			return
		}
		clear(dx)
		for i, r := range g.rows {
			for j, c := range g.cols {
				at := i*ys[3] + j
				dx[first(x, xs[3], r, c, f.dilation, y[at])] += dy[at]
			}
		}
	})
	return nil
}

// first returns the index of the first element in a part of an image that
// equals x or, if x is NaN, of the first NaN.
func first[F op.Float](image []F, width int, rows, cols span, step [2]int, x F) int {
	for u := rows.from; u < rows.to; u += step[0] {
		for v := cols.from; v < cols.to; v += step[1] {
			if e := image[u*width+v]; e == x || e != e {
				return u*width + v
			}
		}
	}
	return rows.from*width + cols.from
}

// avgPool computes the means of x.
type avgPool struct{ window }

func (f avgPool) Name() string       { return "AvgPool2d" }
func (f avgPool) String() string     { return "AvgPool2d{" + f.poolString() + "}" }
func (f avgPool) Rank() int          { return 4 }
func (f avgPool) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 4}} }

func (f avgPool) Shape(in []tensor.Shape) (tensor.Shape, error) { return f.pooled(in[0]) }

func (avgPool) Role() op.Role { return op.RolePool }

func (f avgPool) Loops() op.Loops { return op.Bind(f, poolAvg, poolAvg) }

func poolAvg[F op.Float](f avgPool, y []F, in op.Args[F]) error {
	xs := in.Shapes[0]
	ys, err := f.pooled(xs)
	if err != nil {
		return err
	}
	area := F(f.kernel[0] * f.kernel[1])
	g := f.grid(xs, ys)
	eachPlane(in.Floats[0], y, xs, ys, func(x, y []F) {
		for i, r := range g.rows {
			for j, c := range g.cols {
				var sum F
				for u := r.from; u < r.to; u += f.dilation[0] {
					for v := c.from; v < c.to; v += f.dilation[1] {
						sum += x[u*xs[3]+v]
					}
				}
				y[i*ys[3]+j] = sum / area
			}
		}
	})
	return nil
}

func (f avgPool) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 4 {
		return c.Stop()
	}
	return []op.Operand{c.Of(avgPoolDiff{f.window, s[2], s[3]}, dy)}
}

// avgPoolDiff computes the gradient of x, with images of height × width.
type avgPoolDiff struct {
	window
	height, width int
}

func (f avgPoolDiff) Name() string { return "AvgPool2d" }
func (f avgPoolDiff) String() string {
	return fmt.Sprintf("AvgPool2d'{%d×%d %s}", f.height, f.width, f.poolString())
}
func (f avgPoolDiff) Rank() int          { return 4 }
func (f avgPoolDiff) Inputs() []op.Input { return []op.Input{{Name: "gradient of y", Rank: 4}} }

func (f avgPoolDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	xs := tensor.Shape{in[0][0], in[0][1], f.height, f.width}
	want, err := f.pooled(xs)
	return xs, op.SameShape(in[0], want, err)
}

func (f avgPoolDiff) Loops() op.Loops { return op.Bind(f, unpoolAvg, unpoolAvg) }

func unpoolAvg[F op.Float](f avgPoolDiff, dx []F, in op.Args[F]) error {
	ys := in.Shapes[0]
	xs := tensor.Shape{ys[0], ys[1], f.height, f.width}
	area := F(f.kernel[0] * f.kernel[1])
	g := f.grid(xs, ys)
	eachPlane(dx, in.Floats[0], xs, ys, func(dx, dy []F) {
		clear(dx)
		for i, r := range g.rows {
			for j, c := range g.cols {
				share := dy[i*ys[3]+j] / area
				for u := r.from; u < r.to; u += f.dilation[0] {
					for v := c.from; v < c.to; v += f.dilation[1] {
						dx[u*f.width+v] += share
					}
				}
			}
		}
	})
	return nil
}

func (f avgPoolDiff) Derive(c *op.Calculus, _ []op.Operand, _, ddx op.Operand) []op.Operand {
	return []op.Operand{c.Of(avgPool{f.window}, ddx)}
}

// globalAvgPool computes the mean of each image.
type globalAvgPool struct{}

func (f globalAvgPool) Name() string       { return "GlobalAvgPool2d" }
func (f globalAvgPool) String() string     { return "GlobalAvgPool2d" }
func (f globalAvgPool) Rank() int          { return 2 }
func (f globalAvgPool) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 4}} }

func (f globalAvgPool) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0][:2].Clone(), op.NotEmpty("x", in[0])
}

func (globalAvgPool) Role() op.Role { return op.RolePool }

func (f globalAvgPool) Loops() op.Loops { return op.LoopsOf(meanPlanes, meanPlanes) }

func meanPlanes[F op.Float](y []F, in op.Args[F]) error {
	plane := len(in.Floats[0]) / len(y)
	parallel.Each(len(y), plane, func(i int) { y[i] = sum(in.Floats[0][i*plane:(i+1)*plane]) / F(plane) })
	return nil
}

func (f globalAvgPool) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 4 {
		return c.Stop()
	}
	return []op.Operand{c.Of(globalAvgPoolDiff{s[2], s[3]}, dy)}
}

// globalAvgPoolDiff computes the gradient of x, with images of height × width.
type globalAvgPoolDiff struct{ height, width int }

func (f globalAvgPoolDiff) Name() string { return "GlobalAvgPool2d" }
func (f globalAvgPoolDiff) String() string {
	return fmt.Sprintf("GlobalAvgPool2d'{%d×%d}", f.height, f.width)
}
func (f globalAvgPoolDiff) Rank() int          { return 4 }
func (f globalAvgPoolDiff) Inputs() []op.Input { return []op.Input{{Name: "gradient of y", Rank: 2}} }

func (f globalAvgPoolDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0], in[0][1], f.height, f.width}, op.NotEmpty("gradient of y", in[0])
}

func (f globalAvgPoolDiff) Loops() op.Loops { return op.Bind(f, spreadPlanes, spreadPlanes) }

func spreadPlanes[F op.Float](f globalAvgPoolDiff, dx []F, in op.Args[F]) error {
	plane := f.height * f.width
	for i, g := range in.Floats[0] {
		fill(dx[i*plane:(i+1)*plane], g/F(plane))
	}
	return nil
}

func (f globalAvgPoolDiff) Derive(c *op.Calculus, _ []op.Operand, _, ddx op.Operand) []op.Operand {
	return []op.Operand{c.Of(globalAvgPool{}, ddx)}
}
