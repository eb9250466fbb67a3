package nn_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// An anyOp is an exported function of the package that makes a node, on inputs of
// some shapes.
type anyOp struct {
	name     string
	shapes   [][]int
	build    gradcheck.Graph
	tapeOnly bool // a LispMachine cannot run it
}

// everyOp is the table of all of them; TestEveryOpIsListed sees to that.
func everyOp(t testing.TB) []anyOp {
	t.Helper()
	matrix, images, sequence := []int{4, 6}, []int{2, 3, 4, 4}, []int{2, 3, 4}
	pair := [][]int{matrix, matrix}
	classes := testkit.Labels([]int{4}, 2, 0, 5, 1)
	one := func(f func(x *gorgonia.Node) (*gorgonia.Node, error)) gradcheck.Graph {
		return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return f(in[0]) }
	}
	drop := func(f func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)) gradcheck.Graph {
		return one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return f(x, 0.5, ops.WithSeed(7)) })
	}
	all := []anyOp{
		{name: "AddPositions", shapes: [][]int{sequence, {5, 4}}, build: two(nn.AddPositions)},
		{name: "AvgPool2d", shapes: [][]int{images}, build: pooling(nn.AvgPool2d).graph(2)},
		{name: "BCEWithLogits", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.BCEWithLogits(x, halves(x))
		})},
		{name: "BatchNorm", shapes: [][]int{matrix, {6}, {6}}, build: batchNorm(t)},
		{name: "ConcreteRegularizer", shapes: [][]int{matrix, {}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return ops.ConcreteRegularizer(in[0], in[1], 4, 0.1, 0.1)
		}},
		{name: "Conv2d", shapes: [][]int{images, {2, 3, 2, 2}, {2}}, build: conv()},
		{name: "Conv2dReLU", shapes: [][]int{images, {2, 3, 2, 2}, {2}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Conv2dReLU(in[0], in[1], in[2])
		}},
		{name: "Dense", shapes: [][]int{matrix, {6, 3}, {3}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Dense(in[0], in[1], in[2], nn.ActivationReLU)
		}},
		{name: "DenseDropout", shapes: [][]int{matrix, {6, 3}, {3}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.DenseDropout(in[0], in[1], in[2], nn.ActivationReLU, 0.5)
		}},
		{name: "Embedding", shapes: [][]int{matrix}, build: embedding(testkit.Labels([]int{3}, 2, 0, 2))},
		{name: "Flatten", shapes: [][]int{images}, build: one(nn.Flatten)},
		{name: "Focal", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Focal(x, sureties(x), 2)
		})},
		{name: "GaussianNLL", shapes: [][]int{matrix, matrix, matrix}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.GaussianNLL(in[0], in[1], in[2])
		}},
		{name: "GELU", shapes: [][]int{matrix}, build: one(nn.GELU)},
		{name: "GELUTanh", shapes: [][]int{matrix}, build: one(nn.GELUTanh)},
		{name: "GlobalAvgPool2d", shapes: [][]int{images}, build: one(nn.GlobalAvgPool2d)},
		{name: "Huber", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.Huber(in[0], in[1], 0.5) }},
		{name: "KLDiv", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.KLDiv(x, halves(x)) })},
		{name: "LayerNorm", shapes: [][]int{matrix, {6}, {6}}, build: layerNorm},
		{name: "LeakyReLU", shapes: [][]int{matrix}, build: one(leaky)},
		{name: "LogSoftmax", shapes: [][]int{matrix}, build: one(nn.LogSoftmax)},
		{name: "MAE", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.MAE(in[0], in[1]) }},
		{name: "MSE", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.MSE(in[0], in[1]) }},
		{name: "MatMul", shapes: [][]int{matrix, {6, 3}}, build: matMul()},
		{name: "MaxPool2d", shapes: [][]int{images}, build: pooling(nn.MaxPool2d).graph(2)},
		{name: "RDrop", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.RDrop(in[0], in[1], classNode(in[0], classes), 2)
		}},
		{name: "ReLU", shapes: [][]int{matrix}, build: one(nn.ReLU)},
		{name: "SELU", shapes: [][]int{matrix}, build: one(nn.SELU)},
		{name: "Sequences", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Sequences(x, 2) })},
		{name: "Sigmoid", shapes: [][]int{matrix}, build: one(nn.Sigmoid)},
		{name: "Softmax", shapes: [][]int{matrix}, build: one(nn.Softmax)},
		{name: "SoftmaxCrossEntropy", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.SoftmaxCrossEntropy(x, classNode(x, classes))
		})},
		{name: "SymmetricKL", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.SymmetricKL(in[0], in[1]) }},
		{name: "Tokens", shapes: [][]int{sequence}, build: one(nn.Tokens)},
		{name: "Unflatten", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Unflatten(x, 2, 3) })},

		{name: "AttentionDropout", shapes: [][]int{images}, build: drop(ops.AttentionDropout)},
		{name: "EmbeddingDropout", shapes: [][]int{matrix}, build: drop(ops.EmbeddingDropout)},
		{name: "GaussianNoise", shapes: [][]int{matrix}, build: drop(ops.GaussianNoise)},
		{name: "LockedDropout", shapes: [][]int{sequence}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.LockedDropout(x, 0.5, 1) })},
		{name: "TokenDropout", shapes: [][]int{sequence}, build: drop(ops.TokenDropout)},
		{name: "WeightScalingDropout", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.WeightScalingDropout(x, 0.5) })},
		{name: "Zoneout", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) { return ops.Zoneout(in[0], in[1], 0.5) }},
		{name: "Standout", shapes: [][]int{matrix}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.Standout(x, halves(x), 1, 0) })},
		{name: "LayerDrop", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return ops.LayerDrop(in[0], in[1], 0.5, ops.WithSeed(2))
		}},
		{name: "TargetedDropout", shapes: [][]int{matrix}, build: one(func(w *gorgonia.Node) (*gorgonia.Node, error) { return ops.TargetedDropout(w, 0.5, 0.5) })},
		{name: "TargetedUnitDropout", shapes: [][]int{matrix}, build: one(func(w *gorgonia.Node) (*gorgonia.Node, error) { return ops.TargetedUnitDropout(w, 0.5, 0.5) })},
		{name: "VariationalDropout", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			variance, err := gorgonia.Square(in[1])
			if err != nil {
				return nil, err
			}
			return ops.VariationalDropout(in[0], variance)
		}},
		{name: "VariationalRegularizer", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return ops.VariationalRegularizer(in[0], in[1], 0.1)
		}},
		{name: "WordDropout", shapes: [][]int{matrix}, build: wordDropout},
		{name: "SelfAttention", shapes: [][]int{{2, 3, 12}}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.SelfAttention(x, 2, 0.5) })},
		{name: "CausalSelfAttention", shapes: [][]int{{2, 3, 12}}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.CausalSelfAttention(x, 2, 0.5)
		})},
		{name: "CrossAttention", shapes: [][]int{sequence, {2, 5, 8}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.CrossAttention(in[0], in[1], 2, 0.5)
		}},
		{name: "AddSinusoids", shapes: [][]int{sequence}, build: one(nn.AddSinusoids)},
		{name: "Concat", shapes: pair, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.Concat(in[0], in[1]) }},
		{name: "LastStep", shapes: [][]int{sequence}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.LastStep(x, nil) })},
		{name: "MeanSteps", shapes: [][]int{sequence}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MeanSteps(x, nil) })},
		{name: "LSTM", shapes: [][]int{sequence, {12, 4}, {12, 3}, {12}, {12}}, build: recurrentOf(nn.LSTM, noisy)},
		{name: "GRU", shapes: [][]int{sequence, {9, 4}, {9, 3}, {9}, {9}}, build: recurrentOf(nn.GRU, nn.RecurrentNoise{Dropout: 0.5, ZoneoutHidden: 0.2})},

		{name: "Kept.Select", shapes: [][]int{matrix}, build: one(selectKept), tapeOnly: true},
		{name: "Kept.Scale", shapes: pair, build: scaleKept, tapeOnly: true},
		{name: "ThinnedDense", shapes: [][]int{{3, 4}, matrix, {6}}, build: denseKept, tapeOnly: true},
		{name: "Submatrix", shapes: [][]int{matrix, matrix}, build: submatrix, tapeOnly: true},
		{name: "Subvector", shapes: [][]int{{3, 4}, matrix, {6}}, build: subvector, tapeOnly: true},
	}
	return append(all,
		anyOp{name: "Dropout", shapes: [][]int{matrix}, build: drop(ops.Dropout)},
		anyOp{name: "Dropout1d", shapes: [][]int{sequence}, build: drop(ops.Dropout1d)},
		anyOp{name: "Dropout2d", shapes: [][]int{images}, build: drop(ops.Dropout2d)},
		anyOp{name: "Dropout3d", shapes: [][]int{{2, 3, 2, 2, 2}}, build: drop(ops.Dropout3d)},
		anyOp{name: "AlphaDropout", shapes: [][]int{matrix}, build: drop(ops.AlphaDropout)},
		anyOp{name: "FeatureAlphaDropout", shapes: [][]int{images}, build: drop(ops.FeatureAlphaDropout)},
		anyOp{name: "GaussianDropout", shapes: [][]int{matrix}, build: drop(ops.GaussianDropout)},
		anyOp{name: "DropBlock2d", shapes: [][]int{images}, build: one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.DropBlock2d(x, 0.5, 2) })},
		anyOp{name: "DropPath", shapes: [][]int{matrix}, build: drop(ops.DropPath)},
		anyOp{name: "Batchwise", shapes: [][]int{matrix}, build: drop(ops.Batchwise)},
		anyOp{name: "ExactK", shapes: [][]int{matrix}, build: drop(ops.ExactK)},
		anyOp{name: "DropConnect", shapes: [][]int{matrix}, build: drop(ops.DropConnect)},
		anyOp{name: "WeightDrop", shapes: [][]int{matrix}, build: one(func(w *gorgonia.Node) (*gorgonia.Node, error) {
			ws, err := ops.WeightDrop([]*gorgonia.Node{w}, 0.5)
			if err != nil {
				return nil, err
			}
			return ws[0], nil
		})},
		anyOp{name: "Shakeout", shapes: [][]int{matrix}, build: one(func(w *gorgonia.Node) (*gorgonia.Node, error) { return ops.Shakeout(w, 0.5, 0.2) })},
		anyOp{name: "ConcreteDropout", shapes: [][]int{matrix, {}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return ops.ConcreteDropout(in[0], in[1])
		}},
	)
}

