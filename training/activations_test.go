package training_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Activations are what the layers compute by hand, without dropout.
func TestActivations(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, plain := range []bool{false, true} {
			opts := []models.Option{models.WithDtype(dt), models.WithSeed(2)}
			if plain {
				opts = append(opts, models.WithoutFusion())
			}
			net := models.Sequential{models.Linear(2, 5), models.ReLU(), models.Dropout(0.5), models.Linear(5, 4), models.Tanh(), models.Linear(4, 3)}
			m, err := models.New(net, []int{2}, opts...)
			if err != nil {
				t.Fatal(err)
			}
			data := blobs(20, 1)
			layers, err := training.Activations(context.Background(), m, data, 7)
			if err != nil {
				t.Fatal(err)
			}
			if len(layers) != 2 || layers[0].Layer != "1" || layers[1].Layer != "4" || len(layers[0].Values) != 7*5 || len(layers[1].Values) != 7*4 {
				t.Fatalf("layers are %+v", layers)
			}
			w := m.Params()[0].Value()
			weight := func(i, j int) float64 {
				v, _ := w.At(i, j)
				if f, ok := v.(float32); ok {
					return float64(f)
				}
				return v.(float64)
			}
			zeros, mean := 0, 0.0
			for n := range 7 {
				for j := range 5 {
					want := math.Max(0, float64(data.X[2*n])*weight(0, j)+float64(data.X[2*n+1])*weight(1, j))
					if got := layers[0].Values[5*n+j]; math.Abs(got-want) > 1e-5 {
						t.Errorf("%v: activation %d of example %d is %v, want %v", dt, j, n, got, want)
					}
					mean += want / 35
					if want == 0 {
						zeros++
					}
				}
			}
			if math.Abs(layers[0].Mean-mean) > 1e-5 || math.Abs(layers[0].Zeros-float64(zeros)/35) > 1e-9 || zeros == 0 {
				t.Errorf("%v: mean %v and share of zeros %v, want %v and %v", dt, layers[0].Mean, layers[0].Zeros, mean, float64(zeros)/35)
			}
		}
	}
}

func TestActivationsRejects(t *testing.T) {
	m := newModel(t, 0.5)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		ctx   context.Context
		data  training.Dataset
		limit int
		want  string
	}{
		{context.Background(), blobs(5, 1), 0, "want at least one example"},
		{context.Background(), &training.Examples{Shape: []int{3}, X: make([]float32, 3), Y: []int{0}}, 1, "data must have examples of the model's shape"},
		{cancelled, blobs(5, 1), 5, "stopped"},
	} {
		if _, err := training.Activations(tt.ctx, m, tt.data, tt.limit); err == nil || !strings.HasPrefix(err.Error(), "training: Activations: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

// Those of the first layer are those of the network, with batch normalization too,
// and of fewer examples than there may be.
func TestActivationsOfBatchNorm(t *testing.T) {
	for _, batchNorm := range []bool{false, true} {
		net := models.MLP{Inputs: 4, Hidden: []int{3}, Outputs: 2, InputDropout: 0.2, HiddenDropout: 0.5, BatchNorm: batchNorm}
		m, err := models.New(net, []int{4}, models.WithSeed(5))
		if err != nil {
			t.Fatal(err)
		}
		named := make(map[string][]float32)
		for _, p := range append(m.Params(), m.States()...) {
			for i := range p.Value().Float32s() {
				p.Value().Float32s()[i] += 0.1 * float32(i+1)
			}
			named[p.Name()] = p.Value().Float32s()
		}
		x := []float32{1, -2, 0.5, 3, 0, 1, -1, 2}
		layers, err := training.Activations(context.Background(), m, &training.Examples{Shape: []int{4}, X: x, Y: []int{0, 1}}, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(layers) != 1 || len(layers[0].Values) != 6 {
			t.Fatalf("want activations of 2 examples and 3 units, got %v", layers)
		}
		got := layers[0].Values
		for n := range 2 {
			for j := range 3 {
				h := 0.0
				for i := range 4 {
					h += float64(x[4*n+i]) * float64(named["1.weight"][3*i+j])
				}
				if batchNorm {
					mean, variance := float64(named["2.running_mean"][j]), float64(named["2.running_var"][j])
					h = (h-mean)/math.Sqrt(variance+1e-5)*float64(named["2.weight"][j]) + float64(named["2.bias"][j])
				} else {
					h += float64(named["1.bias"][j])
				}
				if want := max(0, h); math.Abs(got[3*n+j]-want) > 1e-5 {
					t.Errorf("batch normalization %v: example %d, unit %d is %v, want %v", batchNorm, n, j, got[3*n+j], want)
				}
			}
		}
	}
}
