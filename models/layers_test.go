package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// trainStep runs a training graph of m once, forward and backward, and returns the
// gradients of all parameters.
func trainStep(t testing.TB, m *models.Model, x *tensor.Dense) [][]float32 {
	t.Helper()
	g, err := m.Build(models.Train, x.Shape()[0])
	if err != nil {
		t.Fatal(err)
	}
	cost, err := gorgonia.Sum(gorgonia.Must(gorgonia.Square(g.Output)))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := gorgonia.Grad(cost, g.Params()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := gorgonia.Let(g.Input, x); err != nil {
		t.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g.ExprGraph)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	var grads [][]float32
	for _, n := range nodes {
		grads = append(grads, slices.Clone(n.Value().(*tensor.Dense).Float32s()))
	}
	return grads
}

func names(params []*models.Param) []string {
	var all []string
	for _, p := range params {
		all = append(all, p.Name())
	}
	return all
}

// Every layer builds in every mode, gives the shape that it promises, and all its
// parameters get a gradient.
func TestLayers(t *testing.T) {
	image, text := []int{3, 8, 8}, []int{5, 6}
	tests := []struct {
		name   string
		layer  models.Layer
		input  []int
		output []int
		params []string
	}{
		{"Conv2d", models.Conv2d(4, 3), image, []int{4, 6, 6}, []string{"0.weight", "0.bias"}},
		{"Conv2d strided", models.Conv2d(4, 3, nn.WithStride(2), nn.WithPadding(1)), image, []int{4, 4, 4}, []string{"0.weight", "0.bias"}},
		{"Conv2d in groups", models.Conv2dLayer{Out: 6, Kernel: []int{3}, Groups: 3}, image, []int{6, 6, 6}, []string{"0.weight", "0.bias"}},
		{"Convolution", models.Conv2dLayer{Out: 2, Kernel: []int{1, 3}, NoBias: true, Init: models.GlorotUniform}, image, []int{2, 8, 6}, []string{"0.weight"}},
		{"MaxPool2d", models.MaxPool2d(2), image, []int{3, 4, 4}, nil},
		{"AvgPool2d", models.AvgPool2d(3, nn.WithStride(1)), image, []int{3, 6, 6}, nil},
		{"GlobalAvgPool2d", models.GlobalAvgPool2d(), image, []int{3}, nil},
		{"Flatten", models.Flatten(), image, []int{192}, nil},
		{"Unflatten", models.Unflatten(3, 2), []int{6}, []int{3, 2}, nil},
		{"LayerNorm", models.LayerNorm(), text, []int{5, 6}, []string{"0.weight", "0.bias"}},
		{"LayerNorm of two axes", models.LayerNorm(5, 6), text, []int{5, 6}, []string{"0.weight", "0.bias"}},
		{"BatchNorm1d", models.BatchNorm1d(), []int{7}, []int{7}, []string{"0.weight", "0.bias"}},
		{"BatchNorm1d of sequences", models.BatchNorm1d(), text, text, []string{"0.weight", "0.bias"}},
		{"BatchNorm2d", models.BatchNorm2d(nn.WithMomentum(0.5)), image, image, []string{"0.weight", "0.bias"}},
		{"LeakyReLU", models.LeakyReLU(0.1), text, text, nil},
		{"GELU", models.GELU(), text, text, nil},
		{"SELU", models.SELU(), text, text, nil},
		{"Softmax", models.Softmax(), text, text, nil},
		{"LogSoftmax", models.LogSoftmax(), text, text, nil},
		{"Residual", models.Residual(models.Conv2d(3, 3, nn.WithPadding(1)), models.ReLU(), models.DropPath(0.5)), image, image, []string{"0.0.weight", "0.0.bias"}},
		{"DropConnect", models.DropConnect(7, 3, 0.5), []int{7}, []int{3}, []string{"0.weight", "0.bias"}},
		{"Shakeout", models.Shakeout(7, 3, 0.5, 0.1), []int{7}, []int{3}, []string{"0.weight", "0.bias"}},
		{"Standout", models.Standout(7, 3, 1, 0), []int{7}, []int{3}, []string{"0.weight", "0.bias"}},
		{"TargetedDropout", models.TargetedDropout(7, 3, 0.5, 0.5), []int{7}, []int{3}, []string{"0.weight", "0.bias"}},
		{"TargetedUnitDropout", models.TargetedUnitDropout(7, 3, 0.5, 0.5), []int{7}, []int{3}, []string{"0.weight", "0.bias"}},
		{"LayerDrop", models.LayerDrop(0.5, models.Linear(7, 7), models.ReLU()), []int{7}, []int{7}, []string{"0.0.weight", "0.0.bias"}},
		{"VariationalDropout", models.VariationalDropout(7, 3, 0.1), []int{7}, []int{3}, []string{"0.weight", "0.bias", "0.log_variance"}},
		{"ConcreteDropout", models.ConcreteDropout(7, 3, 0.1, 0.1), []int{7}, []int{3}, []string{"0.weight", "0.bias", "0.p_logit"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// A linear layer behind gives those without parameters a gradient to pass.
			size := 1
			for _, d := range tt.output {
				size *= d
			}
			m := mustModel(t, models.Sequential{tt.layer, models.Flatten(), models.Linear(size, 2)}, tt.input)
			if got, want := names(m.Params()), append(tt.params, "2.weight", "2.bias"); !slices.Equal(got, want) {
				t.Errorf("parameters are %v, want %v", got, want)
			}
			alone := mustModel(t, tt.layer, tt.input)
			if got := alone.OutputShape(); !slices.Equal(got, tt.output) {
				t.Errorf("output shape is %v, want %v", got, tt.output)
			}
			x := batch(append([]int{4}, tt.input...)...)
			for i, g := range trainStep(t, m, x) {
				if !slices.ContainsFunc(g, func(v float32) bool { return v != 0 }) {
					t.Errorf("gradient of %s is zero", m.Params()[i].Name())
				}
			}
			for _, mode := range []models.Mode{models.Eval, models.Train, models.Sample} {
				for _, y := range forward(t, alone, mode, x, 0) {
					if math.IsNaN(float64(y)) {
						t.Fatalf("%v gives NaN", mode)
					}
				}
			}
		})
	}
}

// Every dropout drops in training and in sampling, the same at the same step, and
// is nothing in evaluation.
func TestDropoutLayers(t *testing.T) {
	image, text, flat := []int{3, 8, 8}, []int{5, 6}, []int{40}
	for name, tt := range map[string]struct {
		make  func(p float64) models.Layer
		input []int
	}{
		"Dropout":             {func(p float64) models.Layer { return models.Dropout(p) }, flat},
		"Dropout1d":           {func(p float64) models.Layer { return models.Dropout1d(p) }, text},
		"Dropout2d":           {func(p float64) models.Layer { return models.Dropout2d(p) }, image},
		"Dropout3d":           {func(p float64) models.Layer { return models.Dropout3d(p) }, []int{3, 2, 4, 4}},
		"AlphaDropout":        {func(p float64) models.Layer { return models.AlphaDropout(p) }, flat},
		"FeatureAlphaDropout": {func(p float64) models.Layer { return models.FeatureAlphaDropout(p) }, text},
		"GaussianDropout":     {func(p float64) models.Layer { return models.GaussianDropout(p) }, flat},
		"GaussianNoise":       {func(p float64) models.Layer { return models.GaussianNoise(p) }, flat},
		"DropPath":            {func(p float64) models.Layer { return models.DropPath(p) }, text},
		"DropBlock2d":         {func(p float64) models.Layer { return models.DropBlock2d(p, 3) }, image},
		"Batchwise":           {func(p float64) models.Layer { return models.Batchwise(p) }, flat},
		"ExactK":              {func(p float64) models.Layer { return models.ExactK(p) }, flat},
		"LockedDropout":       {func(p float64) models.Layer { return models.LockedDropout(p) }, text},
		"AttentionDropout":    {func(p float64) models.Layer { return models.AttentionDropout(p) }, image},
		"TokenDropout":        {func(p float64) models.Layer { return models.TokenDropout(p) }, text},
	} {
		t.Run(name, func(t *testing.T) {
			x := batch(append([]int{16}, tt.input...)...)
			m := mustModel(t, tt.make(0.5), tt.input)
			if !slices.Equal(forward(t, m, models.Eval, x, 0), x.Float32s()) {
				t.Error("evaluation changes x")
			}
			train := forward(t, m, models.Train, x, 3)
			if slices.Equal(train, x.Float32s()) || slices.Equal(train, forward(t, m, models.Train, x, 4)) {
				t.Error("training does not drop, or the same at all steps")
			}
			if !slices.Equal(train, forward(t, m, models.Sample, x, 3)) {
				t.Error("sampling draws other masks than training")
			}
			if g, err := mustModel(t, tt.make(0), tt.input).Build(models.Train, 2); err != nil || g.Output != g.Input {
				t.Errorf("p = 0 adds ops, or %v", err)
			}
			_, err := models.New(tt.make(-1), tt.input)
			want := "models: " + name + ": p must be in [0, 1], got -1"
			if name == "GaussianNoise" {
				want = "models: GaussianNoise: sigma must be finite and not negative, got -1"
			}
			if err == nil || err.Error() != want {
				t.Errorf("want error %q, got %v", want, err)
			}
		})
	}
}

func TestWeightScalingDropoutLayer(t *testing.T) {
	m := mustModel(t, models.WeightScalingDropout(0.25), []int{40})
	x := batch(4, 40)
	for i, y := range forward(t, m, models.Eval, x, 0) {
		if want := 0.75 * x.Float32s()[i]; math.Abs(float64(y-want)) > 1e-6 {
			t.Fatalf("element %d is %v in evaluation, want %v", i, y, want)
		}
	}
	for i, y := range forward(t, m, models.Train, x, 0) {
		if y != 0 && y != x.Float32s()[i] {
			t.Fatalf("element %d is %v in training, want 0 or %v", i, y, x.Float32s()[i])
		}
	}
}

// Running statistics belong to the model: training changes them, evaluation uses
// them, and they are not parameters.
func TestBatchNormStates(t *testing.T) {
	m := mustModel(t, models.Sequential{models.BatchNorm1d(nn.WithMomentum(1)), models.Linear(2, 2)}, []int{2})
	if got, want := names(m.States()), []string{"0.running_mean", "0.running_var"}; !slices.Equal(got, want) {
		t.Fatalf("states are %v, want %v", got, want)
	}
	if got, want := names(m.Params()), []string{"0.weight", "0.bias", "1.weight", "1.bias"}; !slices.Equal(got, want) {
		t.Fatalf("parameters are %v, want %v", got, want)
	}
	if m.NumParams() != 4+4+2 {
		t.Errorf("model has %d parameters, want 10", m.NumParams())
	}
	mean, variance := m.States()[0].Value().Float32s(), m.States()[1].Value().Float32s()
	if !slices.Equal(mean, []float32{0, 0}) || !slices.Equal(variance, []float32{1, 1}) {
		t.Errorf("statistics start at %v and %v", mean, variance)
	}
	x := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 10, 3, 30}))
	before := forward(t, m, models.Eval, x, 0)
	trainStep(t, m, x)
	if !slices.Equal(mean, []float32{2, 20}) || !slices.Equal(variance, []float32{2, 200}) {
		t.Errorf("statistics after a step are %v and %v, want [2 20] and [2 200]", mean, variance)
	}
	if slices.Equal(before, forward(t, m, models.Eval, x, 0)) {
		t.Error("evaluation does not see the new statistics")
	}
	forward(t, m, models.Sample, x, 0)
	if !slices.Equal(mean, []float32{2, 20}) {
		t.Error("sampling changes the statistics")
	}
}

