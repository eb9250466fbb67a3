package models_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A Transformer of six blocks, trained with LayerDrop, becomes one of three.
func ExampleKeepBlocks() {
	net := models.TransformerLanguageModel{
		Vocabulary: 65, Context: 64, Width: 32, Blocks: 6,
		Block: models.TransformerBlock{Heads: 4, LayerDrop: 0.5},
	}
	model, err := models.New(net, []int{64})
	if err != nil {
		log.Fatal(err)
	}
	keep, err := models.EveryOther(6, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	small, err := models.KeepBlocks(model, keep)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("blocks", keep, "are left:", model.NumParams(), "parameters become", small.NumParams())
	// Output:
	// blocks [0 2 4] are left: 82561 parameters become 44449
}

func TestEveryOther(t *testing.T) {
	for _, tt := range []struct {
		blocks int
		p      float64
		want   []int
	}{
		{6, 0.5, []int{0, 2, 4}},
		{7, 0.5, []int{0, 2, 4, 6}},
		{1, 0.5, []int{0}},
		{0, 0.5, []int{}},
		{7, 0.4, []int{0, 2, 4, 6}}, // floor(1/0.4) is 2
		{7, 1. / 3, []int{0, 1, 3, 4, 6}},
		{6, 0.2, []int{0, 1, 2, 3, 5}},
		{3, 0, []int{0, 1, 2}},
		{3, 1e-300, []int{0, 1, 2}},
		{3, math.SmallestNonzeroFloat64, []int{0, 1, 2}},
	} {
		if got, err := models.EveryOther(tt.blocks, tt.p); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%d blocks without %v: want %v, got %v, %v", tt.blocks, tt.p, tt.want, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n, p := rapid.IntRange(0, 200).Draw(t, "n"), rapid.Float64Range(0, 0.5).Draw(t, "p")
		got, err := models.EveryOther(n, p)
		if err != nil {
			t.Fatal(err)
		}
		every := n + 1 // none
		if p > 1e-3 {
			every = int(1 / p)
		}
		if p > 1e-3 && len(got) != n-n/every {
			t.Fatalf("want %d of %d blocks, got %v", n-n/every, n, got)
		}
		if !slices.IsSorted(got) || len(got) > 0 && (got[0] < 0 || got[len(got)-1] >= n) {
			t.Fatalf("blocks must be ascending, got %v", got)
		}
	})
	for want, tt := range map[string]struct {
		n int
		p float64
	}{
		"models: EveryOther: p must be in [0, 0.5], got 0.75":                            {3, 0.75},
		"models: EveryOther: p must be in [0, 0.5], got NaN":                             {3, math.NaN()},
		"models: EveryOther: p must be in [0, 0.5], got -1":                              {3, -1},
		"models: EveryOther: blocks must be in [0, 2^20], got -1":                        {-1, 0.5},
		fmt.Sprint("models: EveryOther: blocks must be in [0, 2^20], got ", math.MaxInt): {math.MaxInt, 0.5},
	} {
		_, err := models.EveryOther(tt.n, tt.p)
		testkit.Rejects(t, err, want)
	}
}

// The smaller model computes what the whole one does where LayerDrop skips the
// other blocks: block 1 of 3.
func TestKeepBlocksIsLayerDrop(t *testing.T) {
	block := models.TransformerBlock{Heads: 2, LayerDrop: 0.5}
	lm := models.TransformerLanguageModel{Vocabulary: 7, Context: 5, Width: 4, Blocks: 3, Block: block}
	rows := models.Sequential{models.Linear(4, 4), models.LayerDrop(0.5, models.Linear(4, 4)), models.ReLU(), models.LayerDrop(0.5, models.Linear(4, 4)), models.LayerDrop(0.5, models.Linear(4, 4)), models.Linear(4, 2)}
	for name, tt := range map[string]struct {
		net   models.Layer
		input []int
		x     *tensor.Dense
	}{
		"TransformerLanguageModel": {lm, []int{5}, ids(7, 2, 5)},
		"Sequential":               {rows, []int{4}, batch(3, 4)},
		"Sequential of blocks":     {models.Sequential{models.Positions(5), block, block, block, models.LayerNorm()}, []int{5, 4}, batch(2, 5, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			m := mustModel(t, tt.net, tt.input, models.WithSeed(3))
			for i, p := range m.Params() { // biases of 0 would hide a mistake
				for k := range p.Value().Float32s() {
					p.Value().Float32s()[k] += float32(0.3 * math.Sin(float64(3*k+i)))
				}
			}
			found := 0
			for keptOf := 1; keptOf < 8; keptOf++ {
				var keep []int
				for b := range 3 {
					if keptOf>>b&1 == 1 {
						keep = append(keep, b)
					}
				}
				small, err := models.KeepBlocks(m, keep)
				if err != nil {
					t.Fatal(err)
				}
				// A step at which just these are not skipped.
				for step := range int64(60) {
					kept := true
					for b := range 3 {
						mask, err := ops.MaskAt(3, layerDropIDs(t, m)[b], step, []int{1}, 0.5)
						if err != nil {
							t.Fatal(err)
						}
						kept = kept && mask[0] == slices.Contains(keep, b)
					}
					if !kept {
						continue
					}
					found++
					if got, want := forward(t, small, models.Eval, tt.x, 0), forward(t, m, models.Train, tt.x, step); !slices.Equal(got, want) {
						t.Errorf("blocks %v: want %v, got %v", keep, want, got)
					}
					break
				}
			}
			if found < 7 {
				t.Errorf("want a step for each of 7 sets of blocks, got %d", found)
			}
		})
	}
}

