package nn_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// torchCase is one layer at given inputs, here and in testdata/layers.py.
type torchCase struct {
	Layer   string               `json:"layer"`
	Inputs  []torchInput         `json:"inputs"`
	Options map[string][]float64 `json:"options"`
	IDs     [][]int              `json:"ids"`

	graph  gradcheck.Graph
	values []*tensor.Dense
}

type torchInput struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

type torchAnswer struct {
	Y     []float64   `json:"y"`
	Grads [][]float64 `json:"grads"`
	State [][]float64 `json:"state"`
}

// The layers agree with PyTorch's in float32, in values and gradients.
func TestLayersAgreeWithPyTorch(t *testing.T) {
	var cases []torchCase
	add := func(layer string, graph gradcheck.Graph, options map[string][]float64, shapes ...[]int) {
		c := torchCase{Layer: layer, graph: graph, values: testkit.Varied(tensor.Float32, shapes...), Options: options}
		for _, v := range c.values {
			c.Inputs = append(c.Inputs, torchInput{v.Shape(), testkit.Floats(t, v)})
		}
		cases = append(cases, c)
	}
	type sizes map[string][]float64
	window := func(o sizes) []nn.WindowOption {
		pair := func(name string) []int { return []int{int(o[name][0]), int(o[name][1])} }
		var opts []nn.WindowOption
		for name, option := range map[string]func(...int) nn.WindowOption{
			"stride": nn.WithStride, "padding": nn.WithPadding, "dilation": nn.WithDilation, "kernel": nn.WithKernel,
		} {
			if _, ok := o[name]; ok {
				opts = append(opts, option(pair(name)...))
			}
		}
		return opts
	}
	for _, o := range []sizes{nil, {"padding": {1, 1}}, {"stride": {2, 1}, "padding": {1, 2}, "dilation": {2, 1}}} {
		add("Conv2d", conv(window(o)...), o, []int{2, 3, 9, 8}, []int{4, 3, 3, 2}, []int{4})
		add("Conv2d", conv(window(o)...), o, []int{1, 2, 6, 6}, []int{3, 2, 3, 3})
	}
	grouped := sizes{"groups": {2}, "stride": {1, 2}, "padding": {1, 0}}
	add("Conv2d", conv(append(window(grouped), nn.WithGroups(2))...), grouped, []int{3, 4, 6, 5}, []int{6, 2, 3, 2}, []int{6})
	for _, o := range []sizes{
		{"kernel": {2, 2}}, {"kernel": {3, 2}, "stride": {2, 1}, "padding": {1, 1}},
	} {
		add("MaxPool2d", pooling(nn.MaxPool2d).graph(1, window(o)...), o, []int{2, 3, 7, 6})
		add("AvgPool2d", pooling(nn.AvgPool2d).graph(1, window(o)...), o, []int{2, 3, 7, 6})
	}
	dilated := sizes{"kernel": {2, 2}, "dilation": {2, 3}, "stride": {1, 2}}
	add("MaxPool2d", pooling(nn.MaxPool2d).graph(1, window(dilated)...), dilated, []int{2, 3, 7, 8})
	add("GlobalAvgPool2d", unary(nn.GlobalAvgPool2d).graph(), nil, []int{2, 3, 5, 4})
	add("LayerNorm", layerNorm, nil, []int{3, 4, 16}, []int{16}, []int{16})
	add("LayerNorm", layerNorm, nil, []int{3, 4, 6}, []int{4, 6}, []int{4, 6})
	add("MatMul", matMul(nn.WithTransposedB()), nil, []int{2, 3, 4, 5}, []int{2, 3, 6, 5})
	for name, f := range activations() {
		add(name, f.graph(), nil, []int{4, 50})
	}
	add("Softmax", unary(nn.Softmax).graph(), nil, []int{3, 4, 7})
	add("LogSoftmax", unary(nn.LogSoftmax).graph(), nil, []int{3, 4, 7})
	ids := testkit.Labels([]int{2, 3}, 0, 3, 3, 1, 0, 3)
	add("Embedding", embedding(ids), nil, []int{4, 5})
	cases[len(cases)-1].IDs = [][]int{{0, 3, 3}, {1, 0, 3}}

	states := make(map[int]*nn.RunningStats)
	for _, shape := range [][]int{{6, 3}, {4, 3, 5}, {2, 3, 4, 5}} {
		for training, opts := range [][]nn.BatchNormOption{{nn.WithRunningStatistics()}, nil} {
			r := running(t, tensor.Float32, 3)
			copy(r.Mean.Float32s(), []float32{0.5, -0.25, 1})
			copy(r.Variance.Float32s(), []float32{2, 0.5, 1})
			add("BatchNorm", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				return nn.BatchNorm(in[0], in[1], in[2], r, opts...)
			}, sizes{
				"mean": testkit.Floats(t, r.Mean), "variance": testkit.Floats(t, r.Variance), "training": {float64(training)},
			}, shape, []int{3}, []int{3})
			states[len(cases)-1] = r
		}
	}

	var answers []torchAnswer
	pytorch.Run(t, "testdata/layers.py", cases, &answers)
	if len(answers) != len(cases) {
		t.Fatalf("got %d answers for %d cases", len(answers), len(cases))
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(c.Layer, c.Inputs[0].Shape), func(t *testing.T) {
			what := fmt.Sprintf("%s %v %v", c.Layer, c.Inputs[0].Shape, c.Options)
			testkit.Differentiate(t, false, c.graph, c.values...).Near(t, what, testkit.Outcome{Y: answers[i].Y, Grads: answers[i].Grads}, 1e-5)
			if r, ok := states[i]; ok {
				testkit.Near(t, what+": running mean", testkit.Floats(t, r.Mean), answers[i].State[0], 1e-6)
				testkit.Near(t, what+": running variance", testkit.Floats(t, r.Variance), answers[i].State[1], 1e-6)
			}
		})
	}
	t.Logf("%d cases agree with PyTorch to 1e-5 in float32", len(cases))
}