// Every function of the package that makes a node is in the table.
func TestEveryOpIsListed(t *testing.T) {
	var api []byte
	for _, list := range []string{"../api/ops.txt", "../api/nn.txt"} {
		lines, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		api = append(api, lines...)
	}
	var names []string
	for _, o := range everyOp(t) {
		name, _, _ := strings.Cut(o.name, " ")
		names = append(names, name)
	}
	made := regexp.MustCompile(`(?m)^(?:func|method \(\*Kept\)) (\w+)\(.*\) \((?:\[\])?\*gorgonia\.org/gorgonia\.Node, error\)$`)
	found := made.FindAllStringSubmatch(string(api), -1)
	if len(found) < 40 {
		t.Fatalf("want the functions of the package, got %d", len(found))
	}
	// These copy graphs.
	names = append(names, "InsertAfter", "ReplaceBuiltin")
	for _, m := range found {
		if !slices.Contains(names, m[1]) && !slices.Contains(names, "Kept."+m[1]) {
			t.Errorf("%s makes a node and is not in the table of every op", m[1])
		}
	}
}

// classNode returns the node of labels in the graph of x.
func classNode(x *gorgonia.Node, classes *tensor.Dense) *gorgonia.Node {
	return gorgonia.NodeFromAny(x.Graph(), classes.Clone(), gorgonia.WithName("labels"))
}

