package ops_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestMasksPerBatch(t *testing.T) {
	for name, tt := range map[string]struct {
		build func(b blueprint, x *gorgonia.Node)
		want  bool
	}{
		"no dropout": {func(b blueprint, x *gorgonia.Node) { b.linear(x, "a", 2) }, false},
		"Dropout":    {func(b blueprint, x *gorgonia.Node) { b.linear(b.drop(x, 0.5), "a", 2) }, false},
		"DropPath":   {func(b blueprint, x *gorgonia.Node) { b.must(ops.DropPath(x, 0.5)) }, false},
		"Batchwise":  {func(b blueprint, x *gorgonia.Node) { b.must(ops.Batchwise(b.linear(x, "a", 2), 0.5)) }, true},
		"ExactK":     {func(b blueprint, x *gorgonia.Node) { b.must(ops.ExactK(x, 0.5)) }, true},
		"kept units": {func(b blueprint, x *gorgonia.Node) {
			k, err := ops.KeepColumns(x, 0.5)
			if err != nil {
				b.t.Fatal(err)
			}
			b.must(k.Select(x))
		}, true},
		"ExactK that is off": {func(b blueprint, x *gorgonia.Node) { b.must(ops.ExactK(x, 0.5, ops.WithMode(ops.Eval))) }, false},
		"DropConnect": {func(b blueprint, x *gorgonia.Node) {
			b.must(gorgonia.Mul(x, b.must(ops.DropConnect(b.node("w", 3, 2), 0.5))))
		}, true},
		"DenseDropout": {func(b blueprint, x *gorgonia.Node) {
			b.must(nn.DenseDropout(x, b.node("w", 3, 2), nil, nn.ActivationReLU, 0.5))
		}, false},
		"Zoneout": {func(b blueprint, x *gorgonia.Node) { b.must(ops.Zoneout(b.node("start", 4, 3), x, 0.5)) }, false},
		"TargetedDropout": {func(b blueprint, x *gorgonia.Node) {
			b.must(gorgonia.Mul(x, b.must(ops.TargetedDropout(b.node("w", 3, 2), 0.5, 0.5))))
		}, true},
		"LayerDrop":            {func(b blueprint, x *gorgonia.Node) { b.must(ops.LayerDrop(x, b.linear(x, "a", 3), 0.5)) }, true},
		"VariationalDropout":   {func(b blueprint, x *gorgonia.Node) { b.must(ops.VariationalDropout(x, x)) }, false},
		"Standout":             {func(b blueprint, x *gorgonia.Node) { b.must(ops.Standout(x, x, 1, 0)) }, false},
		"WeightScalingDropout": {func(b blueprint, x *gorgonia.Node) { b.must(ops.WeightScalingDropout(x, 0.5)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := blueprint{t, gorgonia.NewGraph()}
			x := b.node("x", 4, 3)
			tt.build(b, x)
			if got := ops.MasksPerBatch(x); got != tt.want {
				t.Errorf("%s: want %v, got %v", name, tt.want, got)
			}
		})
	}
	b := blueprint{t, gorgonia.NewGraph()}
	ids := gorgonia.NewMatrix(b.g, tensor.Int, gorgonia.WithShape(4, 3), gorgonia.WithName("ids"))
	b.must(ops.WordDropout(ids, 0.5, 0))
	if ops.MasksPerBatch(ids) || ops.MasksPerBatch(nil) {
		t.Error("words have masks of their own, and what is nil has none")
	}
}
