package ops_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestConcreteRegularizerRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	w := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("w"))
	logit := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("logit"))
	for name, tt := range map[string]struct {
		w, logit        *gorgonia.Node
		units           int
		weight, dropout float64
		want            string
	}{
		"no w":               {nil, logit, 4, 1, 1, "w and logit must be nodes of a graph, got none"},
		"no logit":           {w, nil, 4, 1, 1, "w and logit must be nodes of a graph, got none"},
		"neither":            {nil, nil, 4, 1, 1, "w and logit must be nodes of a graph, got none"},
		"w of no graph":      {gorgonia.NewConstant(1.5), logit, 4, 1, 1, "w and logit must be nodes of a graph, got none"},
		"w of int":           {gorgonia.NewMatrix(g, tensor.Int, gorgonia.WithShape(2, 3), gorgonia.WithName("i")), logit, 4, 1, 1, "w must be of float32 or float64"},
		"logit is no scalar": {w, w, 4, 1, 1, "logit must be a scalar of w's type float64"},
		"logit of another":   {w, gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithName("narrow")), 4, 1, 1, "logit must be a scalar of w's type float64, got float32"},
		"no units":           {w, logit, 0, 1, 1, "units must be positive, got 0"},
		"negative weight":    {w, logit, 4, -1, 1, "weight and dropout must not be negative, got -1 and 1"},
		"negative dropout":   {w, logit, 4, 1, -1, "weight and dropout must not be negative, got 1 and -1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ops.ConcreteRegularizer(tt.w, tt.logit, tt.units, tt.weight, tt.dropout)
			testkit.Rejects(t, err, "ops: ConcreteRegularizer: "+tt.want)
		})
	}
	if _, err := ops.ConcreteRegularizer(w, logit, 1, 0, 0); err != nil {
		t.Errorf("one unit and weights of 0 must do, got %v", err)
	}
}
