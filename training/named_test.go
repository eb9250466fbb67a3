package training_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// people returns examples of which the class needs the number x, the region and the
// size, and the head "sum" the numbers; every fourth has no sum.
func people(n int) *training.Examples {
	e := &training.Examples{Shape: []int{1}}
	var sizes []float64
	var regions, bands []int
	var sums, known []float32
	for i := range n {
		x, size, region := float32(i%7)/7-0.5, float64(i%11)/11-0.5, i%3
		class, band := 0, 0
		if float64(x)+size > 0 {
			class = 1
		}
		if region == 2 {
			class, band = 1-class, 1
		}
		sum, there := x+float32(size), float32(1)
		if i%4 == 0 {
			sum, there = float32(math.NaN()), 0
		}
		e.X, e.Y = append(e.X, x), append(e.Y, class)
		sizes, regions, sums, known, bands = append(sizes, size), append(regions, region), append(sums, sum), append(known, there), append(bands, band)
	}
	e.Named = []training.Column{
		{Name: "size", Shape: []int{1}, Values: sizes}, {Name: "region", Values: regions},
		{Name: "sum", Shape: []int{1}, Values: sums}, {Name: "known", Values: known}, {Name: "band", Values: bands},
	}
	return e
}

// branched returns a trainer of a model with three inputs and three outputs.
func branched(t *testing.T, opts ...models.Option) *training.Trainer {
	t.Helper()
	net := models.Sequential{
		models.Join("size"), models.Join("region", models.Embedding(3, 3)), models.Linear(0, 24), models.Tanh(), models.Dropout(0.05),
		models.Head("sum", models.Linear(0, 1)), models.Head("band", models.Linear(0, 2)), models.Linear(0, 2),
	}
	m, err := models.New(net, []int{1}, append(opts, models.WithInput("size", 1), models.WithIDs("region"), models.WithSeed(3))...)
	if err != nil {
		t.Fatal(err)
	}
	return &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.02}, Epochs: 30, BatchSize: 16, Seed: 5,
		Heads: []training.Head{{Name: "sum", Weights: "known", Factor: 0.5}, {Name: "band"}}}
}

// All outputs are learned together, from all inputs, through subsets.
func TestFitHeads(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		tr := branched(t, models.WithDtype(dt))
		parts, err := datasets.ByPosition(300, 0.6, 0.4)
		if err != nil {
			t.Fatal(err)
		}
		var data training.Data
		if data.Train, err = datasets.Subset(people(300), parts[0]); err != nil {
			t.Fatal(err)
		}
		if data.Test, err = datasets.Subset(people(300), parts[1]); err != nil {
			t.Fatal(err)
		}
		h := fit(t, tr, data)
		if a := h.Test.Accuracy(); !(a > 0.93) {
			t.Errorf("%v: accuracy is %v", dt, a)
		}
		if s := h.Test.Score("sum: RMSE"); !(s.Value < 0.1) || s.Direction != metrics.LowerIsBetter {
			t.Errorf("%v: %+v", dt, s)
		}
		if s := h.Test.Score("band: accuracy"); s.Value != 1 || s.Direction != metrics.HigherIsBetter {
			t.Errorf("%v: %+v", dt, s)
		}
	}
}

// The loss is the sum of the heads' losses by their factors, without masked targets.
func TestHeadLosses(t *testing.T) {
	tr := branched(t, models.WithDtype(tensor.Float64))
	data := people(20)
	data.Named = slices.Clone(data.Named)
	sums := data.Named[2].Values.([]float32)
	p, err := tr.Model.Compile(models.Train, 20)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	indices := make([]int, 20)
	for i := range indices {
		indices[i] = i
	}
	labels := make([]int, 20)
	if err := training.GatherInputs(p, data, indices, labels); err != nil {
		t.Fatal(err)
	}
	// In their order: dropout is by row.
	tr.BatchSize, tr.Epochs, tr.Solver = 20, 1, &optim.SGD{LR: 1e-14}
	var order []int
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if math.Abs(r.Loss-lossOf(t, p, order, data, labels, sums)) > 1e-12 {
			t.Errorf("loss is %v, want %v", r.Loss, lossOf(t, p, order, data, labels, sums))
		}
		return nil
	}}}
	_, err = tr.Fit(t.Context(), training.Data{Train: noting{data, &order}})
	if err != nil {
		t.Fatal(err)
	}
}

// noting notes the order in which examples are gathered.
type noting struct {
	*training.Examples
	order *[]int
}

func (n noting) Gather(indices []int, x []float32, y []int) error {
	*n.order = slices.Clone(indices)
	return n.Examples.Gather(indices, x, y)
}

