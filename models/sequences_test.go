package models_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// ids is a batch of sequences of whole numbers below vocabulary.
func ids(vocabulary int, shape ...int) *tensor.Dense {
	x := batch(shape...)
	for i := range x.Float32s() {
		x.Float32s()[i] = float32(i * i % vocabulary)
	}
	return x
}

var everyDropout = models.LSTM{
	Units: 5, Layers: 2, InputDropout: 0.2, LayerDropout: 0.3, RecurrentDropout: 0.25,
	WeightDrop: 0.4, ZoneoutCell: 0.5, ZoneoutHidden: 0.05,
}

// Every layer for sequences builds in every mode with the parameters and the shape
// that it promises, and all its parameters get a gradient.
func TestSequenceLayers(t *testing.T) {
	recurrent := []string{
		"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
		"weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1",
	}
	block := []string{
		"norm1.weight", "norm1.bias", "self_attn.in_proj_weight", "self_attn.in_proj_bias",
		"self_attn.out_proj.weight", "self_attn.out_proj.bias", "norm2.weight", "norm2.bias",
		"linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias",
	}
	under := func(prefix string, names ...string) (all []string) {
		for _, n := range names {
			all = append(all, prefix+n)
		}
		return all
	}
	for _, tt := range []struct {
		name   string
		layer  models.Layer
		ids    bool
		width  int
		params []string
	}{
		{"LSTM", everyDropout, false, 5, recurrent},
		{"GRU", models.GRU{Units: 4, Layers: 2, InputDropout: 0.5, LayerDropout: 0.5, RecurrentDropout: 0.5, WeightDrop: 0.5, Zoneout: 0.5}, false, 4, recurrent},
		{"SelfAttention", models.SelfAttention{Heads: 2, Dropout: 0.5}, false, 6, under("", "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")},
		{"Positions", models.Positions(9), false, 6, []string{"weight"}},
		{"PerToken", models.PerToken(models.Linear(6, 3), models.ReLU(), models.Dropout(0.5)), false, 3, []string{"0.weight", "0.bias"}},
		{"TransformerBlock", models.TransformerBlock{Heads: 3, AttentionDropout: 0.1, HiddenDropout: 0.2, ResidualDropout: 0.3, DropPath: 0.2}, false, 6, block},
		{"TransformerBlock that is skipped", models.Sequential{models.Dropout(0.1), models.TransformerBlock{Heads: 3, HiddenDropout: 0.2, LayerDrop: 0.1}}, false, 6, under("1.", block...)},
		{"LSTMLanguageModel", models.LSTMLanguageModel{Vocabulary: 7, Width: 4, LSTM: everyDropout, EmbeddingDropout: 0.1, OutputDropout: 0.4}, true, 7,
			slices.Concat([]string{"embedding.weight"}, under("rnn.", recurrent...), []string{"decoder.weight", "decoder.bias"})},
		{"tied GRULanguageModel", models.GRULanguageModel{Vocabulary: 7, Width: 4, GRU: models.GRU{Units: 4}, EmbeddingDropout: 0.1, OutputDropout: 0.4, Tied: true}, true, 7,
			slices.Concat([]string{"embedding.weight"}, under("rnn.", recurrent[:4]...))},
		{"TransformerLanguageModel", models.TransformerLanguageModel{
			Vocabulary: 7, Context: 8, Width: 6, Blocks: 2, EmbeddingDropout: 0.1,
			Block: models.TransformerBlock{Heads: 2, AttentionDropout: 0.1, HiddenDropout: 0.1, ResidualDropout: 0.1, DropPath: 0.2},
		}, true, 7, slices.Concat([]string{"embedding.weight", "position.weight"}, under("blocks.0.", block...), under("blocks.1.", block...),
			[]string{"norm.weight", "norm.bias", "decoder.weight", "decoder.bias"})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			input, x := []int{8, 6}, batch(16, 8, 6)
			if tt.ids {
				input, x = []int{8}, ids(7, 16, 8)
			}
			m := mustModel(t, tt.layer, input, models.WithSeed(2))
			if got := names(m.Params()); !slices.Equal(got, tt.params) {
				t.Errorf("parameters are %v, want %v", got, tt.params)
			}
			if got, want := m.OutputShape(), []int{8, tt.width}; !slices.Equal(got, want) {
				t.Errorf("output shape is %v, want %v", got, want)
			}
			for i, g := range trainStep(t, m, x) {
				if !slices.ContainsFunc(g, func(v float32) bool { return v != 0 }) {
					t.Errorf("gradient of %s is zero", m.Params()[i].Name())
				}
			}
			eval, train := forward(t, m, models.Eval, x, 3), forward(t, m, models.Train, x, 3)
			if !slices.Equal(eval, forward(t, m, models.Eval, x, 4)) {
				t.Error("evaluation depends on the step")
			}
			if tt.name == "Positions" {
				return
			}
			if slices.Equal(eval, train) || slices.Equal(train, forward(t, m, models.Train, x, 4)) {
				t.Error("training does not drop, or the same at all steps")
			}
			if !slices.Equal(train, forward(t, m, models.Train, x, 3)) || !slices.Equal(train, forward(t, m, models.Sample, x, 3)) {
				t.Error("one step has more than one mask")
			}
			// No step: nothing can be drawn.
			g, err := m.Build(models.Eval, 3)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := ops.FindStep(g.ExprGraph); ok {
				t.Error("the evaluation graph holds a step")
			}
		})
	}
}

