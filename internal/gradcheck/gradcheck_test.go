package gradcheck

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func matrix(rows, cols int) *tensor.Dense {
	data := make([]float64, rows*cols)
	for i := range data {
		data[i] = float64(i%7)/3 - 0.9
	}
	return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(data))
}

func TestAcceptsRightGradients(t *testing.T) {
	a, b := matrix(3, 4), matrix(4, 2)
	graph := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		product, err := gorgonia.Mul(in[0], in[1])
		if err != nil {
			return nil, err
		}
		return gorgonia.Tanh(product)
	}
	before := append([]float64(nil), a.Float64s()...)
	if err := Check(graph, 1e-8, a, b); err != nil {
		t.Error(err)
	}
	for i, x := range a.Float64s() {
		if x != before[i] {
			t.Fatalf("element %d of the input changed from %v to %v", i, before[i], x)
		}
	}
}

// The built-in average pooling has a wrong gradient: the check must say so.
func TestRejectsWrongGradients(t *testing.T) {
	x := tensor.New(tensor.WithShape(1, 1, 4, 4), tensor.WithBacking(matrix(4, 4).Float64s()))
	err := Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.AveragePool2D(in[0], tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	}, 1e-6, x)
	if err == nil || !strings.Contains(err.Error(), "by central differences") {
		t.Errorf("want an error about the gradient, got %v", err)
	}
}

func TestRejectsOtherTypes(t *testing.T) {
	x := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))
	err := Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Square(in[0]) }, 1e-6, x)
	if err == nil || !strings.Contains(err.Error(), "must be of float64, got float32") {
		t.Errorf("want an error about the type, got %v", err)
	}
}

func TestErrors(t *testing.T) {
	boom := errors.New("boom")
	x := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 0}))
	for what, tt := range map[string]struct {
		f    Graph
		want string
	}{
		"building": {func([]*gorgonia.Node) (*gorgonia.Node, error) { return nil, boom }, "building the graph: boom"},
		"differentiating": {func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			// The input is not in it.
			return gorgonia.NewConstant(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}))), nil
		}, "gradcheck: Compute: "},
		"NaN": {func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Log(gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Square(in[0])))))
		}, "gradient must be NaN by central differences"},
	} {
		err := Check(tt.f, 1e-6, x)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: want error %q, got %v", what, tt.want, err)
		}
	}
}

// A scalar is its own cost.
func TestScalar(t *testing.T) {
	x := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{1, -2, 3}))
	grads, err := Compute(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.Sum(gorgonia.Must(gorgonia.Square(in[0])))
	}, x)
	if err != nil {
		t.Fatal(err)
	}
	for j, v := range x.Float64s() {
		if math.Abs(grads.Symbolic[0][j]-2*v) > 1e-12 || math.Abs(grads.Numeric[0][j]-2*v) > 1e-6 {
			t.Errorf("element %d: got %v and %v, want %v", j, grads.Symbolic[0][j], grads.Numeric[0][j], 2*v)
		}
	}
}