// lossOf computes the loss of branched by hand, for examples in an order.
func lossOf(t *testing.T, p *models.Program, order []int, data *training.Examples, labels []int, sums []float32) float64 {
	t.Helper()
	if err := training.GatherInputs(p, data, order, labels); err != nil {
		t.Fatal(err)
	}
	p.Graph().SetStep(0)
	if err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	entropy := func(logits []float64, of []int) (mean float64) {
		for i, k := range of {
			row := logits[2*i : 2*i+2]
			mean += (math.Log(math.Exp(row[0])+math.Exp(row[1])) - row[k]) / float64(len(of))
		}
		return mean
	}
	output := func(name string) []float64 {
		d, err := p.Output(name)
		if err != nil {
			t.Fatal(err)
		}
		return d.Float64s()
	}
	var squares, n float64
	bands := make([]int, len(order))
	for k, i := range order {
		bands[k] = data.Named[4].Values.([]int)[i]
		if i%4 != 0 {
			d := output("sum")[k] - float64(sums[i])
			squares, n = squares+d*d, n+1
		}
	}
	return entropy(testkit.Floats(t, p.Graph().Output.Value()), labels) + 0.5*squares/n + entropy(output("band"), bands)
}

// A run of heads that is cut anywhere and goes on is the same run, with their metrics.
func TestResumeOfHeads(t *testing.T) {
	data := training.Data{Train: people(70), Validation: people(30)}
	whole := branched(t)
	whole.Epochs = 3
	want := fit(t, whole, data)
	for _, step := range []int64{1, 4, 7, 10} {
		var state *training.State
		cut := branched(t)
		cut.Epochs = 3
		cut.Callbacks = []training.Callback{{OnCheckpoint: func(r *training.Run) (err error) {
			if r.Steps == step && state == nil {
				if state, err = r.State(); err == nil {
					r.Stop("cut")
				}
			}
			return err
		}}}
		fit(t, cut, data)
		text, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		read := training.State{Params: state.Params, Solver: state.Solver}
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		rest := branched(t)
		rest.Epochs, rest.Resume = 3, &read
		got := fit(t, rest, data)
		if fmt.Sprint(got.Test, got.Train, got.Validation) != fmt.Sprint(want.Test, want.Train, want.Validation) || !slices.Equal(weights(rest.Model), weights(whole.Model)) {
			t.Errorf("cut at step %d: got %+v, want %+v", step, got.Train, want.Train)
		}
		for i := range want.Epochs {
			if fmt.Sprint(got.Epochs[i].Train) != fmt.Sprint(want.Epochs[i].Train) {
				t.Errorf("cut at step %d: epoch %d has %+v, want %+v", step, i, got.Epochs[i].Train, want.Epochs[i].Train)
			}
		}
		other := branched(t)
		other.Epochs, other.Resume = 3, &read
		other.Heads[0].Factor = 2
		_, err = other.Fit(t.Context(), data)
		testkit.Rejects(t, err, `head "sum" by 0.5`)
	}
}

// A trainer may fit again with other heads.
func TestOtherHeads(t *testing.T) {
	tr, data := branched(t), training.Data{Train: people(40), Validation: people(20)}
	tr.Epochs = 1
	fit(t, tr, data)
	tr.Heads = tr.Heads[1:]
	_, err := tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, "training: Fit: training: parameter 5.0.weight must be used by the loss, got one that only other outputs use: add their Heads, or freeze it")
	if err := tr.Model.Freeze("5."); err != nil {
		t.Fatal(err)
	}
	tr.Solver = &optim.Adam{LR: 0.02}
	h := fit(t, tr, data)
	if s := h.Validation.Scores; len(s) != 1 || s[0].Name != "band: accuracy" {
		t.Errorf("got %+v", s)
	}
	tr.Metrics = []metrics.Metric{metrics.Of("sum", metrics.MAE{})}
	_, err = tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, `metrics: Add: batch must have the head "sum", got none of this name`)
}

