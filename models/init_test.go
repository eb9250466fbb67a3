package models_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

// The inputs and outputs of filters are those of all their places: (O, C, H, W) has
// C*H*W inputs and O*H*W outputs, as in PyTorch.
func TestInitOfFilters(t *testing.T) {
	shape := tensor.Shape{64, 16, 3, 5}
	values := make([]float64, shape.TotalSize())
	for name, tt := range map[string]struct {
		init  models.Init
		bound float64
	}{
		"HeUniform":     {models.HeUniform, math.Sqrt(6. / (16 * 15))},
		"GlorotUniform": {models.GlorotUniform, math.Sqrt(6. / (16*15 + 64*15))},
		"FanInUniform":  {models.FanInUniform, math.Sqrt(1. / (16 * 15))},
	} {
		t.Run(name, func(t *testing.T) {
			tt.init(values, shape, rand.New(rand.NewPCG(1, 2)))
			var largest float64
			for _, v := range values {
				largest = max(largest, math.Abs(v))
			}
			if !(largest <= tt.bound && largest > 0.99*tt.bound) {
				t.Errorf("weights must reach up to %v, got %v", tt.bound, largest)
			}
		})
	}
}
