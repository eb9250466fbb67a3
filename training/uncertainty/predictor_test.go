package uncertainty_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// What a pass gives for an example depends on neither the number of passes nor
// the examples around, whether masks belong to rows or to batches.
func TestSampleIsAFunctionOfIndexAndPass(t *testing.T) {
	data := blobs(37, 2)
	for name, dropout := range map[string]models.Layer{
		"Dropout": models.Dropout(0.5), "Batchwise": layer(ops.Batchwise, 0.5), "AlphaDropout": layer(ops.AlphaDropout, 0.5),
		"GaussianDropout": layer(ops.GaussianDropout, 0.5),
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			m := newModel(t, dropout, models.WithDtype(dt), models.WithSeed(3))
			want := sample(t, &uncertainty.Predictor{Model: m, Passes: 70}, data)
			if len(want) != 37 || len(want[0]) != 70 {
				t.Fatalf("%s: got %d examples of %d passes, want 37 of 70", name, len(want), len(want[0]))
			}
			for _, tt := range []struct{ passes, examples int }{{1, 37}, {3, 5}, {64, 20}, {70, 17}, {130, 1}} {
				got := sample(t, &uncertainty.Predictor{Model: m, Passes: tt.passes}, head(data, tt.examples))
				for i := range got {
					for pass, row := range got[i][:min(tt.passes, 70)] {
						if !near(row, want[i][pass]) {
							t.Fatalf("%s, %v, %d passes over %d examples: pass %d of example %d must be %v, got %v",
								name, dt, tt.passes, tt.examples, pass, i, want[i][pass], row)
						}
					}
				}
			}
			if near(want[0][0], want[0][1]) && near(want[0][1], want[0][2]) {
				t.Errorf("%s: three passes agree: %v", name, want[0][0])
			}
			other := sample(t, &uncertainty.Predictor{Model: newModel(t, dropout, models.WithSeed(4))}, data)
			if len(other[0]) != 50 || near(other[0][0], want[0][0]) {
				t.Errorf("%s: another seed gives the same", name)
			}
		}
	}
}

// The same example at two places has two sets of masks; Batchwise masks are
// shared by neighbours.
func TestSampleMasksOfEqualExamples(t *testing.T) {
	twins := &training.Examples{Shape: []int{2}, Y: make([]int, 40)}
	for range 40 {
		twins.X = append(twins.X, 1, 0.5)
	}
	all := sample(t, &uncertainty.Predictor{Model: newModel(t, models.Dropout(0.5)), Passes: 4}, twins)
	same := 0
	for i := range all {
		for pass := range all[i] {
			if near(all[i][pass], all[0][0]) {
				same++
			}
		}
	}
	if same > 4 { // of 160: the mask has 16 bits, of which some reach no output
		t.Errorf("%d of 160 passes over one input agree with the first", same)
	}
	all = sample(t, &uncertainty.Predictor{Model: newModel(t, layer(ops.Batchwise, 0.5)), Passes: 4}, twins)
	if !near(all[0][1], all[7][1]) || near(all[0][1], all[8][1]) && near(all[0][2], all[8][2]) {
		t.Error("masks of a batch must be those of 8 examples")
	}
}

// The model without dropout predicts what training.Trainer evaluates.
func TestPlain(t *testing.T) {
	m, data := trained(t), blobs(300, 2)
	p := &uncertainty.Predictor{Model: m, Passes: 3}
	predictions, err := p.PredictDeterministic(background, data)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := uncertainty.Evaluate(predictions, 10)
	if err != nil {
		t.Fatal(err)
	}
	want, err := (&training.Trainer{Model: m}).Evaluate(background, data)
	if err != nil {
		t.Fatal(err)
	}
	if scores.Examples != 300 || math.Abs(scores.Accuracy-want.Accuracy()) > 1e-12 || math.Abs(scores.NLL-want.NLL) > 1e-6 {
		t.Errorf("want accuracy %v and NLL %v, got %v and %v", want.Accuracy(), want.NLL, scores.Accuracy, scores.NLL)
	}
	for i, q := range predictions {
		if q.MutualInformation() != 0 || slices.Max(q.Variance) != 0 {
			t.Fatalf("example %d: one pass must have no variance, got %+v", i, q)
		}
	}
}

