package models_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// Layers of any settings make a model or an error that names the package.
func TestLayersOfExtremes(t *testing.T) {
	float := rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, -1, 2, 0, 1,
	}))
	size := rapid.OneOf(rapid.IntRange(-2, 5), rapid.SampledFrom([]int{
		math.MaxInt, math.MinInt, math.MinInt32, 1 << 32, 1 << 62, math.MaxInt/4 + 1, math.MaxInt / 3,
	}))
	rapid.Check(t, func(t *rapid.T) {
		p, q := float.Draw(t, "p"), float.Draw(t, "q")
		n, k := size.Draw(t, "n"), size.Draw(t, "k")
		line, sequence, image := []int{4}, []int{3, 4}, []int{1, 6, 6}
		cases := map[string]struct {
			net   models.Layer
			input []int
		}{
			"Linear":           {models.Linear(4, n), line},
			"Linear of inputs": {models.Linear(n, k), line},
			"DropConnect":      {models.DropConnect(4, n, p), line},
			"Shakeout":         {models.Shakeout(4, n, p, q), line},
			"Standout":         {models.Standout(4, n, p, q), line},
			"Variational":      {models.VariationalDropout(4, n, p), line},
			"Targeted":         {models.TargetedDropout(4, n, p, q), line},
			"Targeted units":   {models.TargetedUnitDropout(4, n, p, q), line},
			"LayerDrop":        {models.LayerDrop(p, models.Linear(4, n)), line},
			"Conv2d":           {models.Conv2d(n, k), image},
			"Conv2d stride":    {models.Conv2d(2, 2, nn.WithStride(n), nn.WithDilation(k)), image},
			"MaxPool2d":        {models.MaxPool2d(n), image},
			"Unflatten":        {models.Unflatten(n, k), line},
			"LayerNorm":        {models.LayerNorm(n), line},
			"Embedding":        {models.Embedding(n, k), line},
			"Positions":        {models.Positions(n), sequence},
			"SelfAttention":    {models.SelfAttention{Heads: n, Dropout: p}, sequence},
			"LSTM":             {models.LSTM{Units: n, Layers: min(k, 2), InputDropout: p, LayerDropout: q, ZoneoutCell: p}, sequence},
			"GRU":              {models.GRU{Units: n, WeightDrop: p, Zoneout: q, RecurrentDropout: p}, sequence},
			"Block":            {models.TransformerBlock{Heads: 2, Hidden: n, HiddenDropout: p, DropPath: q, LayerDrop: p}, sequence},
			"MLP":              {models.MLP{Inputs: 4, Hidden: []int{n}, Outputs: k, InputDropout: p, HiddenDropout: q}, line},
			"Submatrix":        {models.MLP{Inputs: 4, Hidden: []int{n}, Outputs: 2, InputDropout: p, HiddenDropout: q, Submatrix: true}, line},
			"Tabular":          {models.Tabular{Inputs: 4, Hidden: []int{n}, Outputs: k, HiddenDropout: q, SelfNormalizing: true}, line},
			"ConvNet":          {models.ConvNet{Channels: []int{n}, Kernel: k, Outputs: 2, ChannelDropout: p}, image},
			"LSTM model":       {models.LSTMLanguageModel{Vocabulary: n, Width: k, LSTM: models.LSTM{Units: 2}, OutputDropout: p}, line},
			"Transformer": {models.TransformerLanguageModel{Vocabulary: 4, Width: 4, Context: n, Blocks: min(k, 2),
				Block: models.TransformerBlock{Heads: 2, AttentionDropout: p, DropPath: q}}, line},
			"DropBlock2d":   {models.DropBlock2d(p, n), image},
			"GaussianNoise": {models.GaussianNoise(p), line},
			"LeakyReLU":     {models.LeakyReLU(p), line},
			"input":         {models.ReLU(), []int{n, k}},
		}
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(cases))).Draw(t, "layer")
		m, err := models.New(cases[name].net, cases[name].input, models.WithDtype(tensor.Float64))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "models: ") {
				t.Fatalf("%s: error %q must name its package", name, err)
			}
			return
		}
		if _, err := m.Build(models.Train, n); err != nil && !strings.HasPrefix(err.Error(), "models: ") {
			t.Fatalf("%s: error %q must name its package", name, err)
		}
	})
}

// Sizes whose products overflow are errors.
func TestHugeModels(t *testing.T) {
	for _, tt := range []struct {
		net   models.Layer
		input []int
		want  string
	}{
		{models.Linear(4, math.MaxInt), []int{4}, "models: parameter weight: sizes must multiply to 2147483647 at most"},
		{models.Linear(4, 1<<62), []int{4}, "models: parameter weight: sizes must multiply to 2147483647 at most"},
		{models.ReLU(), []int{1 << 32, 1 << 32}, "models: New: input: sizes must multiply to 2147483647 at most"},
		{models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
			return s.Param("weight", []int{2}, nil)
		}), []int{4}, "models: parameter weight must have an Init, got nil"},
	} {
		if _, err := models.New(tt.net, tt.input); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
	if _, err := mustModel(t, models.ReLU(), []int{4}).Build(models.Train, math.MaxInt); err == nil || !strings.HasPrefix(err.Error(), "models: Build: batch of") {
		t.Errorf("want an error about the batch, got %v", err)
	}
}
