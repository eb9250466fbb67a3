package training_test

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training"
)

// What does not fit is an error, and nothing is read beyond the examples.
func TestGatherRejects(t *testing.T) {
	e := &training.Examples{Shape: []int{2}, X: []float32{1, 2, 3, 4, 5, 6}, Y: []int{0, 1, 2}}
	for name, tt := range map[string]struct {
		of      *training.Examples
		indices []int
		x, y    int // their lengths
		want    string
	}{
		"no examples":      {&training.Examples{Shape: []int{2}}, nil, 0, 0, "y must have as many labels as 0 of the 0 examples with 0 labels, got 0"},
		"x too short":      {e, []int{0, 1}, 3, 2, "x must have 4 values for 2 examples, got 3"},
		"y too long":       {e, []int{0, 1}, 4, 3, "y must have as many labels as 2 of the 3 examples with 3 labels, got 3"},
		"labels left over": {&training.Examples{Shape: []int{2}, X: e.X, Y: []int{0, 1, 2, 3}}, []int{0}, 2, 1, "y must have as many labels as 1 of the 3 examples with 4 labels, got 1"},
		"negative index":   {e, []int{-1}, 2, 1, "index must be in [0, 3), got -1"},
		"index too large":  {e, []int{3}, 2, 1, "index must be in [0, 3), got 3"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.of.Gather(tt.indices, make([]float32, tt.x), make([]int, tt.y))
			testkit.Rejects(t, err, "training: Examples: Gather: "+tt.want)
		})
	}
	x, y := make([]float32, 4), make([]int, 2)
	if err := e.Gather([]int{2, 0}, x, y); err != nil || x[0] != 5 || x[1] != 6 || x[2] != 1 || x[3] != 2 || y[0] != 2 || y[1] != 0 {
		t.Errorf("examples 2 and 0 must be gathered in that order, got %v of %v, %v", x, y, err)
	}
	// Sequences have a label for each of their parts.
	parts := &training.Examples{Shape: []int{2}, X: []float32{1, 2, 3, 4, 5, 6}, Y: []int{0, 1, 2, 3, 4, 5}}
	x, y = make([]float32, 4), make([]int, 4)
	if err := parts.Gather([]int{2, 0}, x, y); err != nil || y[0] != 4 || y[1] != 5 || y[2] != 0 || y[3] != 1 {
		t.Errorf("both labels of examples 2 and 0 must be gathered, got %v, %v", y, err)
	}
	testkit.Rejects(t, parts.Gather([]int{2, 0}, x, y[:2]), "y must have as many labels as 2 of the 3 examples with 6 labels, got 2")
}