// Without dropout all passes agree, and with Plain.
func TestPredictWithoutDropout(t *testing.T) {
	data := blobs(20, 2)
	p := &uncertainty.Predictor{Model: newModel(t, models.ReLU()), Passes: 7}
	sampled, err := p.Predict(background, data)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := p.PredictDeterministic(background, data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plain {
		if !near(sampled[i].Mean, plain[i].Mean) || slices.Max(sampled[i].Variance) > 1e-18 || sampled[i].MutualInformation() > 1e-12 {
			t.Errorf("example %d: want %+v, got %+v", i, plain[i], sampled[i])
		}
	}
}

// A point among the examples of a class is certain; one between the classes is
// not, and the networks disagree about it.
func TestPredictIsUncertainBetweenClasses(t *testing.T) {
	p := &uncertainty.Predictor{Model: trained(t)}
	predictions, err := p.Predict(background, &training.Examples{Shape: []int{2}, X: []float32{1, 0, 0, 0}, Y: []int{0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	among, between := predictions[0], predictions[1]
	if among.Class() != 0 || among.Confidence() < 0.8 || among.Entropy*2 > between.Entropy || among.MutualInformation() > between.MutualInformation() {
		t.Errorf("among: %+v, between: %+v", among, between)
	}
	if again, err := p.Predict(background, &training.Examples{Shape: []int{2}, X: []float32{1, 0}, Y: []int{0}}); err != nil || !near(again[0].Mean, among.Mean) {
		t.Errorf("another call must give %v, got %v, %v", among.Mean, again, err)
	}
}

// A predictor sees the parameters as they are, and follows its Model.
func TestPredictorFollowsTheModel(t *testing.T) {
	data := blobs(5, 2)
	first, second := newModel(t, models.Dropout(0.5)), newModel(t, layer(ops.Batchwise, 0.5), models.WithSeed(9))
	p := &uncertainty.Predictor{Model: first, Passes: 3}
	before := sample(t, p, data)
	p.Model = second
	if got, want := sample(t, p, data), sample(t, &uncertainty.Predictor{Model: second, Passes: 3}, data); !near(got[0][0], want[0][0]) || near(got[0][0], before[0][0]) {
		t.Errorf("the other model must give %v, got %v", want[0][0], got[0][0])
	}
	p.Model = first
	clear(first.Params()[3].Value().Float32s())
	clear(first.Params()[2].Value().Float32s())
	if got := sample(t, p, data); !slices.Equal(got[0][0], []float64{0, 0, 0}) {
		t.Errorf("without weights the output must be 0, got %v", got[0][0])
	}
}

// Predictors side by side on one model give what one gives alone.
func TestConcurrentPredictors(t *testing.T) {
	m, data := newModel(t, models.Dropout(0.5)), blobs(20, 2)
	want := sample(t, &uncertainty.Predictor{Model: m, Passes: 5}, data)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			p := &uncertainty.Predictor{Model: m, Passes: 5}
			err := p.Sample(background, data, func(index, _ int, outputs [][]float64) error {
				for pass, row := range outputs {
					if !near(row, want[index][pass]) {
						return errors.Errorf("example %d, pass %d: want %v, got %v", index, pass, want[index][pass], row)
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	p := &uncertainty.Predictor{Model: newModel(t, models.Dropout(0.5)), Passes: 2}
	seen := 0
	err := p.Sample(ctx, blobs(100, 1), func(int, int, [][]float64) error {
		if seen++; seen == 20 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || seen != 24 || !strings.Contains(err.Error(), "uncertainty: Sample: stopped at example 24") {
		t.Errorf("want context.Canceled after 24 examples, got %v after %d", err, seen)
	}
	if _, err := p.Predict(ctx, blobs(10, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Predict: want context.Canceled, got %v", err)
	}
	if _, err := p.PredictDeterministic(ctx, blobs(10, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Plain: want context.Canceled, got %v", err)
	}
	boom := errors.New("boom")
	if err := p.Sample(background, blobs(10, 1), func(int, int, [][]float64) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("want the visitor's error, got %v", err)
	}
}

// A predictor that is at work is an error for who comes second.
func TestPredictorIsBusy(t *testing.T) {
	p := &uncertainty.Predictor{Model: newModel(t, models.Dropout(0.5)), Passes: 2}
	var within error
	err := p.Sample(background, blobs(10, 1), func(int, int, [][]float64) error {
		_, within = p.Predict(background, blobs(3, 1))
		return nil
	})
	if err != nil || within == nil || !strings.Contains(within.Error(), "uncertainty: Predict: the predictor must be idle") {
		t.Errorf("got %v within %v", within, err)
	}
	if _, err := p.Predict(background, blobs(3, 1)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestPredictorRejects(t *testing.T) {
	good := newModel(t, models.Dropout(0.5))
	broken := newModel(t, models.Dropout(0.5))
	broken.Params()[3].Value().Float32s()[1] = float32(math.NaN())
	flat, err := models.New(models.Sequential{}, []int{2, 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		p    uncertainty.Predictor
		data training.Dataset
		want string
	}{
		{uncertainty.Predictor{}, blobs(3, 1), "Model must be set, got nil"},
		{uncertainty.Predictor{Model: good, Passes: -1}, blobs(3, 1), "Passes must be in [0, 16777216], got -1"},
		{uncertainty.Predictor{Model: good}, nil, "data must hold at least one example, got none"},
		{uncertainty.Predictor{Model: good}, &training.Examples{Shape: []int{2}}, "data must hold at least one example, got none"},
		{uncertainty.Predictor{Model: good}, &training.Examples{Shape: []int{3}, X: make([]float32, 3), Y: []int{0}}, "data must have examples of the model's shape [2], got [3]"},
		{uncertainty.Predictor{Model: flat}, &training.Examples{Shape: []int{2, 3}, X: make([]float32, 6), Y: []int{0}}, "output of the model must be one row for each example, got shape [2 3]"},
		{uncertainty.Predictor{Model: good}, &training.Examples{Shape: []int{2}, X: make([]float32, 4), Y: []int{0, 7}}, "example 1: label must be in [0, 3), got 7"},
		{uncertainty.Predictor{Model: good}, &training.Examples{Shape: []int{2}, X: make([]float32, 4), Y: []int{0}}, "examples 0 to 1: training: Examples: Gather: y must have as many labels"},
		{uncertainty.Predictor{Model: broken}, blobs(3, 1), "example 0: logits of pass 0: class 1: logit must be a number below +Inf, got NaN"},
	} {
		_, err := tt.p.Predict(background, tt.data)
		if want := "uncertainty: Predict: " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
		if tt.p.Passes != 0 {
			continue
		}
		_, err = tt.p.PredictDeterministic(background, tt.data)
		if want := "uncertainty: PredictDeterministic: " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}

// A dropout that scales at inference has its place in the graph for evaluation:
// with the weights after it divided by the keep probability, the network predicts
// what it does with inverted dropout, in evaluation and pass by pass.
// What is wrong with an example is told with its index in the data set.
func TestPredictorNamesTheExample(t *testing.T) {
	m, err := models.New(models.Sequential{models.Embedding(5, 3), models.Flatten(), models.Linear(6, 2)}, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	words := &training.Examples{Shape: []int{2}, X: make([]float32, 1400), Y: make([]int, 700)}
	words.X[2*657] = 9
	p := &uncertainty.Predictor{Model: m, Passes: 3}
	_, err = p.Predict(context.Background(), words)
	if err == nil || !strings.Contains(err.Error(), ": layer 0: nn: Embedding: example 657: id 0 must be in [0, 5), got 9") || strings.Contains(err.Error(), "PC ") {
		t.Errorf("got %v", err)
	}
}

func TestWeightScalingLayer(t *testing.T) {
	scaling := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		stream, _ := s.DropoutStream()
		return ops.WeightScalingDropout(x, 0.5, stream)
	})
	original, inverted := newModel(t, scaling), newModel(t, models.Dropout(0.5))
	for i, w := range original.Params()[2].Value().Float32s() {
		original.Params()[2].Value().Float32s()[i] = 2 * w
	}
	data := blobs(10, 1)
	a, b := &uncertainty.Predictor{Model: original, Passes: 5}, &uncertainty.Predictor{Model: inverted, Passes: 5}
	sampled := sample(t, b, data)
	for i, example := range sample(t, a, data) {
		for pass, row := range example {
			if !near(row, sampled[i][pass]) {
				t.Errorf("example %d, pass %d: want %v, got %v", i, pass, sampled[i][pass], row)
			}
		}
	}
	plain, err := a.PredictDeterministic(background, data)
	if err != nil {
		t.Fatal(err)
	}
	want, err := b.PredictDeterministic(background, data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if !near(plain[i].Mean, want[i].Mean) {
			t.Errorf("example %d: want %v, got %v", i, want[i].Mean, plain[i].Mean)
		}
	}
}
