package draw_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// Options keep what they were given, whatever becomes of the slices.
func TestOptionsAreCopies(t *testing.T) {
	dims, axes := []int{1, -1}, []int{0}
	opts := []draw.Option{draw.WithNoiseShape(dims...), draw.WithBroadcastAxes(axes...)}
	dims[1], axes[0] = 1, 1
	if got, err := collect(opts...).SharedAxes(tensor.Shape{2, 3}, nil); err != nil || !slices.Equal(got, []bool{true, false}) {
		t.Errorf("axes must be shared as they were when the options were made, got %v, %v", got, err)
	}
}
