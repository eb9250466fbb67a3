package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// What is wrong in an evaluation graph depends on the mode: Train leaves it to the
// machine, Sample never rests.
func TestAuditOfModes(t *testing.T) {
	for mode, want := range map[ops.Mode]string{
		ops.Train:  "It drops at inference unless the machine is made with gorgonia.EvalMode or the step is negative",
		ops.Sample: "It drops at inference, so that predictions are random: that is meant for Monte Carlo dropout alone.",
	} {
		t.Run(mode.String(), func(t *testing.T) {
			b := blueprint{t, gorgonia.NewGraph()}
			b.linear(b.drop(b.node("x", 4, 3), 0.5, ops.WithMode(mode)), "a", 2)
			if found := ops.Audit(b.g, ops.ForEval()); len(found) != 1 || !strings.HasPrefix(found[0].Problem, want) {
				t.Errorf("%v must be found with %q, got %v", mode, want, found)
			}
		})
	}
}

// gorgonia.Rectify reads its input twice, so that the number of paths doubles with
// each; an audit must not walk them all.
func TestAuditOfManyPaths(t *testing.T) {
	b := blueprint{t, gorgonia.NewGraph()}
	rectified := func(x *gorgonia.Node) *gorgonia.Node {
		for range 64 {
			x = b.relu(x)
		}
		return x
	}
	h := b.must(ops.Dropout2d(rectified(b.node("x", 2, 3, 4, 4)), 0.5))
	b.must(gorgonia.Sum(rectified(h)))
	if found := ops.Audit(b.g); found != nil {
		t.Errorf("want nothing, got %v", found)
	}
}

// Dropout of the logits, at a rate that was meant to be the share to keep.
func ExampleAudit() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(8, 4), gorgonia.WithName("x"))
	w := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(4, 3), gorgonia.WithName("w"))
	labels := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(8), gorgonia.WithName("labels"))
	logits := gorgonia.Must(ops.Dropout(gorgonia.Must(gorgonia.Mul(x, w)), 0.9))
	gorgonia.Must(nn.SoftmaxCrossEntropy(logits, labels))

	for _, f := range ops.Audit(g) {
		fmt.Printf("%s: %s\n", f.Rule, f.Fix)
	}
	// Output:
	// dropout on logits: Drop before the last layer of weights; of attention, drop the weights after the softmax.
	// high rate: If 0.9 is the share to keep, say 0.1.
}
