package nn_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/ops"
)

// roles are what each op of the table of every op does to what flows through it. A
// new op must say its own, RoleOther where none fits: audits go by it.
var roles = map[string]op.Role{
	"AddPositions":        op.RoleBinary,
	"AddSinusoids":        op.RoleBinary,
	"AvgPool2d":           op.RolePool,
	"BCEWithLogits":       op.RoleSoftmax,
	"Focal":               op.RoleSoftmax,
	"GaussianNLL":         op.RoleOther,
	"Huber":               op.RoleOther,
	"KLDiv":               op.RoleSoftmax,
	"MAE":                 op.RoleOther,
	"MSE":                 op.RoleOther,
	"BatchNorm":           op.RoleBatchNorm,
	"CausalSelfAttention": op.RoleAttention,
	"Concat":              op.RoleOther,
	"Conv2d":              op.RoleConv,
	"Conv2dReLU":          op.RoleConv,
	"CrossAttention":      op.RoleAttention,
	"Dense":               op.RoleWeights,
	"DenseDropout":        op.RoleWeights,
	"Embedding":           op.RoleEmbedding,
	"Flatten":             op.RoleShape,
	"GELU":                op.RoleUnary,
	"GELUTanh":            op.RoleUnary,
	"GRU":                 op.RoleRecurrent,
	"GlobalAvgPool2d":     op.RolePool,
	"LSTM":                op.RoleRecurrent,
	"LastStep":            op.RoleOther,
	"LayerNorm":           op.RoleUnary,
	"LeakyReLU":           op.RoleUnary,
	"LogSoftmax":          op.RoleSoftmax,
	"MeanSteps":           op.RoleOther,
	"MatMul":              op.RoleWeights,
	"MaxPool2d":           op.RolePool,
	"RDrop":               op.RoleSoftmax,
	"ReLU":                op.RoleUnary,
	"SELU":                op.RoleUnary,
	"SelfAttention":       op.RoleAttention,
	"Sequences":           op.RoleShape,
	"Sigmoid":             op.RoleUnary,
	"Softmax":             op.RoleSoftmax,
	"SoftmaxCrossEntropy": op.RoleSoftmax,
	"SymmetricKL":         op.RoleSoftmax,
	"ThinnedDense":        op.RoleWeights,
	"Tokens":              op.RoleShape,
	"Unflatten":           op.RoleShape,

	"AlphaDropout":           op.RoleDropout,
	"AttentionDropout":       op.RoleDropout,
	"Batchwise":              op.RoleDropout,
	"ConcreteDropout":        op.RoleDropout,
	"ConcreteRegularizer":    op.RoleOther, // of Gorgonia's ops
	"DropBlock2d":            op.RoleDropout,
	"DropConnect":            op.RoleDropout,
	"DropPath":               op.RoleDropout,
	"Dropout":                op.RoleDropout,
	"Dropout1d":              op.RoleDropout,
	"Dropout2d":              op.RoleDropout,
	"Dropout3d":              op.RoleDropout,
	"EmbeddingDropout":       op.RoleDropout,
	"ExactK":                 op.RoleDropout,
	"FeatureAlphaDropout":    op.RoleDropout,
	"GaussianDropout":        op.RoleDropout,
	"GaussianNoise":          op.RoleDropout,
	"Kept.Scale":             op.RoleDropout,
	"Kept.Select":            op.RoleDropout,
	"LayerDrop":              op.RoleDropout,
	"LockedDropout":          op.RoleDropout,
	"Shakeout":               op.RoleDropout,
	"Standout":               op.RoleDropout,
	"Submatrix":              op.RoleOther,
	"Subvector":              op.RoleOther,
	"TargetedDropout":        op.RoleDropout,
	"TargetedUnitDropout":    op.RoleDropout,
	"TokenDropout":           op.RoleDropout,
	"VariationalDropout":     op.RoleDropout,
	"VariationalRegularizer": op.RoleOther,
	"WeightDrop":             op.RoleDropout,
	"WeightScalingDropout":   op.RoleDropout,
	"WordDropout":            op.RoleDropout,
	"Zoneout":                op.RoleDropout,
}

// functionNames are the names of ops' functions where they differ from the names of
// what makes them.
var functionNames = map[string]string{
	"AttentionDropout": "Dropout", "EmbeddingDropout": "Dropout", "LockedDropout": "Dropout", "TokenDropout": "Dropout",
	"Kept.Select": "Kept.Scale", "RDrop": "SymmetricKL", "WeightDrop": "DropConnect",
}

// Each op has the role that the table says.
func TestEveryOpHasARole(t *testing.T) {
	for _, o := range everyOp(t) {
		t.Run(o.name, func(t *testing.T) {
			want, ok := roles[o.name]
			if !ok {
				t.Fatal("the op must have a role in the table, RoleOther if none fits")
			}
			b, y := o.alone(t)
			if n := o.made(b.g, y); op.RoleOf(n) != want {
				t.Errorf("want role %d, got %d of %v", want, op.RoleOf(n), n.Op())
			}
		})
	}
}

// made returns the last node of the op's function, y where its function is another.
func (o anyOp) made(g *gorgonia.ExprGraph, y *gorgonia.Node) *gorgonia.Node {
	name := o.name
	if of, ok := functionNames[name]; ok {
		name = of
	}
	made, last := y, int64(-1)
	for _, n := range g.AllNodes() {
		if f := op.FunctionOf(n); f != nil && f.Name() == name && n.ID() > last {
			made, last = n, n.ID()
		}
	}
	return made
}

// Each op that draws, and so reads the step, is found by audits, and those built
// after it draw from layers of their own.
func TestEveryOpThatDrawsIsFound(t *testing.T) {
	// BatchNorm reads the step to count a run once, and draws nothing.
	reads := []string{"BatchNorm"}
	for _, o := range everyOp(t) {
		t.Run(o.name, func(t *testing.T) {
			b, _ := o.alone(t)
			_, draws := ops.FindStep(b.g)
			if slices.Contains(reads, o.name) {
				draws = false
			}
			if got := counted(b.g)[ops.DropoutInEval]; draws != (got == 1) || got > 1 {
				t.Errorf("the op draws: %v, but an audit finds %d dropouts", draws, got)
			}
			if !draws {
				return
			}
			if _, err := o.build(b.in); err != nil {
				t.Fatal(err)
			}
			if got := counted(b.g)[ops.DropoutInEval]; got != 2 {
				t.Errorf("of two, an audit finds %d dropouts", got)
			}
			for _, d := range drawings(b.g) {
				for _, e := range drawings(b.g) {
					if d.Source != e.Source && d.Overlaps(e) {
						t.Errorf("layers %d and %d draw the same bits", d.Layer, e.Layer)
					}
				}
			}
		})
	}
}

// counted is the number of findings in a graph for evaluation by rule.
func counted(g *gorgonia.ExprGraph) map[ops.Rule]int {
	found := make(map[ops.Rule]int)
	for _, f := range ops.Audit(g, ops.ForEval()) {
		found[f.Rule]++
	}
	return found
}

// drawings are how the nodes of a graph draw.
func drawings(g *gorgonia.ExprGraph) (all []draw.Drawing) {
	for _, n := range g.AllNodes() {
		if d, ok := draw.DrawingOf(n); ok {
			all = append(all, d)
		}
	}
	return all
}
