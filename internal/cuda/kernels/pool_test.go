//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestMaxPool(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		xs := tensor.Shape{rapid.IntRange(1, 3).Draw(t, "images"), rapid.IntRange(1, 3).Draw(t, "channels"), rapid.IntRange(2, 17).Draw(t, "height"), rapid.IntRange(2, 17).Draw(t, "width")}
		shape := kernels.PoolShape{
			Planes: int32(xs[0] * xs[1]), Height: int32(xs[2]), Width: int32(xs[3]),
			Kernel: [2]int32{2, 2}, Stride: [2]int32{2, 2}, Dilation: [2]int32{1, 1},
		}
		if rapid.Bool().Draw(t, "any window") {
			for axis := range 2 {
				shape.Kernel[axis] = rapid.Int32Range(1, 4).Draw(t, "kernel")
				shape.Stride[axis] = rapid.Int32Range(1, 4).Draw(t, "stride")
				shape.Padding[axis] = rapid.Int32Range(0, shape.Kernel[axis]/2).Draw(t, "padding")
				shape.Dilation[axis] = rapid.Int32Range(1, 3).Draw(t, "dilation")
			}
		}
		pair := func(x [2]int32) []int { return []int{int(x[0]), int(x[1])} }
		x := inputNode(t, gorgonia.NewGraph(), tensor.Float32, "x", xs...)
		node, err := nn.MaxPool2d(x, 1, nn.WithKernel(pair(shape.Kernel)...), nn.WithStride(pair(shape.Stride)...),
			nn.WithPadding(pair(shape.Padding)...), nn.WithDilation(pair(shape.Dilation)...))
		if err != nil {
			t.Skip(err) // the image is too small for the window
		}
		f := op.FunctionOf(node)
		ys, err := f.Shape([]tensor.Shape{xs})
		if err != nil {
			t.Fatal(err)
		}
		shape.Rows, shape.Cols = int32(ys[2]), int32(ys[3])

		from := numbers(t, "x", xs.TotalSize())
		if rapid.Bool().Draw(t, "ties") {
			for i, v := range from {
				if v-v == 0 {
					from[i] = float32(math.Copysign(math.Floor(math.Abs(float64(v/6))), float64(v)))
				}
			}
		}
		blocks := blockCount(t)
		y, intact := guarded(t, "y", ys.TotalSize())
		want := compute(t, f, make([]float32, len(y)), op.Args[float32]{Floats: [][]float32{from}, Shapes: []tensor.Shape{xs}})
		launch(t, l, "max_pool", blocks, kernels.MaxPool{Y: pin(&p, y), X: pin(&p, from), Shape: shape})
		verify(t, "max_pool", y, want, intact)

		dy := numbers(t, "dy", len(y))
		dx, intact := guarded(t, "dx", len(from))
		back := compute(t, derivative(t, node, x, "MaxPool2d'{"), make([]float32, len(from)), op.Args[float32]{
			Floats: [][]float32{from, want, dy}, Shapes: []tensor.Shape{xs, ys, ys},
		})
		launch(t, l, "max_pool_back", blocks, kernels.MaxPoolBack{DX: pin(&p, dx), X: pin(&p, from), Y: pin(&p, want), DY: pin(&p, dy), Shape: shape})
		verify(t, "max_pool_back", dx, back, intact)
	})
}

func TestChannelSum(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		s := tensor.Shape{rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(30, 70)).Draw(t, "images"), rapid.IntRange(1, 9).Draw(t, "channels"), rapid.IntRange(1, 5).Draw(t, "height"), rapid.IntRange(1, 9).Draw(t, "width")}
		g := gorgonia.NewGraph()
		b := inputNode(t, g, tensor.Float32, "b", s[1])
		node, err := nn.Conv2d(inputNode(t, g, tensor.Float32, "x", s[0], 1, s[2], s[3]), inputNode(t, g, tensor.Float32, "w", s[1], 1, 1, 1), b)
		if err != nil {
			t.Fatal(err)
		}
		x := numbers(t, "x", s.TotalSize())
		want := compute(t, derivative(t, node, b, "'bias"), make([]float32, s[1]), op.Args[float32]{Floats: [][]float32{x}, Shapes: []tensor.Shape{s}})
		sums, intact := guarded(t, "sums", s[1])
		launch(t, l, "channel_sum", blockCount(t), kernels.ChannelSum{
			Sums: pin(&p, sums), X: pin(&p, x), Images: int32(s[0]), Channels: int32(s[1]), Plane: int32(s[2] * s[3]),
		})
		verify(t, "channel_sum", sums, want, intact)
	})
}