func TestHeadsReject(t *testing.T) {
	try := func(change func(tr *training.Trainer, e *training.Examples)) error {
		tr, e := branched(t), people(40)
		change(tr, e)
		_, err := tr.Fit(t.Context(), training.Data{Train: e})
		return err
	}
	column := func(i int, c training.Column) func(*training.Trainer, *training.Examples) {
		return func(_ *training.Trainer, e *training.Examples) { e.Named[i] = c }
	}
	for _, tt := range []struct {
		change func(tr *training.Trainer, e *training.Examples)
		want   string
	}{
		{func(tr *training.Trainer, _ *training.Examples) { tr.Heads[0].Name = "total" }, `training: Fit: Heads: 0: models: output "total" must be one of the model's, got none of this name`},
		{func(tr *training.Trainer, _ *training.Examples) { tr.Heads[0].Factor = -1 }, `training: Fit: Heads: Factor of "sum" must be positive and finite, got -1`},
		{func(tr *training.Trainer, _ *training.Examples) { tr.Heads[0].Factor = math.NaN() }, `Factor of "sum" must be positive and finite, got NaN`},
		{func(tr *training.Trainer, _ *training.Examples) { tr.Heads[1] = tr.Heads[0] }, `training: Fit: Heads: names must differ, got "sum" twice`},
		{func(_ *training.Trainer, e *training.Examples) { e.Named = nil }, `training: Train: must have the model's input "size", got no field of this name`},
		{column(0, training.Column{Name: "size", Values: make([]float64, 40)}), `training: Train: must have the model's input "size" of shape (1), got ()`},
		{column(1, training.Column{Name: "region", Values: make([]float32, 40)}), `training: Train: must have the model's input "region" of int, got region of float32 ()`},
		{column(2, training.Column{Name: "sums", Values: make([]float32, 40)}), `training: Train: must have the targets of the head "sum", got no field of this name`},
		{column(3, training.Column{Name: "unknown", Values: make([]float32, 40)}), `training: Train: must have the weights of the head "sum", got no field "known"`},
		{column(3, training.Column{Name: "known", Values: make([]int, 40)}), `training: Train: weights "known" of the head "sum" must be floats, got int`},
		{column(3, training.Column{Name: "known", Shape: []int{2}, Values: make([]float32, 80)}), `weights "known" of the head "sum" must have the shape (1) of its targets or of their leading axes, got (2)`},
		{column(3, training.Column{Name: "known", Values: slices.Repeat([]float32{-1}, 40)}), `: head sum: weight must be finite and not negative, got -1`},
		{column(4, training.Column{Name: "band", Values: slices.Repeat([]int{2}, 40)}), ": head band: label must be in [0, 2), got 2"},
		{column(4, training.Column{Name: "band", Shape: []int{2}, Values: make([]int, 80)}), `training: head "band" must have logits for labels of shape (16, 2), with the class as last axis, got shape (16, 2)`},
		{column(0, training.Column{Name: "size", Shape: []int{1}, Values: slices.Repeat([]float64{1e300}, 40)}), `models: Set: input "size": value 0 must be finite as float32, got 1e+300`},
		{column(2, training.Column{Name: "sum", Shape: []int{1}, Values: slices.Repeat([]float64{1e300}, 40)}), `field "sum" must be finite as float32, got 1e+300`},
		{column(0, training.Column{Name: "size", Shape: []int{1}, Values: "large"}), `field "size" must be of float32, float64 or int, got another type`},
	} {
		t.Run(tt.want, func(t *testing.T) { testkit.Rejects(t, try(tt.change), tt.want) })
	}
}

// tagged returns sequences of different lengths whose labels need what comes before and
// after, padded to a length.
func tagged(n, time int) *datasets.Sequences {
	s := &datasets.Sequences{Time: time}
	for i := range n {
		var x []float32
		for at := range 1 + i%5 {
			x = append(x, float32((i*7+at*at*3)%4))
		}
		y := make([]int, len(x))
		for at := range x {
			if at > 0 && x[at-1] > x[at] || at+1 < len(x) && x[at+1] == 3 {
				y[at] = 1
			}
		}
		s.X, s.StepLabels = append(s.X, x), append(s.StepLabels, y)
	}
	return s
}

func tagger(t *testing.T, body models.Layer, time int) *training.Trainer {
	t.Helper()
	net := models.Sequential{models.Embedding(4, 6), body, models.PerToken(models.Linear(0, 2))}
	m, err := models.New(net, []int{time}, models.WithMask(), models.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	return &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.02}, Epochs: 25, BatchSize: 20, Seed: 2, Metrics: []metrics.Metric{metrics.F1{}}}
}

// Longer padding trains the same network, to the bit, with the same losses and
// metrics.
func TestPaddingTrainsTheSame(t *testing.T) {
	for name, body := range map[string]models.Layer{
		"LSTM": models.LSTM{Units: 8, Bidirectional: true}, "GRU": models.GRU{Units: 8, Layers: 2}, "Transformer": models.TransformerBlock{Heads: 2},
	} {
		t.Run(name, func(t *testing.T) {
			var want *training.History
			var trained []float32
			for _, time := range []int{5, 9} {
				tr := tagger(t, body, time)
				h := fit(t, tr, training.Data{Train: tagged(150, time), Test: tagged(60, time)})
				if want == nil {
					want, trained = h, weights(tr.Model)
					if name == "LSTM" && !(h.Test.Accuracy() > 0.97) {
						t.Errorf("accuracy is %v", h.Test.Accuracy())
					}
				}
				if got := weights(tr.Model); !slices.Equal(got, trained) {
					t.Errorf("padded to %d the weights are others", time)
				}
				if h.Test.Examples != 180 || h.Test.NLL != want.Test.NLL || fmt.Sprint(h.Test.Scores, h.Epochs[7].Loss) != fmt.Sprint(want.Test.Scores, want.Epochs[7].Loss) {
					t.Errorf("padded to %d: got %+v, want %+v", time, h.Test, want.Test)
				}
			}
		})
	}
}
