package nn

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

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
	return f.withOutput(tensor.Shape{in[1][0], in[0][1] * f.groups, f.height, f.width}, in[0], in[1])
}

// withOutput is layout for a given shape of y.
func (c *convolution) withOutput(x, w, y tensor.Shape) (layout, error) {
	l, err := c.layout(x, w)
	if want := l.output(); err == nil && !want.Eq(y) {
		err = errors.Errorf("gradient of y must have shape %v, got %v", want, y)
	}
	return l, err
}

func (f convInput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.sizes(in)
	return tensor.Shape{l.n / l.groups, l.c * l.groups, l.h, l.w}, err
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
	return f.withOutput(in[0], tensor.Shape{in[1][1], in[0][1] / f.groups, f.kernel[0], f.kernel[1]}, in[1])
}

func (f convWeight) Shape(in []tensor.Shape) (tensor.Shape, error) {
	l, err := f.sizes(in)
	return tensor.Shape{l.k * l.groups, l.c, l.kernel[0], l.kernel[1]}, err
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
