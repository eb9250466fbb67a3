package blas_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

// Gorgonia gives the same values and gradients with each BLAS as with gonum.
func TestGorgonia(t *testing.T) {
	for _, name := range []string{"builtin", "library"} {
		t.Run(name, func(t *testing.T) {
			b, err := blas.Open(name)
			if err != nil {
				t.Skipf("no library to test: %v (Debian: libopenblas0)", err)
			}
			testGorgonia(t, b)
		})
	}
}

func testGorgonia(t *testing.T, b *blas.Implementation) {
	before := gorgonia.WhichBLAS()
	t.Cleanup(func() { gorgonia.Use(before) })
	for _, tt := range []struct {
		dt        tensor.Dtype
		tolerance float64
	}{{tensor.Float32, 1e-4}, {tensor.Float64, 1e-12}} {
		gorgonia.Use(new(blas.Implementation))
		want := network(t, tt.dt)
		gorgonia.Use(b)
		if got := tensor.WhichBLAS(); got != b {
			t.Fatalf("package tensor uses %T", got)
		}
		got := network(t, tt.dt)
		for i := range want {
			if e := math.Abs(got[i] - want[i]); !(e <= tt.tolerance*max(1, math.Abs(want[i]))) {
				t.Fatalf("%v: number %d is %v, with gonum %v", tt.dt, i, got[i], want[i])
			}
		}
	}
}

// network runs sum(tanh(x*w1)*w2*v) forward and backward and returns its value
// and the gradients of w1, w2 and v. It uses gemm with and without transposes,
// gemv and ger.
func network(t *testing.T, dt tensor.Dtype) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	matrix := func(name string, rows, cols int) *gorgonia.Node {
		return gorgonia.NewMatrix(g, dt, gorgonia.WithName(name), gorgonia.WithShape(rows, cols), gorgonia.WithValue(waves(dt, rows, cols)))
	}
	x, w1, w2 := matrix("x", 33, 300), matrix("w1", 300, 257), matrix("w2", 257, 301)
	v := gorgonia.NewVector(g, dt, gorgonia.WithName("v"), gorgonia.WithShape(301), gorgonia.WithValue(waves(dt, 301)))
	hidden := gorgonia.Must(gorgonia.Tanh(gorgonia.Must(gorgonia.Mul(x, w1))))
	out := gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Mul(hidden, w2)), v))
	loss := gorgonia.Must(gorgonia.Sum(out))
	grads, err := gorgonia.Grad(loss, w1, w2, v)
	if err != nil {
		t.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	numbers := floats(t, loss.Value())
	for _, grad := range grads {
		numbers = append(numbers, floats(t, grad.Value())...)
	}
	return numbers
}

// waves returns a tensor of numbers of both signs below 0.1.
func waves(dt tensor.Dtype, shape ...int) tensor.Tensor {
	x := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
	for i := range x.Shape().TotalSize() {
		v := 0.1 * math.Sin(float64(i)*1.3)
		switch data := x.Data().(type) {
		case []float32:
			data[i] = float32(v)
		case []float64:
			data[i] = v
		}
	}
	return x
}

func floats(t *testing.T, v gorgonia.Value) []float64 {
	t.Helper()
	switch data := v.Data().(type) {
	case float64:
		return []float64{data}
	case float32:
		return []float64{float64(data)}
	case []float64:
		return data
	case []float32:
		wide := make([]float64, len(data))
		for i, x := range data {
			wide[i] = float64(x)
		}
		return wide
	}
	t.Fatalf("a value of type %T", v.Data())
	return nil
}