// halves are targets of 1/2 in the graph of x, in its type and shape.
func halves(x *gorgonia.Node) *gorgonia.Node { return targets(x, 0.5) }

// sureties are targets of 1.
func sureties(x *gorgonia.Node) *gorgonia.Node { return targets(x, 1) }

func targets(x *gorgonia.Node, of float64) *gorgonia.Node {
	v := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(x.Shape()...))
	var fill any = of
	if x.Dtype() == tensor.Float32 {
		fill = float32(of)
	}
	if err := v.Memset(fill); err != nil {
		panic(err)
	}
	return gorgonia.NodeFromAny(x.Graph(), v, gorgonia.WithName("targets"))
}

// wordDropout replaces ids, and looks up what is left in the input.
func wordDropout(in []*gorgonia.Node) (*gorgonia.Node, error) {
	ids, err := ops.WordDropout(classNode(in[0], testkit.Labels([]int{2, 3}, 1, 2, 3, 1, 2, 3)), 0.5, 0)
	if err != nil {
		return nil, err
	}
	return nn.Embedding(in[0], ids)
}

var noisy = nn.RecurrentNoise{Dropout: 0.5, ZoneoutCell: 0.3, ZoneoutHidden: 0.2}

func recurrentOf(op func(x, wih, whh, bih, bhh *gorgonia.Node, noise nn.RecurrentNoise, opts ...ops.StreamOption) (*gorgonia.Node, error),
	noise nn.RecurrentNoise) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return op(in[0], in[1], in[2], in[3], in[4], noise) }
}

