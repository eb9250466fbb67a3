package ops_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// One sentence of four words with three features: a feature is dropped in all of
// them or in none.
func ExampleLockedDropout() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1, 4, 3), gorgonia.WithName("x"))
	y, err := ops.LockedDropout(x, 0.5, 1, ops.WithSeed(6))
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	for word := range 4 {
		fmt.Println(y.Value().Data().([]float64)[3*word : 3*word+3])
	}
	// Output:
	// [2 2 0]
	// [2 2 0]
	// [2 2 0]
	// [2 2 0]
}

// In training each unit of the state stays what it was with probability p; at a
// negative step, which is inference, the state is the mean of that.
func ExampleZoneout() {
	g := gorgonia.NewGraph()
	prev := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{0, 0, 0, 0, 0, 0})), gorgonia.WithName("prev"))
	next := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6})), gorgonia.WithName("next"))
	state, err := ops.Zoneout(prev, next, 0.25)
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for _, step := range []int64{0, 1, -1} {
		ops.StepOf(g).Set(step)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(step, state.Value())
		machine.Reset()
	}
	// Output:
	// 0 [1  0  3  4  5  6]
	// 1 [1  2  3  4  5  0]
	// -1 [0.75   1.5  2.25     3  3.75   4.5]
}

// The form of 2012 beside the one of today: the first is rescaled at inference,
// the second in training.
func ExampleWeightScalingDropout() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	original := gorgonia.Must(ops.WeightScalingDropout(x, 0.5, ops.WithLayer(1)))
	inverted := gorgonia.Must(ops.Dropout(x, 0.5, ops.WithLayer(1)))
	for _, options := range [][]gorgonia.VMOpt{nil, {gorgonia.EvalMode()}} {
		machine := gorgonia.NewTapeMachine(g, options...)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(original.Value(), inverted.Value())
		machine.Close()
	}
	// Output:
	// [1  0  3  4] [2  0  6  8]
	// [0.5    1  1.5    2] [1  2  3  4]
}

// The ids of two sentences; 0 is the unknown word.
func ExampleWordDropout() {
	g := gorgonia.NewGraph()
	ids := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 5), tensor.WithBacking([]int{11, 12, 13, 14, 15, 21, 22, 23, 24, 25})), gorgonia.WithName("ids"))
	words, err := ops.WordDropout(ids, 0.3, 0)
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(words.Value().Data())
	// Output:
	// [11 0 13 14 15 21 22 23 24 25]
}

// Two passes of a batch in one: the batch is repeated, and the rows of the second
// half have masks of their own.
func ExampleRDrop() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 3, 2, 1})), gorgonia.WithName("x"))
	w := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 0, 0, 1, -1, 1})), gorgonia.WithName("w"))
	labels := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]int{1, 0})), gorgonia.WithName("labels"))

	twice := gorgonia.Must(gorgonia.Concat(0, x, x))
	logits := gorgonia.Must(gorgonia.Mul(gorgonia.Must(ops.Dropout(twice, 0.5, ops.WithSeed(1))), w))
	first := gorgonia.Must(gorgonia.Slice(logits, gorgonia.S(0, 2)))
	second := gorgonia.Must(gorgonia.Slice(logits, gorgonia.S(2, 4)))
	loss, err := nn.RDrop(first, second, labels, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := gorgonia.Grad(loss, w); err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", loss.Value().Data())
	// Output:
	// 4.1126
}

// Dropout of the logits, at a rate that was meant to be the share to keep.
func ExampleAudit() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(8, 4), gorgonia.WithName("x"))
	w := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(4, 3), gorgonia.WithName("w"))
	labels := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(8), gorgonia.WithName("labels"))
	logits := gorgonia.Must(ops.Dropout(gorgonia.Must(gorgonia.Mul(x, w)), 0.9))
	gorgonia.Must(nn.SoftmaxCrossEntropy(logits, labels))

	for _, f := range ops.Audit(g) {
		fmt.Printf("%s: %s\n", f.Rule, f.Fix)
	}
	// Output:
	// dropout on logits: Drop before the last layer of weights; of attention, drop the weights after the softmax.
	// high rate: If 0.9 is the share to keep, say 0.1.
}
