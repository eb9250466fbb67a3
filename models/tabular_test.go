package models_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

func TestTabular(t *testing.T) {
	for name, tt := range map[string]struct {
		net    models.Tabular
		params []string
	}{
		"plain":           {models.Tabular{}, []string{"1.weight", "1.bias", "4.weight", "4.bias", "7.weight", "7.bias"}},
		"GELU":            {models.Tabular{Activation: models.GELU()}, []string{"1.weight", "1.bias", "4.weight", "4.bias", "7.weight", "7.bias"}},
		"BatchNorm":       {models.Tabular{BatchNorm: true}, []string{"1.weight", "2.weight", "2.bias", "5.weight", "6.weight", "6.bias", "9.weight", "9.bias"}},
		"SelfNormalizing": {models.Tabular{SelfNormalizing: true}, []string{"1.weight", "1.bias", "4.weight", "4.bias", "7.weight", "7.bias"}},
	} {
		net := tt.net
		net.Inputs, net.Hidden, net.Outputs = 5, []int{16, 8}, 3
		net.InputDropout, net.HiddenDropout = 0.1, 0.2
		m := mustModel(t, net, []int{5})
		if got := names(m.Params()); !slices.Equal(got, tt.params) {
			t.Errorf("%s: parameters are %v, want %v", name, got, tt.params)
		}
		x := batch(7, 5)
		eval, train := forward(t, m, models.Eval, x, 1), forward(t, m, models.Train, x, 1)
		if len(eval) != 21 || slices.Equal(eval, train) || slices.Equal(train, forward(t, m, models.Train, x, 2)) {
			t.Errorf("%s: training does not drop", name)
		}
		trainStep(t, m, x)
	}
}

// Units of a self-normalizing network keep mean 0 and variance 1 through many
// layers, dropout or not; those of ReLU without it would not keep their mean.
func TestSelfNormalizing(t *testing.T) {
	hidden := slices.Repeat([]int{200}, 16)
	net := models.Tabular{Inputs: 200, Hidden: hidden, Outputs: 1, HiddenDropout: 0.05, SelfNormalizing: true}
	layers := net.Layers()
	m := mustModel(t, layers[:len(layers)-1], []int{200}, models.WithSeed(5))
	r := rand.New(rand.NewPCG(1, 2))
	x := tensor.New(tensor.WithShape(50, 200), tensor.Of(tensor.Float32))
	for i := range x.Float32s() {
		x.Float32s()[i] = float32(r.NormFloat64())
	}
	for _, mode := range []models.Mode{models.Eval, models.Train} {
		var sum, squares float64
		y := forward(t, m, mode, x, 0)
		for _, v := range y {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		mean := sum / float64(len(y))
		if variance := squares/float64(len(y)) - mean*mean; math.Abs(mean) > 0.2 || variance < 0.6 || variance > 1.5 {
			t.Errorf("%v: units have mean %v and variance %v", mode, mean, variance)
		}
	}
}