// Rates of 0 change nothing but the noise: the parameters start alike, and without
// noise training is evaluation.
func TestSequencesWithoutDropout(t *testing.T) {
	plain := models.LSTMLanguageModel{Vocabulary: 7, Width: 4, LSTM: models.LSTM{Units: 5, Layers: 2}}
	dropped := plain
	dropped.LSTM = everyDropout
	dropped.LSTM.ZoneoutCell, dropped.LSTM.ZoneoutHidden = 0, 0
	dropped.OutputDropout = 0.5
	x := ids(7, 3, 8)
	a, b := mustModel(t, plain, []int{8}), mustModel(t, dropped, []int{8})
	eval := forward(t, a, models.Eval, x, 0)
	if !slices.Equal(eval, forward(t, b, models.Eval, x, 0)) {
		t.Error("dropout changes evaluation")
	}
	if !slices.Equal(eval, forward(t, a, models.Train, x, 0)) {
		t.Error("training without dropout is not evaluation")
	}
}

// The ids of dropouts do not depend on rates: what one layer drops does not change
// with another's rate.
func TestSequenceLayersKeepTheirMasks(t *testing.T) {
	with := func(l models.LSTM) []float32 {
		l.Units = 6
		m := mustModel(t, models.Sequential{l, models.LockedDropout(0.5)}, []int{4, 6})
		var zero []float32
		for _, v := range forward(t, m, models.Train, batch(5, 4, 6), 1) {
			if v != 0 {
				v = 1
			}
			zero = append(zero, v)
		}
		return zero
	}
	want := with(models.LSTM{})
	if !slices.Equal(with(models.LSTM{RecurrentDropout: 0.5}), want) || !slices.Equal(with(models.LSTM{InputDropout: 0.1, WeightDrop: 0.5}), want) {
		t.Error("masks depend on other rates")
	}
}

// Transformers for evaluation foretell a token from those before it alone.
func TestTransformerLanguageModelIsCausal(t *testing.T) {
	m := mustModel(t, models.TransformerLanguageModel{
		Vocabulary: 7, Context: 8, Width: 6, Blocks: 2, Block: models.TransformerBlock{Heads: 2},
	}, []int{8})
	x := ids(7, 1, 8)
	before := forward(t, m, models.Eval, x, 0)
	x.Float32s()[5] = 6
	after := forward(t, m, models.Eval, x, 0)
	if !slices.Equal(before[:5*7], after[:5*7]) || slices.Equal(before[5*7:], after[5*7:]) {
		t.Error("logits depend on tokens to come, or not on those before")
	}
}

