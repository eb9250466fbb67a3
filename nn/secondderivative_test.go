package nn_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// Gradients can be differentiated again, or say that they cannot: none passes for
// a constant.
func TestSecondDerivatives(t *testing.T) {
	ids := testkit.Labels([]int{3}, 2, 0, 2)
	images, matrix := []int{2, 2, 4, 4}, []int{3, 4}
	for name, c := range map[string]struct {
		f      gradcheck.Graph
		shapes [][]int
		ok     bool
	}{
		"Conv2d":          {conv(), [][]int{images, {2, 2, 2, 2}}, true},
		"AvgPool2d":       {pooling(nn.AvgPool2d).graph(2), [][]int{images}, true},
		"GlobalAvgPool2d": {unary(nn.GlobalAvgPool2d).graph(), [][]int{images}, true},
		"Embedding":       {embedding(ids), [][]int{matrix}, true},
		"MatMul":          {matMul(), [][]int{matrix, {4, 2}}, true},
		"ReLU":            {unary(nn.ReLU).graph(), [][]int{matrix}, true},
		"Sigmoid":         {unary(nn.Sigmoid).graph(), [][]int{matrix}, true},
		"Flatten":         {unary(nn.Flatten).graph(), [][]int{images}, true},
		"MaxPool2d":       {pooling(nn.MaxPool2d).graph(2), [][]int{images}, false},
		"LayerNorm":       {layerNorm, [][]int{matrix, {4}, {4}}, false},
		"BatchNorm":       {batchNorm(t), [][]int{matrix, {4}, {4}}, false},
		"LeakyReLU":       {unary(leaky).graph(), [][]int{matrix}, false},
		"GELU":            {unary(nn.GELU).graph(), [][]int{matrix}, false},
		"GELUTanh":        {unary(nn.GELUTanh).graph(), [][]int{matrix}, false},
		"SELU":            {unary(nn.SELU).graph(), [][]int{matrix}, false},
		"Softmax":         {unary(nn.Softmax).graph(), [][]int{matrix}, false},
		"LogSoftmax":      {unary(nn.LogSoftmax).graph(), [][]int{matrix}, false},
		"SoftmaxCrossEntropy": {func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return crossEntropy(in[0], testkit.Labels(matrix[:1], make([]int, matrix[0])...))
		}, [][]int{matrix}, false},
		"MSE": {func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.MSE(in[0], in[1]) }, [][]int{matrix, matrix}, false},
		"SymmetricKL": {func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.SymmetricKL(in[0], in[1])
		}, [][]int{matrix, matrix}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			var in gorgonia.Nodes
			for i, x := range testkit.Varied(tensor.Float64, c.shapes...) {
				in = append(in, gorgonia.NodeFromAny(g, x, gorgonia.WithName(fmt.Sprintf("input %d", i))))
			}
			y, err := c.f(in)
			if err != nil {
				t.Fatal(err)
			}
			dy := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float64, 1, y.Shape()...), gorgonia.WithName("dy"))
			grads, err := y.Op().(gorgonia.SDOp).SymDiff(testkit.InputsOf(y), y, dy)
			if err != nil {
				t.Fatal(err)
			}
			dx := grads[0]
			_, err = dx.Op().(gorgonia.SDOp).SymDiff(testkit.InputsOf(dx), dx, in[0])
			if c.ok && err != nil {
				t.Error(err)
			}
			if !c.ok {
				testkit.Rejects(t, err, "nn: "+name+": second derivative is not available")
			}
		})
	}
}
