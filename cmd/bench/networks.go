package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/datasets/opticks"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// mlp is a multilayer perceptron and a step of its training. The zero value is
// 784-1024-1024-1024-10 on batches of 128, without dropout, by SGD with momentum.
type mlp struct {
	inputs, outputs int
	hidden          []int // three layers of width units if nil
	width, batch    int
	p               float64
	adam, unfused   bool
	submatrix       bool
}

// complete fills in what is not given.
func (m mlp) complete() mlp {
	for _, d := range []struct {
		to *int
		is int
	}{{&m.inputs, 784}, {&m.outputs, 10}, {&m.width, 1024}, {&m.batch, 128}} {
		if *d.to == 0 {
			*d.to = d.is
		}
	}
	if m.hidden == nil {
		m.hidden = []int{m.width, m.width, m.width}
	}
	return m
}

// String returns the units of the layers, as "784-1024-1024-1024-10".
func (m mlp) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(m.layers()), " ", "-"), "[]")
}

// script is what pytorch.py calls the step.
func (m mlp) script() string {
	m = m.complete()
	solver := "sgd"
	if m.adam {
		solver = "adam"
	}
	return fmt.Sprintf("mlp %v %d %v %s", m, m.batch, m.p, solver)
}

func (m mlp) model() (*models.Model, error) {
	var opts []models.Option
	if m.unfused {
		opts = append(opts, models.WithoutFusion())
	}
	m = m.complete()
	return models.New(models.MLP{
		Inputs: m.inputs, Hidden: m.hidden, Outputs: m.outputs, HiddenDropout: m.p, Submatrix: m.submatrix,
	}, []int{m.inputs}, opts...)
}

func (m mlp) loop() (loop, error) {
	t, data, err := m.trainer()
	if err != nil {
		return nil, err
	}
	return trainingSteps(t, data), nil
}

// trainer returns a trainer of the network, and made-up examples.
func (m mlp) trainer() (*training.Trainer, training.Dataset, error) {
	model, err := m.model()
	if err != nil {
		return nil, nil, err
	}
	m = m.complete()
	t := &training.Trainer{Model: model, Solver: &optim.SGD{LR: 0.01, Momentum: 0.9}, BatchSize: m.batch}
	if m.adam {
		t.Solver = &optim.Adam{LR: 0.0001}
	}
	return t, digits(10*m.batch, []int{m.inputs}, m.outputs), nil
}

// mlpCases are steps of the large network.
func mlpCases() []*benchCase {
	dropout, none, adam := mlp{p: 0.5}, mlp{}, mlp{p: 0.5, adam: true}
	submatrix, unfused := mlp{p: 0.5, submatrix: true}, mlp{p: 0.5, unfused: true}
	return group("mlp",
		ours("dropout", "step with dropout", both, dropout.loop),
		ours("submatrix", "with submatrix dropout", both, submatrix.loop),
		ours("none", "without dropout", two, none.loop),
		ours("adam", "with dropout, Adam", two, adam.loop),
		dropout.limits("dropout", both),
		torchCases("dropout", dropout.script(), everyBLAS, both),
		inLong(slices.Concat(
			ours("unfused", "with dropout, unfused (WithoutFusion)", two, unfused.loop),
			one(benchCase{Name: "gonum", Title: "with dropout, Gonum's products", blas: gonum, work: dropout.loop}),
			one(benchCase{Name: "pthread", Title: "with dropout, OpenBLAS's products", blas: pthread, work: dropout.loop}),
			one(benchCase{Name: "stock", Title: "stock Gorgonia, Gonum's products", blas: gonum, work: func() (loop, error) { return stockMLP(128) }}),
			one(benchCase{Name: "stock-pthread", Title: "stock Gorgonia, OpenBLAS's products", blas: pthread, work: func() (loop, error) { return stockMLP(128) }}),
			torchCases("none", none.script(), everyBLAS, both),
			torchCases("adam", adam.script(), everyBLAS, both),
			one(benchCase{Name: "gomlx", Title: "GoMLX, SGD without momentum", with: gomlx, script: "mlp"}),
		)))
}

// smallNetworks are those of tables and of the README, with a batch each.
var smallNetworks = []mlp{
	{inputs: 30, hidden: []int{16}, outputs: 2, batch: 16, p: 0.5},
	{inputs: 30, hidden: []int{128, 128}, outputs: 2, batch: 40, p: 0.5},
	{inputs: 64, hidden: []int{128, 128}, outputs: 10, batch: 64, p: 0.5},
	{inputs: 784, hidden: []int{256, 256}, outputs: 10, batch: 100, p: 0.5},
}

func smallCases() []*benchCase {
	var all []*benchCase
	for _, m := range smallNetworks {
		var blas []benchCase
		for _, n := range both {
			blas = append(blas, benchCase{Name: fmt.Sprint("step-pthread", n), Title: "with OpenBLAS's products, " + count(n, "thread"), blas: pthread, threads: n, work: m.loop})
		}
		all = append(all, group(m.String(), ours("step", "step with dropout", both, m.loop), blas,
			torchCases("step", m.script(), everyBLAS, both))...)
	}
	return all
}

