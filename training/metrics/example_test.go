package metrics_test

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Two batches of logits of three classes, the second smaller than the first.
func ExampleSet() {
	set, err := metrics.New(metrics.Accuracy{}, metrics.F1{Average: metrics.Macro}, metrics.NLL{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, batch := range []metrics.Batch{
		{
			Output: tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{4, 1, 0, 0, 2, 1})),
			Target: tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{0, 2})),
		},
		{
			Output: tensor.New(tensor.WithShape(1, 3), tensor.WithBacking([]float32{0, 0, 3})),
			Target: tensor.New(tensor.WithShape(1), tensor.WithBacking([]int{2})),
		},
	} {
		if err := set.Add(batch); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, s := range set.Scores() {
		fmt.Printf("%s: %.3f (%v)\n", s.Name, s.Value, s.Direction)
	}
	// Output:
	// accuracy: 0.667 (higher is better)
	// macro F1: 0.556 (higher is better)
	// NLL: 0.523 (lower is better)
}

// A metric of one's own: the share of the values that are predicted to within 10 %.
func ExampleValueMean() {
	within := metrics.ValueMean{Title: "within 10 %", Better: metrics.HigherIsBetter, Of: func(output, target float64) float64 {
		if math.Abs(output-target) <= 0.1*math.Abs(target) {
			return 1
		}
		return 0
	}}
	a, err := within.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	err = a.Add(metrics.Batch{
		Output: tensor.New(tensor.WithShape(4), tensor.WithBacking([]float32{95, 9, 3, 0.5})),
		Target: tensor.New(tensor.WithShape(4), tensor.WithBacking([]float32{100, 10, 2, 1})),
	})
	fmt.Printf("%s: %v %v\n", within.Name(), a.Value(), err)
	// Output:
	// within 10 %: 0.5 <nil>
}

// Sequences of different lengths: a mask leaves padding out, whatever it holds.
func ExampleBatch() {
	a, err := metrics.Perplexity{}.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	err = a.Add(metrics.Batch{
		Output: tensor.New(tensor.WithShape(2, 2, 4), tensor.WithBacking(make([]float32, 16))),
		Target: tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]int{3, 0, 1, -1})),
		Weight: tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 1, 1, 0})),
	})
	fmt.Printf("perplexity %.0f %v\n", a.Value(), err)
	// Output:
	// perplexity 4 <nil>
}

// The counts say which classes are taken for which.
func ExampleConfusion() {
	var c metrics.Confusion
	err := c.Add(metrics.Batch{
		Output: tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{2, 1, 0, 3, 1, 4})),
		Target: tensor.New(tensor.WithShape(3), tensor.WithBacking([]int{0, 0, 1})),
	})
	fmt.Println(c.Counts(), err)
	// Output:
	// [[1 1 0] [0 1 0]] <nil>
}