// Networks learn to count through a cycle that needs the token before the last one,
// and the last batch of an epoch is smaller.
func TestLanguageModelsLearn(t *testing.T) {
	text := []int{0, 1, 2, 1, 0, 3}
	const length = 9
	data := &training.Examples{Shape: []int{length}}
	for n := range 22 {
		for i := range length {
			data.X = append(data.X, float32(text[(n+i)%len(text)]))
			data.Y = append(data.Y, text[(n+i+1)%len(text)])
		}
	}
	for name, net := range map[string]models.Layer{
		"LSTM": models.LSTMLanguageModel{Vocabulary: 4, Width: 8, LSTM: models.LSTM{Units: 16, WeightDrop: 0.1, ZoneoutHidden: 0.05}, OutputDropout: 0.1},
		"GRU":  models.GRULanguageModel{Vocabulary: 4, Width: 12, GRU: models.GRU{Units: 12, RecurrentDropout: 0.1}, Tied: true},
		"Transformer": models.TransformerLanguageModel{
			Vocabulary: 4, Context: length, Width: 16, Blocks: 1, Block: models.TransformerBlock{Heads: 2, AttentionDropout: 0.05, HiddenDropout: 0.05},
		},
	} {
		t.Run(name, func(t *testing.T) {
			trainer := &training.Trainer{
				Model: mustModel(t, net, []int{length}, models.WithSeed(1)), Solver: &optim.Adam{LR: 0.02}, Epochs: 40, BatchSize: 8,
			}
			history, err := trainer.Fit(context.Background(), training.Data{Train: data})
			if err != nil {
				t.Fatal(err)
			}
			// The first token of half the examples leaves two to choose from.
			if history.Train.Accuracy() < 0.9 {
				t.Errorf("accuracy is %v", history.Train.Accuracy())
			}
		})
	}
}

// Graphs may be built by several goroutines at once.
func TestSequenceGraphsBuildInCompany(t *testing.T) {
	m := mustModel(t, models.LSTMLanguageModel{Vocabulary: 7, Width: 4, LSTM: everyDropout}, []int{8})
	want := forward(t, m, models.Train, ids(7, 3, 8), 5)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if !slices.Equal(forward(t, m, models.Train, ids(7, 3, 8), 5), want) {
				t.Error("results differ")
			}
		})
	}
	wg.Wait()
}

