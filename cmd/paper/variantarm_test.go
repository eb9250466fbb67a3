package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// variantTrainerOf returns a trainer of a method for 10 updates on 100 images, and
// its network.
func variantTrainerOf(t *testing.T, method string, at []float64) *training.Trainer {
	t.Helper()
	set := variant.SetNamed(variant.MNIST)
	return variantTrainerOn(t, set, set.Method(method), at)
}

func variantTrainerOn(t *testing.T, set variant.Set, m variant.Method, at []float64) *training.Trainer {
	t.Helper()
	a := variantArm(set, m, at)
	trainer, err := a.trainer(16, 10, 100, a.Rate, 3)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// Every method but the first changes the training, and every one of its settings
// does.
func TestVariantSettingsCount(t *testing.T) {
	sets := fakeSets()
	loss := func(set variant.Set, m variant.Method, at []float64) string {
		trainer := variantTrainerOn(t, set, m, at)
		trainer.Epochs = 6
		data, err := sets.data(trial{Arm: arm{Variant: &variant.Choice{Set: set.Name}, Images: 100}, Budget: budget{Test: 100}, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		h, err := trainer.Fit(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(h.Test.NLL)
	}
	base := []float64{0.5, 0.5, 0.3, 0.3}
	for _, s := range []variant.Set{variant.SetNamed(variant.MNIST), variant.SetNamed(variant.Transformer)} {
		plain := loss(s, s.Methods[0], base)
		for _, m := range s.Methods {
			first := loss(s, m, base)
			if (first == plain) != (m.Name == variant.None) {
				t.Errorf("%s, %s: want another loss than %s without dropout, got %s", s.Name, m.Name, plain, first)
			}
			for d := range 2 + len(m.Settings) {
				at := slices.Clone(base)
				at[d] = 0.9
				if loss(s, m, at) == first {
					t.Errorf("%s, %s: setting %d must matter", s.Name, m.Name, d)
				}
			}
		}
	}
}

// What methods learn besides weights, and biases, do not decay; weights do.
func TestVariantDecay(t *testing.T) {
	for _, s := range variant.Sets() {
		for _, m := range s.Methods {
			trainer := variantTrainerOn(t, s, m, variant.Places(1, tuneSeed)[0])
			for _, p := range trainer.Model.Params() {
				exempt := slices.ContainsFunc(trainer.Groups, func(g training.Group) bool {
					return strings.HasSuffix(p.Name(), strings.TrimPrefix(g.Params, "*"))
				})
				// The scales of normalization are vectors.
				if exempt == (strings.HasSuffix(p.Name(), "weight") && p.Value().Dims() == 2) {
					t.Errorf("%s, %s: %s: exempt from decay: %v", s.Name, m.Name, p.Name(), exempt)
				}
			}
		}
	}
}

// Pruning counts and removes the weights of variational dropout alone.
func TestPruned(t *testing.T) {
	data := fakeSets()
	trainer := variantTrainerOf(t, variant.Variational, variant.Places(1, tuneSeed)[0])
	for _, p := range trainer.Model.Params() {
		if !strings.HasSuffix(p.Name(), "log_variance") {
			continue
		}
		logs := p.Value().Float32s()
		for k := range logs {
			logs[k] = -40 // no noise
			if p.Name() == "3.log_variance" && k < len(logs)/2 {
				logs[k] = 20 // noise beyond measure
			}
		}
	}
	got, err := pruned(context.Background(), &subject{trainer: trainer, data: training.Data{Test: data.test}})
	if err != nil {
		t.Fatal(err)
	}
	// 256/16 = 16 units twice, and 10 outputs: 128 of 16·16 + 16·10 weights.
	if want := 100 * 128. / (256 + 160); len(got[sparsityExtra]) != 1 || got[sparsityExtra][0] != want {
		t.Errorf("want a sparsity of %v %%, got %v", want, got)
	}
	test, err := trainer.Evaluate(context.Background(), data.test)
	if err != nil || got[prunedErrorExtra][0] != 100*test.Error() {
		t.Errorf("want the error of the network as it is now, %v, got %v, %v", test, got, err)
	}
	if all, err := models.VariationalSparsity(trainer.Model, models.PruneFrom); err != nil || all[0].Pruned != 128 {
		t.Errorf("want 128 weights of the first such layer, got %+v, %v", all, err)
	}
	for _, p := range trainer.Model.Params() {
		w := p.Value().Float32s()
		if p.Name() == "3.weight" && slices.ContainsFunc(w[:len(w)/2], func(v float32) bool { return v != 0 }) {
			t.Errorf("superfluous weights must be 0, got %v", w[:len(w)/2])
		}
	}
	got, err = pruned(context.Background(), &subject{trainer: variantTrainerOf(t, variant.Targeted, variant.Places(1, tuneSeed)[0]), data: training.Data{Test: data.test}})
	if err != nil || len(got[sparsityExtra]) != 1 || got[sparsityExtra][0] != 75 || len(got[prunedErrorExtra]) != 1 {
		t.Errorf("three quarters of the weights from 16 units must be pruned, got %v, %v", got, err)
	}
	plain := variantTrainerOf(t, variant.None, variant.Places(1, tuneSeed)[0])
	if got, err := pruned(context.Background(), &subject{trainer: plain, data: training.Data{Test: data.test}}); got != nil || err != nil {
		t.Errorf("want nothing of other methods, got %v, %v", got, err)
	}
}

// Of the four blocks of a Transformer two are left, those that LayerDrop's authors keep, and
// what is measured is their error.
func TestHalved(t *testing.T) {
	sets := fakeSets()
	set := variant.SetNamed(variant.Transformer)
	a := variantArm(set, set.Method("LayerDrop"), variant.Places(1, tuneSeed)[0])
	tr := trial{Arm: a, Budget: budget{Test: 300}, Seed: 1}
	tr.Arm.Images = 100
	data, err := sets.data(tr)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := a.trainer(16, 30, 100, 0.01, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trainer.Fit(context.Background(), data); err != nil {
		t.Fatal(err)
	}
	got, err := pruned(context.Background(), &subject{trial: tr, trainer: trainer, data: data})
	if err != nil || len(got[sparsityExtra]) != 1 || got[sparsityExtra][0] != 50 {
		t.Fatalf("half of the blocks must be left out, got %v, %v", got, err)
	}
	// A block whose last matrices are 0 adds nothing, as one that is not there.
	err = trainer.Model.Update(func() error {
		for _, p := range trainer.Model.Params() {
			for _, block := range []string{"3.", "5."} {
				if strings.HasPrefix(p.Name(), block) && (strings.Contains(p.Name(), "out_proj") || strings.Contains(p.Name(), "linear2")) {
					clear(p.Value().Float32s())
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := trainer.Evaluate(context.Background(), data.Test)
	if err != nil || got[prunedErrorExtra][0] != 100*want.Error() {
		t.Errorf("want the error of the blocks that are left, %v, got %v, %v", want, got, err)
	}
}
