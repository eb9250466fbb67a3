package main

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// A network whose biases alone decide is certain of a class or not; what it is certain of
// is kept as the class, and else all probabilities are.
func TestPredictions(t *testing.T) {
	sets := fakeSets()
	test, err := sets.test.Slice(0, 20)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		bias          float32
		class         float64
		probabilities int
	}{
		"certain":   {30, 4, 0},
		"uncertain": {1, -1, 20 * classes},
	} {
		m, err := models.New(models.Sequential{models.LinearLayer{In: pixels, Out: classes, Init: models.Zeros}}, []int{pixels})
		if err != nil {
			t.Fatal(err)
		}
		err = m.Update(func() error {
			for _, p := range m.Params() {
				if v := p.Value().Float32s(); len(v) == classes {
					v[4] = tt.bias
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := predictions(context.Background(), &subject{trainer: &training.Trainer{Model: m}, data: training.Data{Test: test}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got["classes"], slices.Repeat([]float64{tt.class}, 20)) || len(got["probabilities"]) != tt.probabilities || len(got["labels"]) != 20 {
			t.Errorf("%s: got %v", name, got)
		}
		// e/(e+9) and 1/(e+9), to three places.
		if p := got["probabilities"]; len(p) > 0 && (p[4] != 0.232 || p[5] != 0.085) {
			t.Errorf("%s: got the probabilities %v", name, p[:classes])
		}
	}
}

// Of the first unit all of the squared weight is in one pixel, of the second it is equal
// in all.
func TestConcentration(t *testing.T) {
	w := make([]float64, pixels*2)
	for i := range pixels {
		w[2*i+1] = -0.5
	}
	w[2*300] = 3
	tenth := float64(pixels/10) / pixels
	if got, want := concentration(w, 2), (1+tenth)/2; math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}