func TestSequenceLayersReject(t *testing.T) {
	lm := models.LSTMLanguageModel{Vocabulary: 7, Width: 4, LSTM: models.LSTM{Units: 5}}
	tied, wide := lm, lm
	tied.Tied, wide.OutputDropout = true, 2
	for _, tt := range []struct {
		layer models.Layer
		input []int
		want  string
	}{
		{models.LSTM{}, []int{3, 4}, "models: LSTM: units must be positive and layers not negative, got 0 and 0"},
		{models.LSTM{Units: 2}, []int{4}, "models: LSTM: input must have shape (batch, time, features), got (1, 4)"},
		{models.LSTM{Units: 2, InputDropout: 2}, []int{3, 4}, "models: LSTM: InputDropout: p must be in [0, 1], got 2"},
		{models.LSTM{Units: 2, Layers: 2, LayerDropout: 2}, []int{3, 4}, "models: LSTM: LayerDropout: p must be in [0, 1], got 2"},
		{models.LSTM{Units: 2, WeightDrop: -1}, []int{3, 4}, "models: LSTM: WeightDrop: p must be in [0, 1], got -1"},
		{models.GRU{Units: 2, Zoneout: math.NaN()}, []int{3, 4}, "models: GRU: nn: GRU: ZoneoutHidden must be in [0, 1], got NaN"},
		{models.PerToken(models.Linear(4, 2)), []int{4}, "models: PerToken: input must have shape (batch, time, features), got (1, 4)"},
		{models.SelfAttention{Heads: 3}, []int{3, 4}, "models: SelfAttention: heads must divide the width 4, got 3"},
		{models.SelfAttention{Heads: 2}, []int{4}, "models: SelfAttention: input must have shape (batch, time, width), got (1, 4)"},
		{models.SelfAttention{Heads: 2, Dropout: 2}, []int{3, 4}, "models: SelfAttention: p must be in [0, 1], got 2"},
		{models.Positions(2), []int{3, 4}, "models: Positions: input must have shape (batch, time, width) with at most 2 times, got (1, 3, 4)"},
		{models.TransformerBlock{Heads: 2, Hidden: -1}, []int{3, 4}, "models: TransformerBlock: hidden units must not be negative, got -1"},
		{models.TransformerBlock{Heads: 2, LayerDrop: -1}, []int{3, 4}, "models: TransformerBlock: LayerDrop: p must be in [0, 1], got -1"},
		{models.TransformerLanguageModel{Vocabulary: 2, Width: 2, Context: 8, Block: models.TransformerBlock{LayerDrop: math.NaN()}}, []int{8}, "models: TransformerLanguageModel: LayerDrop: p must be in [0, 1], got NaN"},
		{models.TransformerBlock{Heads: 2}, []int{4}, "models: TransformerBlock: input must have shape (batch, time, width), got (1, 4)"},
		{lm, []int{8, 2}, "models: LSTMLanguageModel: input must be ids of shape (batch, time), got (1, 8, 2)"},
		{models.LSTMLanguageModel{}, []int{8}, "models: LSTMLanguageModel: vocabulary and width must be positive, got 0 and 0"},
		{tied, []int{8}, "models: LSTMLanguageModel: a tied decoder must have the 4 features of the embedding, got 5"},
		{wide, []int{8}, "models: LSTMLanguageModel: OutputDropout: p must be in [0, 1], got 2"},
		{models.TransformerLanguageModel{Vocabulary: 2, Width: 2}, []int{8}, "models: TransformerLanguageModel: context must be positive and blocks not negative, got 0 and 0"},
		{models.TransformerLanguageModel{Vocabulary: 2, Width: 2, Context: 4}, []int{8}, "models: position: Positions: input must have shape (batch, time, width) with at most 4 times"},
		{models.TransformerLanguageModel{Vocabulary: 2, Width: 2, Context: 8, Block: models.TransformerBlock{DropPath: 2}}, []int{8}, "models: TransformerLanguageModel: DropPath: p must be in [0, 1], got 2"},
		{models.Tabular{Inputs: 4, Outputs: 2, SelfNormalizing: true, BatchNorm: true}, []int{4}, "models: Tabular: SelfNormalizing must be without BatchNorm and Activation"},
		{models.Tabular{Inputs: 4, Outputs: 2, SelfNormalizing: true, InputDropout: 2}, []int{4}, "models: Tabular: InputDropout: p must be in [0, 1], got 2"},
		// Rates are checked where they are not used, too.
		{models.LSTM{Units: 2, LayerDropout: 2}, []int{3, 4}, "models: LSTM: LayerDropout: p must be in [0, 1], got 2"},
		{models.GRU{Units: 2, LayerDropout: math.NaN()}, []int{3, 4}, "models: GRU: LayerDropout: p must be in [0, 1], got NaN"},
		{models.MLP{Inputs: 4, Outputs: 2, HiddenDropout: -1}, []int{4}, "models: MLP: HiddenDropout: p must be in [0, 1], got -1"},
		{models.Tabular{Inputs: 4, Outputs: 2, HiddenDropout: -1}, []int{4}, "models: Tabular: HiddenDropout: p must be in [0, 1], got -1"},
		{models.ConvNet{Outputs: 2, ChannelDropout: 2}, []int{1, 4, 4}, "models: ConvNet: ChannelDropout: p must be in [0, 1], got 2"},
		{models.ConvNet{Outputs: 2, HiddenDropout: 2}, []int{1, 4, 4}, "models: ConvNet: HiddenDropout: p must be in [0, 1], got 2"},
		{models.TransformerBlock{Heads: 2, HiddenDropout: 2}, []int{3, 4}, "models: TransformerBlock: HiddenDropout: p must be in [0, 1], got 2"},
		{models.TransformerLanguageModel{Vocabulary: 2, Width: 2, Context: 8, Block: models.TransformerBlock{HiddenDropout: 2}}, []int{8}, "models: TransformerLanguageModel: HiddenDropout: p must be in [0, 1], got 2"},
		{models.DropBlock2d(0, -1), []int{1, 4, 4}, "models: DropBlock2d: side must be positive, got -1"},
	} {
		if _, err := models.New(tt.layer, tt.input); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

// Ids that are none are errors of the run, which name them.
func TestLanguageModelRejectsIDs(t *testing.T) {
	m := mustModel(t, models.LSTMLanguageModel{Vocabulary: 4, Width: 2, LSTM: models.LSTM{Units: 2}}, []int{3})
	for id, want := range map[float32]string{4: "must be in [0, 4), got 4", 0.5: "must be a whole number, got 0.5"} {
		data := &training.Examples{Shape: []int{3}, X: []float32{0, 1, 2, 3, 0, id}, Y: make([]int, 6)}
		_, err := (&training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1}).Fit(context.Background(), training.Data{Train: data})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}