// Embedding takes ids as floats, which is what models are fed.
func TestEmbeddingLayer(t *testing.T) {
	m := mustModel(t, models.Embedding(5, 2), []int{3})
	w := m.Params()[0].Value().Float32s()
	x := tensor.New(tensor.WithShape(1, 3), tensor.WithBacking([]float32{4, 0, 4}))
	want := slices.Concat(w[8:10], w[0:2], w[8:10])
	if got := forward(t, m, models.Eval, x, 0); !slices.Equal(got, want) {
		t.Errorf("rows are %v, want %v", got, want)
	}
	if got := trainStep(t, m, x)[0]; got[8] != 4*w[8] || got[0] != 2*w[0] || got[2] != 0 {
		t.Errorf("gradient is %v for rows %v", got, w)
	}
}

// A word whose row is dropped is missing at all its places.
func TestEmbeddingDropoutLayer(t *testing.T) {
	m := mustModel(t, models.EmbeddingDropout(40, 2, 0.5), []int{80})
	w := m.Params()[0].Value().Float32s()
	ids := make([]float32, 80)
	for i := range ids {
		ids[i] = float32(i % 40)
	}
	x := tensor.New(tensor.WithShape(1, 80), tensor.WithBacking(ids))
	if got := forward(t, m, models.Eval, x, 0); !slices.Equal(got, slices.Concat(w, w)) {
		t.Error("evaluation drops")
	}
	got, dropped := forward(t, m, models.Train, x, 0), 0
	if !slices.Equal(got[:80], got[80:]) {
		t.Error("places of one word differ")
	}
	for i := range 40 {
		switch {
		case got[2*i] == 0 && got[2*i+1] == 0:
			dropped++
		case got[2*i] != 2*w[2*i] || got[2*i+1] != 2*w[2*i+1]:
			t.Errorf("row %d is %v, want zero or twice %v", i, got[2*i:2*i+2], w[2*i:2*i+2])
		}
	}
	if dropped == 0 || dropped == 40 {
		t.Errorf("%d of 40 words are dropped", dropped)
	}
}