// convNet is a convolutional network for images of 28×28.
func convNet(channelDropout, hiddenDropout float64) (*models.Model, error) {
	return models.New(models.ConvNet{
		Channels: []int{32, 64}, Hidden: []int{128}, Outputs: 10,
		ChannelDropout: channelDropout, HiddenDropout: hiddenDropout,
	}, []int{1, 28, 28})
}

// cnn is a training step of convNet on batches of 64.
func cnn(channelDropout, hiddenDropout float64) (loop, error) {
	model, err := convNet(channelDropout, hiddenDropout)
	if err != nil {
		return nil, err
	}
	const batch = 64
	t := &training.Trainer{Model: model, Solver: &optim.SGD{LR: 0.01, Momentum: 0.9}, BatchSize: batch}
	return trainingSteps(t, digits(10*batch, model.InputShape(), 10)), nil
}

func cnnCases() []*benchCase {
	dropout := func() (loop, error) { return cnn(0.25, 0.5) }
	return group("cnn",
		ours("dropout", "step with dropout", both, dropout),
		torchCases("dropout", "cnn", everyBLAS, both),
		inLong(slices.Concat(
			ours("none", "without dropout", two, func() (loop, error) { return cnn(0, 0) }),
			one(benchCase{Name: "gonum", Title: "with dropout, Gonum's products", blas: gonum, work: dropout}),
			one(benchCase{Name: "pthread", Title: "with dropout, OpenBLAS's products", blas: pthread, work: dropout}),
			one(benchCase{Name: "stock", Title: "stock Gorgonia, Gonum's products", blas: gonum, work: stockCNN}),
			one(benchCase{Name: "stock-pthread", Title: "stock Gorgonia, OpenBLAS's products", blas: pthread, work: stockCNN}),
			one(benchCase{Name: "gomlx", Title: "GoMLX, SGD without momentum", with: gomlx, script: "cnn"}),
		)))
}

// The sizes of examples/language, which pytorch.py has too.
const (
	window, languageBatch = 32, 8
	languageUnits         = 64
	languageDropout       = 0.2
)

// language is a training step of a language model.
func language(net func(vocabulary int) models.Layer) (loop, error) {
	t, data, err := languageTrainer(net)
	if err != nil {
		return nil, err
	}
	return trainingSteps(t, data), nil
}

// languageTrainer returns a trainer of a language model, and the beginning of Newton's
// "Opticks".
func languageTrainer(net func(vocabulary int) models.Layer) (*training.Trainer, training.Dataset, error) {
	book, err := opticks.Load(window)
	if err != nil {
		return nil, nil, err
	}
	book.Train.IDs = book.Train.IDs[:10_000]
	model, err := models.New(net(book.Vocabulary.Size()), book.Train.InputShape())
	if err != nil {
		return nil, nil, err
	}
	return &training.Trainer{
		Model: model, Solver: &optim.Adam{LR: 0.002, Regularization: optim.Regularization{ClipNorm: 1}},
		BatchSize: languageBatch, DropLast: true,
	}, book.Train, nil
}

func lstm(vocabulary int) models.Layer {
	return models.LSTMLanguageModel{
		Vocabulary: vocabulary, Width: languageUnits / 2,
		LSTM: models.LSTM{Units: languageUnits, WeightDrop: languageDropout}, OutputDropout: languageDropout,
	}
}

func transformer(vocabulary int) models.Layer {
	const p = languageDropout
	return models.TransformerLanguageModel{
		Vocabulary: vocabulary, Context: window, Width: languageUnits, Blocks: 2,
		Block:            models.TransformerBlock{Heads: 4, AttentionDropout: p, HiddenDropout: p, ResidualDropout: p},
		EmbeddingDropout: p,
	}
}

func languageCases() []*benchCase {
	step := func(name string, net func(int) models.Layer) []*benchCase {
		return group(name, ours("step", "step with dropout", both, func() (loop, error) { return language(net) }),
			torchCases("step", name, everyBLAS, both))
	}
	return append(step("lstm", lstm), step("transformer", transformer)...)
}

// inference is the large network's forward pass without dropout.
func inference(batch int) (loop, error) {
	model, err := mlp{p: 0.5}.model()
	if err != nil {
		return nil, err
	}
	p, err := model.Compile(models.Eval, batch)
	if err != nil {
		return nil, err
	}
	images := pixels(len(p.Inputs()))
	return steps(func() error {
		copy(p.Inputs(), images)
		return p.Run(nil)
	}), nil
}

func inferenceCases() []*benchCase {
	var all []*benchCase
	for _, batch := range inferenceBatches {
		all = append(all, group(fmt.Sprint("inference-", batch),
			ours("mlp", "predictions for "+count(batch, "example"), both, func() (loop, error) { return inference(batch) }),
			torchCases("mlp", fmt.Sprintf("inference %v %d", mlp{}, batch), everyBLAS, both))...)
	}
	return all
}

// inferenceBatches are how many examples get predictions at a time.
var inferenceBatches = []int{1, 100}
