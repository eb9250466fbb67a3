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
	"github.com/gorgonia-dropout/dropout/internal/portable"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestCrossEntropy(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		rows := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(250, 600)).Draw(t, "rows")
		classes := rapid.IntRange(1, 100).Draw(t, "classes")
		smoothing := rapid.SampledFrom([]float64{0, 0.1, 0.3, 1}).Draw(t, "smoothing")
		x := numbers(t, "logits", rows*classes)
		if rapid.Bool().Draw(t, "near") {
			for i := range x {
				x[i] /= 64
			}
		}
		ids, labels := make([]int, rows), make([]int64, rows)
		for i := range ids {
			ids[i] = (i*i + 3*i) % classes
			labels[i] = int64(ids[i])
		}
		dy := numbers(t, "dy", 1)
		sum := rapid.Bool().Draw(t, "sum")
		scale := 1 / float64(rows)
		opts := []nn.CrossEntropyOption{nn.WithLabelSmoothing(smoothing)}
		if sum {
			scale = 1
			opts = append(opts, nn.WithSum())
		}

		g := gorgonia.NewGraph()
		logits := inputNode(t, g, tensor.Float32, "logits", rows, classes)
		node, err := nn.SoftmaxCrossEntropy(logits, inputNode(t, g, tensor.Int, "labels", rows), opts...)
		if err != nil {
			t.Fatal(err)
		}
		each, err := nn.SoftmaxCrossEntropy(logits, inputNode(t, g, tensor.Int, "others", rows), append(opts, nn.WithoutReduction())...)
		if err != nil {
			t.Fatal(err)
		}
		in := op.Args[float32]{Floats: [][]float32{x, nil, dy}, Shapes: []tensor.Shape{{rows, classes}, {rows}}, IDs: [][]int{nil, ids}}

		blocks := blockCount(t)
		losses, y := make([]float64, rows), make([]float32, 1)
		launch(t, l, "xent_rows", blocks, kernels.XentRows{
			Losses: pin(&p, losses), Logits: pin(&p, x), Labels: pin(&p, labels), Rows: int32(rows), Classes: int32(classes), Smoothing: smoothing,
		})
		// In float64, which the kernel's sums are in.
		wide, want := make([]float64, len(x)), make([]float64, rows)
		for i, v := range x {
			wide[i] = float64(v)
		}
		if err := op.FunctionOf(each).Loops().Float64(want, op.Args[float64]{Floats: [][]float64{wide, nil}, Shapes: in.Shapes, IDs: in.IDs}); err != nil {
			t.Fatalf("%v", err)
		}
		verify(t, "xent_rows", losses, want, nil)
		launch(t, l, "xent_mean", blocks, kernels.XentMean{Y: pin(&p, y), Losses: pin(&p, losses), Rows: int32(rows), Scale: scale})
		verify(t, "xent_mean", y, compute(t, op.FunctionOf(node), make([]float32, 1), in), nil)
		dx, intact := guarded(t, "dx", len(x))
		launch(t, l, "xent_grad", blocks, kernels.XentGrad{
			DX: pin(&p, dx), Logits: pin(&p, x), Labels: pin(&p, labels), DY: pin(&p, dy), Rows: int32(rows), Classes: int32(classes), Smoothing: smoothing, Scale: scale,
		})
		verify(t, "xent_grad", dx, compute(t, derivative(t, node, logits, "}'"), make([]float32, len(x)), in), intact)
	})
}

// A label that is no class reads nothing beside the logits.
func TestCrossEntropyOfNoClass(t *testing.T) {
	l := host(t)
	var p pinned
	defer p.Unpin()
	x, labels, dy := []float32{1, 2, 3, 4, 5, 6}, []int64{-1, 2, 3}, []float32{1}
	losses, dx := make([]float64, 3), make([]float32, len(x))
	launch(t, l, "xent_rows", 1, kernels.XentRows{Losses: pin(&p, losses), Logits: pin(&p, x), Labels: pin(&p, labels), Rows: 3, Classes: 2})
	launch(t, l, "xent_grad", 1, kernels.XentGrad{DX: pin(&p, dx), Logits: pin(&p, x), Labels: pin(&p, labels), DY: pin(&p, dy), Rows: 3, Classes: 2, Scale: 1})
	for i, loss := range losses {
		if loss == loss || dx[2*i] == dx[2*i] || dx[2*i+1] == dx[2*i+1] {
			t.Errorf("row %d of label %d has loss %v and gradient %v, want NaN", i, labels[i], loss, dx[2*i:2*i+2])
		}
	}
}

// The order of the sum is that of the losses: in another order these differ.
func TestMeanOfLosses(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		rows := rapid.IntRange(1, 1000).Draw(t, "rows")
		losses, y := make([]float64, rows), make([]float32, 1)
		sum := 0.0
		for i, v := range random(rapid.Uint64().Draw(t, "losses"), rows, true) {
			losses[i] = math.Ldexp(float64(v), i*7%90)
			if i == rows-1 && rows > 1 {
				losses[i] = -sum // what is left is the error of the sum
			}
			sum += losses[i]
		}
		scale := 1 / float64(rows)
		launch(t, l, "xent_mean", blockCount(t), kernels.XentMean{Y: pin(&p, y), Losses: pin(&p, losses), Rows: int32(rows), Scale: scale})
		verify(t, "xent_mean", y, []float32{float32(sum * scale)}, nil)
	})
}

func TestPortable(t *testing.T) {
	l := host(t)
	if l == nil {
		t.Skip("only the library for the host has the functions by themselves")
	}
	rapid.Check(t, func(t *rapid.T) {
		x := []float64{
			0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, 1e-310, 1, -1, 709.78, 709.79, 709.8, -745.13, -745.14, -745.2, -708.4, -709, -740,
			rapid.Float64Range(-750, 750).Draw(t, "x"), rapid.Float64Range(-1, 1).Draw(t, "small"), rapid.Float64Range(-746, -700).Draw(t, "low"),
			rapid.Float64().Draw(t, "any"), rapid.Float64Range(0.3, 3).Draw(t, "near 1"), rapid.Float64Range(0, 1e-300).Draw(t, "tiny"),
		}
		for _, f := range []struct {
			name      string
			got       func(*float64, int64)
			reference func(float64) float64
		}{{"exp", l.exps, portable.Exp}, {"log", l.logs, portable.Log}} {
			got, want := make([]float64, len(x)), make([]float64, len(x))
			copy(got, x)
			for i, v := range x {
				want[i] = f.reference(v)
			}
			f.got(&got[0], int64(len(got)))
			verify(t, f.name, got, want, nil)
		}
	})
}
