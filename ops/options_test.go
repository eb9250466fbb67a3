package ops_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// An option is of the kinds that can honour it, and of no other: giving it to another
// op does not compile.
func TestOptionsFit(t *testing.T) {
	rate := gorgonia.NewConstant(0.5, gorgonia.WithName("rate"))
	step := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Int64, gorgonia.WithName("step"))
	type kinds struct{ dropout, fused, mix, concrete, stream bool }
	for name, tt := range map[string]struct {
		option any
		want   kinds
	}{
		"WithSeed":          {ops.WithSeed(1), kinds{true, true, true, true, true}},
		"WithLayer":         {ops.WithLayer(1), kinds{true, true, true, true, true}},
		"WithStep":          {ops.WithStep(step), kinds{true, true, true, true, true}},
		"WithFixedStep":     {ops.WithFixedStep(1), kinds{true, true, true, true, true}},
		"WithMode":          {ops.WithMode(ops.Sample), kinds{true, true, true, true, true}},
		"WithStream":        {ops.WithStream(ops.WithSeed(1)), kinds{true, true, true, true, true}},
		"WithRate":          {ops.WithRate(schedule.Constant(0.5)), kinds{dropout: true, fused: true}},
		"WithRateNode":      {ops.WithRateNode(rate), kinds{dropout: true, mix: true}},
		"WithNoiseShape":    {ops.WithNoiseShape(1), kinds{dropout: true, mix: true, concrete: true}},
		"WithBroadcastAxes": {ops.WithBroadcastAxes(1), kinds{dropout: true, mix: true, concrete: true}},
		"WithTemperature":   {ops.WithTemperature(1), kinds{concrete: true}},
	} {
		t.Run(name, func(t *testing.T) {
			var got kinds
			_, got.dropout = tt.option.(ops.Option)
			_, got.fused = tt.option.(ops.FusedOption)
			_, got.mix = tt.option.(ops.MixOption)
			_, got.concrete = tt.option.(ops.ConcreteOption)
			_, got.stream = tt.option.(ops.StreamOption)
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// Shared axes that x does not have are errors, never guesses.
func TestSharingRejects(t *testing.T) {
	checkRejects(t,
		reject{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithNoiseShape(2)}, "noise shape must have 2 entries"},
		reject{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithNoiseShape(2, 2)}, "noise shape must be 1, -1 or 3 at axis 1"},
		reject{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithBroadcastAxes(2)}, "broadcast axis must be in [0, 2)"},
		reject{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithBroadcastAxes(-1)}, "broadcast axis must be in [0, 2)"},
		reject{"Dropout", ops.Dropout, []int{2, 3}, []ops.Option{ops.WithBroadcastAxes(1, 1)}, "broadcast axes must differ"},
	)
}
