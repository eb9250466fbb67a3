package main

import (
	"context"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// The activations of the report are those of the network, with batch normalization
// too, and of fewer images than it would take.
func TestFirstLayer(t *testing.T) {
	for _, batchNorm := range []bool{false, true} {
		net := models.MLP{Inputs: 4, Hidden: []int{3}, Outputs: 2, InputDropout: 0.2, HiddenDropout: 0.5, BatchNorm: batchNorm}
		m, err := models.New(net, []int{4}, models.WithSeed(5))
		if err != nil {
			t.Fatal(err)
		}
		named := make(map[string][]float32)
		for _, p := range append(m.Params(), m.States()...) {
			for i := range p.Value().Float32s() {
				p.Value().Float32s()[i] += 0.1 * float32(i+1)
			}
			named[p.Name()] = p.Value().Float32s()
		}
		x := []float32{1, -2, 0.5, 3, 0, 1, -1, 2}
		got, err := firstLayer(context.Background(), m, &training.Examples{Shape: []int{4}, X: x, Y: []int{0, 1}})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 6 {
			t.Fatalf("want activations of 2 images and 3 units, got %v", got)
		}
		for n := range 2 {
			for j := range 3 {
				h := 0.0
				for i := range 4 {
					h += float64(x[4*n+i]) * float64(named["1.weight"][3*i+j])
				}
				if batchNorm {
					mean, variance := float64(named["2.running_mean"][j]), float64(named["2.running_var"][j])
					h = (h-mean)/math.Sqrt(variance+1e-5)*float64(named["2.weight"][j]) + float64(named["2.bias"][j])
				} else {
					h += float64(named["1.bias"][j])
				}
				if want := max(0, h); math.Abs(got[3*n+j]-want) > 1e-5 {
					t.Errorf("batch normalization %v: image %d, unit %d is %v, want %v", batchNorm, n, j, got[3*n+j], want)
				}
			}
		}
	}
	linear, err := models.New(models.Linear(4, 2), []int{4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := firstLayer(context.Background(), linear, &training.Examples{Shape: []int{4}, X: make([]float32, 4), Y: []int{0}}); err == nil {
		t.Error("a model without activations: want an error")
	}
}
