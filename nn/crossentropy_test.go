package nn_test

import (
	"fmt"
	"log"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func crossEntropy(in *gorgonia.Node, y *tensor.Dense, opts ...nn.CrossEntropyOption) (*gorgonia.Node, error) {
	return nn.SoftmaxCrossEntropy(in, gorgonia.NodeFromAny(in.Graph(), y, gorgonia.WithName("y")), opts...)
}

func TestCrossEntropyGradients(t *testing.T) {
	flat, deep := testkit.Ramp(tensor.Float64, 4, 3), testkit.Ramp(tensor.Float64, 2, 3, 4)
	for i := range flat.Float64s() {
		flat.Float64s()[i] = math.Sin(float64(3 * i))
	}
	for i := range deep.Float64s() {
		deep.Float64s()[i] = 2 * math.Sin(float64(5*i))
	}
	for _, opts := range [][]nn.CrossEntropyOption{
		nil, {nn.WithSum()}, {nn.WithLabelSmoothing(0.1)}, {nn.WithLabelSmoothing(1), nn.WithSum()},
	} {
		for _, c := range []struct{ x, y *tensor.Dense }{
			{flat, testkit.Labels([]int{4}, 0, 2, 1, 2)}, {deep, testkit.Labels([]int{2, 3}, 0, 1, 2, 3, 0, 1)},
			{testkit.ScaledWaves(2, 0, 2, 150), testkit.Labels([]int{2}, 149, 70)}, // more classes than are computed at a time
		} {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				return crossEntropy(in[0], c.y, opts...)
			}, 1e-8, c.x)
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// The stable form agrees with LogSoftMax where that works, and goes on working
// where the exponential overflows.
func TestCrossEntropyValues(t *testing.T) {
	logits := []float64{1, 2, 3, -1, 0, 1}
	y := []int{2, 0}
	var want float64
	for n := range y {
		var sum float64
		for k := range 3 {
			sum += math.Exp(logits[3*n+k])
		}
		want -= math.Log(math.Exp(logits[3*n+y[n]])/sum) / 2
	}
	for _, shift := range []float64{0, 1e4, -1e4} {
		x64, x32 := make([]float64, 6), make([]float32, 6)
		for i, v := range logits {
			x64[i], x32[i] = v+shift, float32(v+shift)
		}
		for _, backing := range []any{x64, x32} {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(backing)), gorgonia.WithName("x"))
			loss, err := crossEntropy(x, testkit.Labels([]int{2}, y...))
			if err != nil {
				t.Fatal(err)
			}
			value, grads, err := nn.ValueAndGrad(loss, x)
			if err != nil {
				t.Fatal(err)
			}
			if got := testkit.Floats(t, value)[0]; math.Abs(got-want) > 1e-6 {
				t.Errorf("shift %v, %T: loss must be %v, got %v", shift, backing, want, got)
			}
			for n, row := 0, testkit.Floats(t, grads[0]); n < 2; n++ {
				if sum := row[3*n] + row[3*n+1] + row[3*n+2]; math.Abs(sum) > 1e-7 || row[3*n+y[n]] >= 0 {
					t.Errorf("shift %v, %T: gradient of example %d is %v", shift, backing, n, row[3*n:3*n+3])
				}
			}
		}
	}
}

func TestCrossEntropyLispMachine(t *testing.T) {
	build := func() (*gorgonia.ExprGraph, *gorgonia.Node, *gorgonia.Node) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.WithName("x"))
		loss, err := crossEntropy(x, testkit.Labels([]int{2}, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		return g, x, loss
	}
	_, x, loss := build()
	_, grads, err := nn.ValueAndGrad(loss, x)
	if err != nil {
		t.Fatal(err)
	}
	g, x, _ := build()
	lisp := gorgonia.NewLispMachine(g)
	defer lisp.Close()
	if err := lisp.RunAll(); err != nil {
		t.Fatal(err)
	}
	got, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	want := testkit.Floats(t, grads[0])
	for i, v := range testkit.Floats(t, got) {
		if math.Abs(v-want[i]) > 1e-12 {
			t.Errorf("element %d: gradient must be %v, got %v", i, want[i], v)
		}
	}
}

func TestCrossEntropyRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	vector := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("v"))
	y := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(2), gorgonia.WithName("y"))
	long := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(3), gorgonia.WithName("long"))
	for _, tt := range []struct {
		x, y *gorgonia.Node
		opts []nn.CrossEntropyOption
		want string
	}{
		{nil, y, nil, "must be nodes, got none"},
		{vector, y, nil, "rank 2 or more, got"},
		{x, long, nil, "labels must be of int and shape (2), or of float64 and shape (2, 3), got"},
		{x, vector, nil, "labels must be of int and shape (2), or of float64 and shape (2, 3), got"},
		{x, y, []nn.CrossEntropyOption{nn.WithLabelSmoothing(1.5)}, "label smoothing must be in [0, 1], got 1.5"},
		{x, y, []nn.CrossEntropyOption{nn.WithLabelSmoothing(math.NaN())}, "label smoothing must be in [0, 1], got NaN"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := nn.SoftmaxCrossEntropy(tt.x, tt.y, tt.opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
	for _, bad := range []int{-1, 3} {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.WithName("x"))
		loss, err := crossEntropy(x, testkit.Labels([]int{2}, 0, bad))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("nn: SoftmaxCrossEntropy: example 1: label must be in [0, 3), got %d", bad)
		if _, err := nn.Values(loss); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}

// Logits of any size are safe: the loss never overflows.
func ExampleSoftmaxCrossEntropy() {
	g := gorgonia.NewGraph()
	logits := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1000, 0, -1000, 0, 0, 0})), gorgonia.WithName("logits"))
	labels := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]int{0, 2})), gorgonia.WithName("labels"))
	loss, err := nn.SoftmaxCrossEntropy(logits, labels)
	if err != nil {
		log.Fatal(err)
	}
	values, err := nn.Values(loss)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", values[0].Data()) // half of ln 3
	// Output:
	// 0.5493
}
