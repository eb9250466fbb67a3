package nn_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func layerNorm(in []*gorgonia.Node) (*gorgonia.Node, error) {
	return nn.LayerNorm(in[0], in[1], in[2], 1e-5)
}

func TestLayerNorm(t *testing.T) {
	for _, c := range []struct{ x, gamma []int }{
		{[]int{4, 5}, []int{5}}, {[]int{7}, []int{7}}, {[]int{2, 3, 4}, []int{4}},
		{[]int{2, 3, 4}, []int{3, 4}}, {[]int{40, 3}, []int{3}},
	} {
		t.Run(fmt.Sprint(c.x, c.gamma), func(t *testing.T) { testkit.CheckFunction(t, layerNorm, c.x, c.gamma, c.gamma) })
	}
}

// Rows have mean 0 and variance 1, however far off they are; rows of one value
// become beta.
func TestLayerNormValues(t *testing.T) {
	x := testkit.Wave(tensor.Float32, 0, 4, 64)
	for i := range x.Float32s() {
		x.Float32s()[i] = 1000 + 10*x.Float32s()[i]
	}
	for i := range 64 {
		x.Float32s()[i] = 5
	}
	gamma, beta := tensor.Ones(tensor.Float32, 64), tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(64))
	y := testkit.Differentiate(t, false, layerNorm, x, gamma, beta).Y
	for r := range 4 {
		var mean, square float64
		for _, v := range y[r*64 : (r+1)*64] {
			mean += v / 64
			square += v * v / 64
		}
		want := 1.0
		if r == 0 {
			want = 0
		}
		if math.Abs(mean) > 1e-5 || math.Abs(square-want) > 1e-3 {
			t.Errorf("row %d has mean %v and mean square %v, want 0 and %v", r, mean, square, want)
		}
	}
}

func TestLayerNormRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	three := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("three"))
	two := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("two"))
	for _, tt := range []struct {
		x, gamma, beta *gorgonia.Node
		eps            float64
		want           string
	}{
		{nil, three, three, 1e-5, "nn: LayerNorm: x must be a node of a graph, got none"},
		{x, three, nil, 1e-5, "nn: LayerNorm: beta must be a node of a graph, got none"},
		{x, two, two, 1e-5, "nn: LayerNorm: gamma must have the shape of the last axes of x, (3), got (2)"},
		{x, three, two, 1e-5, "nn: LayerNorm: beta must have the shape of gamma, (3), got (2)"},
		{three, x, x, 1e-5, "nn: LayerNorm: gamma must have the shape of the last axes of x, (3), got (2, 3)"},
		{x, three, three, 0, "nn: LayerNorm: eps must be positive, got 0"},
		{x, three, three, math.NaN(), "nn: LayerNorm: eps must be positive, got NaN"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := nn.LayerNorm(tt.x, tt.gamma, tt.beta, tt.eps)
			testkit.Rejects(t, err, tt.want)
		})
	}
}
