package ops_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Dropout takes the place of gorgonia.Dropout. Gradients pass the mask of the
// forward pass: the gradient of a sum is 1/(1-p) where x was kept, 0 elsewhere.
func ExampleDropout() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	y, err := ops.Dropout(x, 0.5, ops.WithSeed(42))
	if err != nil {
		log.Fatal(err)
	}
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for range 3 {
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(y.Value(), grads[0].Value())
		machine.Reset()
	}
	// Output:
	// [2  4  0  0] [2  2  0  0]
	// [0  0  0  8] [0  0  0  2]
	// [2  4  0  0] [2  2  0  0]
}

// A negative step is inference: everything passes.
func ExampleStep_Set() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(x, 0.5))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	step := ops.StepOf(g)
	for _, at := range []int64{7, 7, -1} {
		machine.Reset()
		step.Set(at)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(at, y.Value())
	}
	// Output:
	// 7 [2  0  6  0]
	// 7 [2  0  6  0]
	// -1 [1  2  3  4]
}

// MaskAt recomputes the mask of any step of a run, past or to come.
func ExampleMaskAt() {
	kept, err := ops.MaskAt(42, 1, 1000, []int{8}, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kept)
	// Output:
	// [false true false true false true true false]
}

// A rate that changes with the step needs no other graph.
func ExampleWithRate() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1000), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(x, 0, ops.WithRate(schedule.Linear{From: 0, To: 0.5, End: 2})))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for step := range 4 {
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		zeros := 0
		for _, v := range y.Value().Data().([]float64) {
			if v == 0 {
				zeros++
			}
		}
		fmt.Printf("step %d: %d of 1000 dropped\n", step, zeros)
		machine.Reset()
	}
	// Output:
	// step 0: 0 of 1000 dropped
	// step 1: 237 of 1000 dropped
	// step 2: 492 of 1000 dropped
	// step 3: 508 of 1000 dropped
}

// Whole channels of x, of shape (N, C, H, W), are dropped.
func ExampleDropout2d() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1, 3, 2, 2), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout2d(x, 0.5, ops.WithSeed(1)))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Value().Data())

	x = gorgonia.NewTensor(g, tensor.Float64, 3, gorgonia.WithShape(3, 2, 2), gorgonia.WithName("image"))
	_, err := ops.Dropout2d(x, 0.5)
	fmt.Println(err)
	// Output:
	// [2 2 2 2 0 0 0 0 0 0 0 0]
	// ops: Dropout2d: x must have shape (N, C, H, W), got (3, 2, 2)
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
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", loss.Value().Data()) // half of ln 3
	// Output:
	// 0.5493
}
