package models_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
)

// A graph that samples draws at negative steps too, where one that trains rests.
func TestSamplingNeverRests(t *testing.T) {
	m := mustModel(t, classic(), []int{128}, models.WithSeed(1))
	x := batch(5, 128)
	eval := forward(t, m, models.Eval, x, 0)
	if !slices.Equal(forward(t, m, models.Train, x, -1), eval) {
		t.Error("a graph that trains must drop nothing at a negative step")
	}
	if slices.Equal(forward(t, m, models.Sample, x, -1), eval) {
		t.Error("a graph that samples must drop at a negative step")
	}
}

// A convolution need not have a layer behind it, with which it could be one op.
func TestConvolutionAtTheEnd(t *testing.T) {
	net := models.Sequential{models.Conv2d(2, 3)}
	x := batch(2, 1, 5, 5)
	fused, plain := mustModel(t, net, []int{1, 5, 5}), mustModel(t, net, []int{1, 5, 5}, models.WithoutFusion())
	for _, mode := range []models.Mode{models.Train, models.Eval} {
		if got, want := forward(t, fused, mode, x, 1), forward(t, plain, mode, x, 1); !slices.Equal(got, want) {
			t.Errorf("%v: the output must be that of the plain op, %v, got %v", mode, want, got)
		}
	}
}

// The least and the greatest settings that networks take.
func TestSettingsAtTheirBounds(t *testing.T) {
	for name, tt := range map[string]struct {
		net   models.Layer
		input []int
		want  string
	}{
		"kernel of 1":  {models.ConvNet{Channels: []int{2}, Kernel: 1, Outputs: 2}, []int{1, 4, 4}, ""},
		"kernel of -1": {models.ConvNet{Channels: []int{2}, Kernel: -1, Outputs: 2}, []int{1, 4, 4}, "ConvNet: kernel must be odd, got -1"},
		"kernel of 2":  {models.ConvNet{Channels: []int{2}, Kernel: 2, Outputs: 2}, []int{1, 4, 4}, "ConvNet: kernel must be odd, got 2"},
		"no words":     {models.GRULanguageModel{Vocabulary: 0, Width: 4}, []int{3}, "vocabulary and width must be positive, got 0 and 4"},
		"no width":     {models.GRULanguageModel{Vocabulary: 4, Width: 0}, []int{3}, "vocabulary and width must be positive, got 4 and 0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := models.New(tt.net, tt.input)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("must be built, got %v", err)
			case tt.want != "":
				testkit.Rejects(t, err, tt.want)
			}
		})
	}
}

// Numbers of both types are looked at before they become weights.
func TestLoadRefusesNonFinite(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		t.Run(dt.String(), func(t *testing.T) {
			m := mustModel(t, models.Linear(1, 2), []int{1}, models.WithDtype(dt))
			weights, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			if err := weights["bias"].SetAt(map[tensor.Dtype]any{tensor.Float32: float32(math.Inf(1)), tensor.Float64: math.Inf(1)}[dt], 1); err != nil {
				t.Fatal(err)
			}
			testkit.Rejects(t, m.ReadSafetensors(written(t, weights)), `tensor "bias": numbers must be finite unless AllowNonFinite is given, got +Inf at 1`)
			if err := m.ReadSafetensors(written(t, weights), models.AllowNonFinite()); err != nil {
				t.Errorf("AllowNonFinite must take them, got %v", err)
			}
		})
	}
}