func selectKept(x *gorgonia.Node) (*gorgonia.Node, error) {
	k, err := ops.KeepColumns(x, 0.5)
	if err != nil {
		return nil, err
	}
	return k.Select(x)
}

// scaleKept scales the columns of the second input, which are chosen by the first.
func scaleKept(in []*gorgonia.Node) (*gorgonia.Node, error) {
	k, err := ops.KeepColumns(in[0], 0.5)
	if err != nil {
		return nil, err
	}
	y, err := ops.Submatrix(in[1], nil, k)
	if err != nil {
		return nil, err
	}
	if y, err = k.Scale(y); err != nil {
		return nil, err
	}
	return product(in[0], y)
}

// thinned returns the layer of a weight and a bias with the kept half of its outputs.
func thinned(in []*gorgonia.Node) (k *ops.Kept, w, b *gorgonia.Node, err error) {
	if k, err = ops.KeepColumns(in[1], 0.5); err != nil {
		return nil, nil, nil, err
	}
	if w, err = ops.Submatrix(in[1], nil, k); err != nil {
		return nil, nil, nil, err
	}
	b, err = ops.Subvector(in[2], k)
	return k, w, b, err
}

func denseKept(in []*gorgonia.Node) (*gorgonia.Node, error) {
	k, w, b, err := thinned(in)
	if err != nil {
		return nil, err
	}
	return nn.ThinnedDense(in[0], w, b, nn.ActivationReLU, k)
}

func subvector(in []*gorgonia.Node) (*gorgonia.Node, error) {
	_, w, b, err := thinned(in)
	if err != nil {
		return nil, err
	}
	return nn.Dense(in[0], w, b, nn.ActivationNone)
}

func submatrix(in []*gorgonia.Node) (*gorgonia.Node, error) {
	k, err := ops.KeepColumns(in[0], 0.5)
	if err != nil {
		return nil, err
	}
	y, err := ops.Submatrix(in[1], nil, k)
	if err != nil {
		return nil, err
	}
	return product(in[0], y)
}

// product is a'·b, so that a is read too.
func product(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return nn.MatMul(a, b, nn.WithTransposedA())
}
