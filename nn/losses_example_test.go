package nn_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
)

// The network says how noisy each example is: the error of 2 costs less where the
// variance is 4 than where it is 1.
func ExampleGaussianNLL() {
	g := gorgonia.NewGraph()
	node := func(name string, x ...float64) *gorgonia.Node {
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x)), gorgonia.WithName(name))
	}
	loss, err := nn.GaussianNLL(node("mean", 0, 0), node("log variance", 0, 1.386), node("target", 2, 2), nn.WithoutReduction())
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := nn.Values(loss)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", values[0].Data())
	// Output:
	// [2.919 2.112]
}

// Two examples with any number of three labels each; the third label is rare, so that
// its positives count ten times.
func ExampleBCEWithLogits() {
	g := gorgonia.NewGraph()
	logits := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{3, -2, -1, 0, 2, -4})), gorgonia.WithName("logits"))
	targets := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 0, 1, 0, 1, 0})), gorgonia.WithName("targets"))
	loss, err := nn.BCEWithLogits(logits, targets, nn.WithPosWeight(1, 1, 10))
	if err != nil {
		fmt.Println(err)
		return
	}
	value, dx, err := nn.ValueAndGrad(loss, logits)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n%.3f\n", value, dx[0].Data())
	// Output:
	// 2.358
	// [-0.008 0.020 -1.218 0.083 -0.020 0.003]
}

// Sentences of different lengths, padded with -1, and a class that counts twice.
func ExampleWithIgnoreIndex() {
	g := gorgonia.NewGraph()
	logits := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2, 3), tensor.WithBacking([]float32{4, 0, 0, 0, 4, 0, 0, 0, 4, 9, 9, 9})), gorgonia.WithName("logits"))
	labels := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]int{0, 1, 1, -1})), gorgonia.WithName("labels"))
	loss, err := nn.SoftmaxCrossEntropy(logits, labels, nn.WithIgnoreIndex(-1), nn.WithClassWeights(1, 2, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := nn.Values(loss)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", values[0])
	// Output:
	// 1.6360
}

// A loss of one's own is a function of nodes: here the error of a sensor that saturates
// at 1, with a mask over what was not measured.
func ExampleWithWeights() {
	g := gorgonia.NewGraph()
	node := func(name string, x ...float32) *gorgonia.Node {
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x)), gorgonia.WithName(name))
	}
	ownLoss := func(x, target, measured *gorgonia.Node) (*gorgonia.Node, error) {
		saturated, err := gorgonia.Tanh(x)
		if err != nil {
			return nil, err
		}
		return nn.Huber(saturated, target, 0.5, nn.WithWeights(measured))
	}
	loss, err := ownLoss(node("x", 0, 9, 5), node("target", 1, 1, 0), node("measured", 1, 1, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := nn.Values(loss)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", values[0])
	// Output:
	// 0.1875
}
