package main

import (
	"context"
	"fmt"
	"math"
	"testing"
)

// Every suspicion changes the training, and no two do so alike.
func TestSuspicions(t *testing.T) {
	sets, b := fakeSets(), budget{Images: 100, Test: 100, Shrink: 32}
	seen := make(map[string]string)
	for _, a := range whyStudy.arms(b) {
		a.Images = b.Images
		a.MaxNorm /= 10 // norms do not grow to the bounds in so few updates
		data, err := sets.data(trial{Arm: a, Budget: b, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		trainer, err := a.trainer(b.Shrink, 40, a.Images, a.Rate, 1)
		if err != nil {
			t.Fatal(err)
		}
		h, err := trainer.Fit(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		loss := fmt.Sprint(h.Test.NLL)
		if other, ok := seen[loss]; ok {
			t.Errorf("%s must end otherwise than %s, got a loss of %s", a.Name, other, loss)
		}
		seen[loss] = a.Name
	}
}

// The rates of an arm rise and fall as it says.
func TestRates(t *testing.T) {
	const steps = 1000
	for _, tt := range []struct {
		arm         arm
		first, last float64 // total rates of a gradient
		momentum    float64
	}{
		{arm{}, 0.5, 0, 0.95},
		{arm{Decay: exponential}, 0.5, 0.5 * 0.0025, 0.95},
		{arm{LastMomentum: 0.99}, 0.5, 0, 0.99},
	} {
		r, err := tt.arm.rates(0.5, steps)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []struct {
			step        int64
			total, mass float64
		}{{0, tt.first, 0.5}, {steps / 5, math.NaN(), tt.momentum}, {steps, tt.last, tt.momentum}} {
			if got := r.momentum.At(at.step); math.Abs(got-at.mass) > 1e-9 {
				t.Errorf("%+v: momentum at %d is %v, want %v", tt.arm, at.step, got, at.mass)
			}
			if got := r.At(at.step) / (1 - r.momentum.At(at.step)); !math.IsNaN(at.total) && math.Abs(got-at.total) > 1e-9 {
				t.Errorf("%+v: rate at %d is %v, want %v", tt.arm, at.step, got, at.total)
			}
		}
	}
	for want, a := range map[string]arm{
		`decay must be exponential or none, got "x"`:   {Decay: "x"},
		`init must be normal 0.01 or none, got "x"`:    {Init: "x", Hidden: []int{8}},
		`activation must be logistic or none, got "x"`: {Activation: "x", Hidden: []int{8}},
	} {
		if _, err := a.trainer(1, 10, 100, 0.1, 1); err == nil || err.Error() != want {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