func TestLayersReject(t *testing.T) {
	for _, tt := range []struct {
		layer models.Layer
		input []int
		want  string
	}{
		{models.Conv2d(4, 3), []int{8, 8}, "models: Conv2d: input must have shape (batch, channels, height, width), got (1, 8, 8)"},
		{models.Conv2d(0, 3), []int{1, 8, 8}, "models: Conv2d: filters and their one or two sizes must be positive, got 0 and [3]"},
		{models.Conv2dLayer{Out: 1}, []int{1, 8, 8}, "models: Conv2d: filters and their one or two sizes must be positive, got 1 and []"},
		{models.Conv2dLayer{Out: 4, Kernel: []int{3}, Groups: 2}, []int{3, 8, 8}, "models: Conv2d: groups must divide 3 channels and 4 filters, got 2"},
		{models.Conv2dLayer{Out: 4, Kernel: []int{3}, Groups: -1}, []int{3, 8, 8}, "models: Conv2d: groups must divide 3 channels and 4 filters, got -1"},
		{models.Conv2d(4, 9), []int{1, 8, 8}, "models: Conv2d: nn: Conv2d: images of 8×8"},
		{models.Conv2d(4, 3, nn.WithStride(0)), []int{1, 8, 8}, "stride must be one or two numbers of at least 1, got [0]"},
		{models.MaxPool2d(0), []int{1, 8, 8}, "models: MaxPool2d: nn: MaxPool2d: kernel must be at least 1, got [0 0]"},
		{models.AvgPool2d(2), []int{8}, "models: AvgPool2d: nn: AvgPool2d: x must have rank 4"},
		{models.Unflatten(5), []int{4}, "models: Unflatten: nn: Unflatten: x must have 5 elements to an example, got shape (1, 4)"},
		{models.LayerNorm(5), []int{4}, "models: LayerNorm: input must have shape (batch, ...) that ends in [5], got (1, 4)"},
		{models.LayerNorm(1, 4), []int{4}, "models: LayerNorm: input must have shape (batch, ...) that ends in [1 4], got (1, 4)"},
		{models.BatchNorm1d(), []int{1, 8, 8}, "models: BatchNorm1d: input must have shape (batch, features) or (batch, channels, length), got (1, 1, 8, 8)"},
		{models.BatchNorm2d(), []int{8}, "models: BatchNorm2d: input must have shape (batch, channels, height, width), got (1, 8)"},
		{models.BatchNorm1d(nn.WithMomentum(2)), []int{8}, "models: BatchNorm1d: nn: BatchNorm: momentum must be in (0, 1], got 2"},
		{models.Embedding(0, 2), []int{3}, "models: Embedding: sizes must be positive, got 0 and 2"},
		{models.EmbeddingDropout(3, 0, 0.5), []int{3}, "models: EmbeddingDropout: sizes must be positive, got 3 and 0"},
		{models.EmbeddingDropout(3, 2, -1), []int{3}, "models: EmbeddingDropout: p must be in [0, 1], got -1"},
		{models.LeakyReLU(math.NaN()), []int{3}, "models: LeakyReLU: nn: LeakyReLU: slope must be finite, got NaN"},
		{models.Residual(models.Linear(3, 4)), []int{3}, "models: Residual: layers must keep the shape (1, 3), got (1, 4)"},
		{models.Residual(nil), []int{3}, "models: Sequential: layer 0 must be a layer, got nil"},
		{models.Dropout2d(0.5), []int{3}, "models: Dropout2d: ops: Dropout2d: x must have shape (N, C, H, W), got (1, 3)"},
		{models.DropBlock2d(0.5, 9), []int{1, 8, 8}, "models: DropBlock2d: ops: DropBlock2d: side must be in [1, 8]"},
		{models.DropConnect(3, 2, 2), []int{3}, "models: DropConnect: p must be in [0, 1], got 2"},
		{models.Shakeout(3, 2, 2, 0), []int{3}, "models: Shakeout: p must be in [0, 1], got 2"},
		{models.Shakeout(3, 2, 0.5, -1), []int{3}, "models: Shakeout: c must be finite and not negative, got -1"},
		{models.Standout(3, 2, math.Inf(1), 0), []int{3}, "models: Standout: ops: Standout: alpha and beta must be finite, got +Inf and 0"},
		{models.Standout(4, 2, 1, 0), []int{3}, "models: Linear: input must have shape (batch, 4), got (1, 3)"},
		{models.VariationalDropout(3, 2, -1), []int{3}, "models: VariationalDropout: factor must be finite and not negative, got -1"},
		{models.VariationalDropout(3, 2, math.NaN()), []int{3}, "models: VariationalDropout: factor must be finite and not negative, got NaN"},
		{models.VariationalDropoutLayer{Linear: models.Linear(3, 2), LogVariance: math.Inf(1)}, []int{3}, "models: VariationalDropout: LogVariance must be finite, got +Inf"},
		{models.VariationalDropout(4, 2, 0), []int{3}, "models: Linear: input must have shape (batch, 4), got (1, 3)"},
		{models.TargetedDropout(3, 2, 2, 0.5), []int{3}, "models: TargetedDropout: share must be in [0, 1], got 2"},
		{models.TargetedDropout(3, 2, 0.5, -1), []int{3}, "models: TargetedDropout: p must be in [0, 1], got -1"},
		{models.TargetedUnitDropout(3, 2, math.NaN(), 0.5), []int{3}, "models: TargetedUnitDropout: share must be in [0, 1], got NaN"},
		{models.TargetedUnitDropout(3, 2, 0.5, 2), []int{3}, "models: TargetedUnitDropout: p must be in [0, 1], got 2"},
		{models.TargetedDropout(3, 2, 0.5, 0.5, ops.WithShare(schedule.Constant(2))), []int{3}, "models: TargetedDropout: ops: TargetedDropout: share must be in [0, 1], got 2"},
		{models.TargetedDropout(4, 2, 0, 0), []int{3}, "models: Linear: input must have shape (batch, 4), got (1, 3)"},
		{models.LayerDrop(2, models.ReLU()), []int{3}, "models: LayerDrop: p must be in [0, 1], got 2"},
		{models.LayerDrop(0.5, models.Linear(3, 4)), []int{3}, "models: LayerDrop: layers must keep the shape (1, 3), got (1, 4)"},
		{models.LayerDrop(0.5, nil), []int{3}, "models: Sequential: layer 0 must be a layer, got nil"},
		{models.ConcreteDropoutLayer{Linear: models.Linear(3, 2), P: 1}, []int{3}, "models: ConcreteDropout: p must be in (0, 1), got 1"},
		{models.ConcreteDropoutLayer{Linear: models.Linear(3, 2), P: -1}, []int{3}, "models: ConcreteDropout: p must be in (0, 1), got -1"},
		{models.ConcreteDropout(3, 2, -1, 0), []int{3}, "models: ConcreteDropout: weight and dropout must be finite and not negative, got -1 and 0"},
		{models.ConcreteDropout(3, 2, 0, math.NaN()), []int{3}, "models: ConcreteDropout: weight and dropout must be finite and not negative, got 0 and NaN"},
		{models.ConcreteDropout(4, 2, 0, 0), []int{3}, "models: Linear: input must have shape (batch, 4), got (1, 3)"},
		{models.DropConnect(4, 2, 0), []int{3}, "models: Linear: input must have shape (batch, 4), got (1, 3)"},
		{models.WeightScalingDropout(2), []int{3}, "models: WeightScalingDropout: p must be in [0, 1], got 2"},
		{models.ConvNet{Channels: []int{2}, Outputs: 3}, []int{4}, "models: features.1: Conv2d: input must have shape"},
	} {
		if _, err := models.New(tt.layer, tt.input); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
