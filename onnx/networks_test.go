package onnx_test

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// A network is an architecture with the shape of its examples.
type network struct {
	name  string
	layer models.Layer
	input []int
	ids   int    // the inputs are whole numbers below this, if it is positive
	cut   string // a parameter of which a file has the part that is in use
}

// networks are all architectures of models, with dropout that evaluation leaves
// out, and layers that they do not have.
var networks = []network{
	{"MLP", models.MLP{Hidden: []int{7, 5}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5}, []int{6}, 0, ""},
	{"MLP with BatchNorm", models.MLP{Hidden: []int{7, 5}, Outputs: 3, HiddenDropout: 0.5, BatchNorm: true}, []int{6}, 0, ""},
	{"MLP of submatrices", models.MLP{Hidden: []int{8, 8}, Outputs: 3, HiddenDropout: 0.5, Submatrix: true}, []int{6}, 0, ""},
	{"ConvNet", models.ConvNet{Channels: []int{3, 4}, Hidden: []int{6}, Outputs: 5, ChannelDropout: 0.1, HiddenDropout: 0.5}, []int{1, 8, 8}, 0, ""},
	{"ConvNet with BatchNorm", models.ConvNet{Channels: []int{3, 4}, Kernel: 5, Outputs: 5, BatchNorm: true, Activation: models.GELU()}, []int{2, 9, 7}, 0, ""},
	{"Tabular", models.Tabular{Hidden: []int{8, 4}, Outputs: 2, HiddenDropout: 0.2}, []int{5}, 0, ""},
	{"self-normalizing Tabular", models.Tabular{Hidden: []int{8, 4}, Outputs: 2, HiddenDropout: 0.1, SelfNormalizing: true}, []int{5}, 0, ""},
	{"LSTM", models.LSTM{Units: 4, Layers: 2, LayerDropout: 0.3}, []int{5, 3}, 0, ""},
	{"GRU", models.GRU{Units: 4, Layers: 2, LayerDropout: 0.3}, []int{5, 3}, 0, ""},
	{"LSTM language model", models.LSTMLanguageModel{Vocabulary: 11, Width: 6, LSTM: models.LSTM{Units: 6}, EmbeddingDropout: 0.1, OutputDropout: 0.2, Tied: true}, []int{4}, 11, ""},
	{"GRU language model", models.GRULanguageModel{Vocabulary: 11, Width: 6, GRU: models.GRU{Units: 5}, OutputDropout: 0.2}, []int{4}, 11, ""},
	{"Transformer", models.TransformerLanguageModel{
		Vocabulary: 9, Context: 7, Width: 8, Blocks: 2, Tied: true, EmbeddingDropout: 0.1,
		Block: models.TransformerBlock{Heads: 2, AttentionDropout: 0.1, HiddenDropout: 0.1, ResidualDropout: 0.1, DropPath: 0.1},
	}, []int{5}, 9, "position.weight"},
	{"Transformer encoder", models.TransformerBlock{Heads: 2, Hidden: 6}, []int{3, 4}, 0, ""},
	{"windows", models.Sequential{
		models.Conv2dLayer{Out: 3, Kernel: []int{3, 2}, Window: []nn.WindowOption{nn.WithStride(2, 1), nn.WithPadding(1, 0), nn.WithDilation(1, 2)}},
		models.LeakyReLU(0.1), models.MaxPool2d(2, nn.WithStride(1), nn.WithPadding(1)), models.Dropout2d(0.2),
		models.AvgPool2d(2, nn.WithPadding(1)), models.GlobalAvgPool2d(), models.Linear(3, 4), models.LogSoftmax(),
	}, []int{2, 9, 8}, 0, ""},
	{"groups", models.Sequential{
		models.Conv2dLayer{Out: 6, Kernel: []int{3}, Groups: 2}, models.ReLU(), models.Conv2dLayer{Out: 6, Kernel: []int{2}, Groups: 6, NoBias: true},
		models.Flatten(), models.Linear(0, 2),
	}, []int{4, 5, 4}, 0, ""},
	{"residual", models.Sequential{
		models.Residual(models.Conv2dLayer{Out: 2, Kernel: []int{3}, Window: []nn.WindowOption{nn.WithPadding(1)}}, models.Sigmoid()),
		models.Flatten(), models.Linear(0, 3), models.Tanh(), models.Softmax(),
	}, []int{2, 4, 4}, 0, ""},
}

// model returns the model of a network, with statistics and biases that are not
// those of the start.
func (n network) model(t testing.TB, opts ...models.Option) *models.Model {
	t.Helper()
	m, err := models.New(n.layer, n.input, append([]models.Option{models.WithSeed(3)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range append(m.Params(), m.States()...) {
		d := weights[p.Name()]
		for i := range d.DataSize() {
			// Variances must be positive, which these are.
			if v := 0.5 + r.Float64(); d.Dims() == 1 {
				set(d, i, v)
			}
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

func set(d *tensor.Dense, i int, v float64) {
	if d.Dtype() == tensor.Float64 {
		d.Float64s()[i] = v
	} else {
		d.Float32s()[i] = float32(v)
	}
}

// inputs returns examples for the network.
func (n network) inputs(examples int) []float32 {
	r := rand.New(rand.NewPCG(5, 6))
	x := make([]float32, examples*tensor.Shape(n.input).TotalSize())
	for i := range x {
		if n.ids > 0 {
			x[i] = float32(r.IntN(n.ids))
		} else {
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}