// layerDropIDs returns the layer ids of the LayerDrops of a model.
func layerDropIDs(t *testing.T, m *models.Model) (ids []uint32) {
	t.Helper()
	g, err := m.Build(models.Train, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range g.AllNodes() {
		var id uint32
		var seed int
		if n.Op() == nil {
			continue
		}
		if _, err := fmt.Sscanf(n.Op().String(), "LayerDrop{both p=0.5 seed=%d layer=%d", &seed, &id); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// What is not a block stays as it is: type, seed, further inputs, frozen
// parameters, running statistics; and the whole model is left alone.
func TestKeepBlocksKeepsTheRest(t *testing.T) {
	join := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		more, err := s.Input("more")
		if err != nil {
			return nil, err
		}
		return gorgonia.Add(x, more)
	})
	net := models.Sequential{join, models.LayerDrop(0.5, models.Linear(4, 4)), models.BatchNorm1d(), models.LayerDrop(0.5, models.Linear(4, 4))}
	m := mustModel(t, net, []int{4}, models.WithDtype(tensor.Float64), models.WithSeed(9), models.WithInput("more", 4))
	if err := m.Freeze("3."); err != nil {
		t.Fatal(err)
	}
	m.States()[0].Value().Float64s()[1] = 7
	before, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	small, err := models.KeepBlocks(m, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(small.Params()), []string{"1.weight", "1.bias", "2.0.weight", "2.0.bias"}; !slices.Equal(got, want) {
		t.Errorf("want parameters %v, got %v", want, got)
	}
	if got, want := small.Frozen(), []string{"2.0.bias", "2.0.weight"}; !slices.Equal(got, want) {
		t.Errorf("want %v frozen, got %v", want, got)
	}
	if small.Dtype() != tensor.Float64 || small.Seed() != 9 || len(small.Inputs()) != 1 || small.States()[0].Value().Float64s()[1] != 7 {
		t.Errorf("want type, seed, inputs and states of the model, got %v, %d, %v, %v", small.Dtype(), small.Seed(), small.Inputs(), small.States()[0].Value())
	}
	for i := range small.Params()[2].Value().Float64s() {
		if got, want := small.Params()[2].Value().Float64s()[i], m.Params()[4].Value().Float64s()[i]; got != want {
			t.Errorf("weight %d must be %v, got %v", i, want, got)
		}
		small.Params()[2].Value().Float64s()[i] = 1
	}
	after, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range before {
		if fmt.Sprint(w.Data()) != fmt.Sprint(after[name].Data()) {
			t.Errorf("%s of the whole model has changed", name)
		}
	}
	masked := mustModel(t, models.Sequential{models.TransformerBlock{Heads: 2}, models.MeanSteps()}, []int{3, 4}, models.WithMask(), models.AsSketch())
	none, err := models.KeepBlocks(masked, nil)
	if err != nil || none.NumParams() != 0 || len(none.Inputs()) != 1 {
		t.Errorf("want a model of no blocks with a mask, got %v, %v", none, err)
	}
}

func TestKeepBlocksRejects(t *testing.T) {
	lm := mustModel(t, models.TransformerLanguageModel{Vocabulary: 7, Context: 5, Width: 4, Blocks: 2, Block: models.TransformerBlock{Heads: 2}}, []int{5})
	for _, tt := range []struct {
		m    *models.Model
		keep []int
		want string
	}{
		{nil, nil, "models: KeepBlocks: model must not be nil"},
		{lm, []int{2}, "models: KeepBlocks: blocks must be ascending and in [0, 2), got [2]"},
		{lm, []int{-1}, "models: KeepBlocks: blocks must be ascending and in [0, 2), got [-1]"},
		{lm, []int{1, 0}, "models: KeepBlocks: blocks must be ascending and in [0, 2), got [1 0]"},
		{lm, []int{1, 1}, "models: KeepBlocks: blocks must be ascending and in [0, 2), got [1 1]"},
		{mustModel(t, models.Sequential{models.LayerDrop(0.5, models.ReLU())}, []int{4}), []int{1}, "models: KeepBlocks: blocks must be ascending and in [0, 1), got [1]"},
		{mustModel(t, models.Sequential{models.ReLU()}, []int{4}), nil, "models: KeepBlocks: model must be a TransformerLanguageModel or a Sequential with blocks, got models.Sequential"},
		{mustModel(t, models.MLP{Inputs: 4, Outputs: 2}, []int{4}), nil, "models: KeepBlocks: model must be a TransformerLanguageModel or a Sequential with blocks, got models.MLP"},
	} {
		_, err := models.KeepBlocks(tt.m, tt.keep)
		testkit.Rejects(t, err, tt.want)
	}
}
