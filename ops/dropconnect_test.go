package ops_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Weights have layers upwards from the one that is given, up to the last one that there is.
func TestWeightDropLayers(t *testing.T) {
	g := gorgonia.NewGraph()
	weights := func(n int) (ws []*gorgonia.Node) {
		for range n {
			ws = append(ws, gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("w")))
		}
		return ws
	}
	for name, tt := range map[string]struct {
		n     int
		layer uint32
		want  string
	}{
		"up to the last":     {2, math.MaxUint32 - 1, ""},
		"beyond the last":    {2, math.MaxUint32, "ops: WeightDrop: layers of 2 weights must fit in 32 bits from layer 4294967295 on"},
		"the last alone":     {1, math.MaxUint32, ""},
		"no weights":         {0, 0, ""},
		"none from the last": {0, math.MaxUint32, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ws, err := ops.WeightDrop(weights(tt.n), 0.5, ops.WithLayer(tt.layer))
			if tt.want != "" {
				testkit.Rejects(t, err, tt.want)
			} else if err != nil || len(ws) != tt.n {
				t.Errorf("%d weights from layer %d must be dropped, got %v, %v", tt.n, tt.layer, ws, err)
			}
		})
	}
}
