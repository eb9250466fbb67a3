package models_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Two of six weights have a variance above e³ times their square.
func ExamplePruneVariational() {
	m, err := models.New(models.VariationalDropout(3, 2, 1e-3), []int{3})
	if err != nil {
		log.Fatal(err)
	}
	weight, logVariance := m.Params()[0].Value().Float32s(), m.Params()[2].Value().Float32s()
	copy(weight, []float32{1, 0.1, 1, 1, 0.1, 0.1})
	copy(logVariance, []float32{-9, -1, -9, -9, -1, -9})
	report, err := models.PruneVariational(m, models.PruneFrom)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range report {
		fmt.Printf("%s: %d of %d pruned; left: %d inputs, %d outputs\n", s.Name, s.Pruned, s.Weights, s.Inputs, s.Outputs)
	}
	fmt.Println(weight)
	// Output:
	// weight: 2 of 6 pruned; left: 3 inputs, 2 outputs
	// [1 0 1 1 0 0.1]
}

// Counting changes nothing, other layers do not count, and an input or output
// without a weight is not left.
func TestVariationalSparsity(t *testing.T) {
	net := models.Sequential{models.Linear(4, 3), models.VariationalDropout(3, 2, 0), models.ReLU(), models.VariationalDropout(2, 1, 0)}
	m := mustModel(t, net, []int{4})
	w, s := m.Params()[2].Value().Float32s(), m.Params()[4].Value().Float32s()
	copy(w, []float32{1, 1, 1, 1, 0, 1})
	copy(s, []float32{-9, 3, 2.9, 5, -9, 4})
	before := slices.Clone(w)
	want := []models.Sparsity{
		{Name: "1.weight", Weights: 6, Pruned: 4, Inputs: 2, Outputs: 1},
		{Name: "3.weight", Weights: 2, Inputs: 2, Outputs: 1},
	}
	for _, f := range []func(*models.Model, float64) ([]models.Sparsity, error){models.VariationalSparsity, models.PruneVariational} {
		if !slices.Equal(w, before) {
			t.Errorf("counting must change nothing, got %v", w)
		}
		got, err := f(m, 3)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("want %+v, got %+v, %v", want, got, err)
		}
	}
	if !slices.Equal(w, []float32{1, 0, 1, 0, 0, 0}) {
		t.Errorf("want two weights left, got %v", w)
	}
	_, err := models.VariationalSparsity(m, math.NaN())
	testkit.Rejects(t, err, "models: VariationalSparsity: threshold must be a number and the model not nil, got NaN")
	_, err = models.PruneVariational(nil, 3)
	testkit.Rejects(t, err, "models: VariationalSparsity: threshold must be a number and the model not nil, got 3")
}

// The regularizer is a term of the loss in training, if it has a factor, and the
// variances begin as they are told.
func TestVariationalDropoutLayer(t *testing.T) {
	for _, factor := range []float64{0, 0.5} {
		m := mustModel(t, models.VariationalDropoutLayer{Linear: models.Linear(0, 2), LogVariance: -4, Factor: factor}, []int{3})
		if s := m.Params()[2].Value().Float32s(); !slices.Equal(s, []float32{-4, -4, -4, -4, -4, -4}) {
			t.Errorf("want -4, got %v", s)
		}
		for _, mode := range []models.Mode{models.Train, models.Sample, models.Eval} {
			g, err := m.Build(mode, 4)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			if mode == models.Train && factor > 0 {
				want = 1
			}
			if len(g.Losses()) != want || len(g.Params()) != 3 {
				t.Errorf("%v, factor %v: want %d terms and 3 parameters, got %d and %d", mode, factor, want, len(g.Losses()), len(g.Params()))
			}
		}
	}
	if s := mustModel(t, models.VariationalDropout(3, 2, 0), []int{3}).Params()[2].Value().Float32s(); s[0] != -10 {
		t.Errorf("want -10 by default, got %v", s)
	}
}

// The layer computes with random weights in training and with their means in
// evaluation; its op has the place and the options given to it.
func TestVariationalDropoutLayerNoise(t *testing.T) {
	const units = 400
	layer := models.VariationalDropoutLayer{Linear: models.Linear(3, units), LogVariance: -2, Options: []ops.StreamOption{ops.WithFixedStep(9)}}
	m, err := models.New(models.Sequential{models.Dropout(0), layer}, []int{3}, models.WithSeed(7))
	if err != nil {
		t.Fatal(err)
	}
	x := batch(2, 3)
	w := m.Params()[0].Value().Float32s()
	mean, noisy := forward(t, m, models.Eval, x, 0), forward(t, m, models.Train, x, 0)
	if again := forward(t, m, models.Train, x, 1); !slices.Equal(noisy, again) {
		t.Error("options must fix the step")
	}
	for row := range 2 {
		var squares, variance float64
		for _, v := range x.Float32s()[3*row : 3*row+3] {
			variance += float64(v*v) * math.Exp(-2)
		}
		for k := range units {
			var want float64
			for i, v := range x.Float32s()[3*row : 3*row+3] {
				want += float64(v * w[i*units+k])
			}
			at := row*units + k
			if math.Abs(float64(mean[at])-want) > 1e-4 {
				t.Fatalf("row %d, unit %d: want %v in evaluation, got %v", row, k, want, mean[at])
			}
			d := float64(noisy[at] - mean[at])
			squares += d * d / variance / units
		}
		// A mean of 400 squares of normal numbers deviates by 0.07.
		if squares < 0.7 || squares > 1.3 {
			t.Errorf("row %d: the variance must be about %v, got %v times that", row, variance, squares)
		}
	}
	g, err := m.Build(models.Sample, 2)
	if err != nil {
		t.Fatal(err)
	}
	if op, want := fmt.Sprint(g.Output.Op()), "VariationalDropout{seed=7 layer=2 mode=sample}"; op != want {
		t.Errorf("want the op %q, got %q", want, op)
	}
}
