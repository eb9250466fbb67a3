package training_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// An rdropCase is a training by R-Drop whose loss is computed by hand too.
type rdropCase struct {
	name  string
	net   models.Layer
	opts  []models.Option
	data  *training.Examples
	set   func(*training.Trainer)
	extra func(t *testing.T, p *models.Program, rows []int) float64 // the loss of what is not the output
}

const ignored = -7

func rdropCases() []rdropCase {
	mlp := models.MLP{Inputs: 2, Hidden: []int{6}, Activation: models.Tanh(), Outputs: 3, InputDropout: 0.3, HiddenDropout: 0.4}
	weighted, holes, soft := blobs(9, 1), blobs(9, 1), blobs(9, 1)
	weighted.Weights = []float32{1, 0.5, 0, 2, 1, 3, 0.25, 1, 1}
	holes.Weights = weighted.Weights
	for _, i := range []int{1, 4, 8} {
		holes.Y[i] = ignored
	}
	soft.TargetShape = []int{3}
	for _, y := range soft.Y {
		mixed := []float32{0.125, 0.125, 0.125}
		mixed[y] = 0.75
		soft.Targets = append(soft.Targets, mixed...)
	}
	soft.Y = nil
	text := &training.Examples{Shape: []int{4}, X: []float32{0, 1, 2, 3, 3, 3, 1, 0, 2, 0, 2, 1}, Y: []int{1, 2, 3, 4, 3, 1, 0, 2, 0, 2, 1, 0}}
	text.Weights = []float32{1, 1, 1, 0, 1, 2, 1, 1, 1, 1, 0, 0}
	term := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		a, err := s.ScalarParam("a", models.Constant(3))
		if err != nil {
			return nil, err
		}
		square, err := gorgonia.Square(a)
		if err != nil {
			return nil, err
		}
		return x, s.AddLoss(square)
	})
	return []rdropCase{
		{name: "labels", net: mlp, data: blobs(9, 1)},
		{name: "one example", net: mlp, data: blobs(1, 1)},
		{name: "weights", net: mlp, data: weighted},
		{name: "ignored labels", net: mlp, data: holes, set: func(tr *training.Trainer) { label := ignored; tr.IgnoreIndex = &label }},
		{name: "soft labels", net: mlp, data: soft},
		{name: "batch normalization", net: models.MLP{Inputs: 2, Hidden: []int{6}, Activation: models.Tanh(), Outputs: 3, HiddenDropout: 0.4, BatchNorm: true}, data: blobs(9, 1)},
		{name: "a term", net: models.Sequential{term, mlp}, data: blobs(9, 1), extra: func(_ *testing.T, p *models.Program, _ []int) float64 {
			a := p.Graph().Model().Params()[0].Value().Data().([]float64)[0]
			return a * a
		}},
		{name: "numbers", net: models.MLP{Inputs: 2, Hidden: []int{6}, Activation: models.Tanh(), Outputs: 2, HiddenDropout: 0.4}, data: plane(9), set: func(tr *training.Trainer) {
			tr.RDrop.Divergence = training.MSE()
		}},
		{name: "text", net: models.LSTMLanguageModel{Vocabulary: 5, Width: 3, LSTM: models.LSTM{Units: 4, InputDropout: 0.3, RecurrentDropout: 0.3}, OutputDropout: 0.3}, data: text},
	}
}

// softened has targets that are soft labels.
type softened struct{ *told }

func (s softened) Fields() training.Fields {
	f := s.told.Fields()
	f.SoftLabels = true
	return f
}

// softLogs returns the logarithms of the softmax of a row.
func softLogs(row []float64) []float64 {
	var sum float64
	for _, v := range row {
		sum += math.Exp(v)
	}
	logs := make([]float64, len(row))
	for k, v := range row {
		logs[k] = v - math.Log(sum)
	}
	return logs
}

// byHand computes the loss of R-Drop from the outputs of both passes for examples, and the
// mean cross-entropy of the first pass over the labels that count.
func (c rdropCase) byHand(out []float64, alpha float64, examples []int) (loss, first float64) {
	n, all := len(examples), c.data.Len()
	targets := c.data.Targets
	var labels int
	if targets == nil {
		labels = len(c.data.Y) / all
	} else {
		labels = len(targets) / all / c.data.TargetShape[0]
	}
	width := len(out) / (2 * n * labels)
	var sum, total, counted float64
	for i, example := range examples {
		for k := range labels {
			at, from := i*labels+k, example*labels+k
			a, b := out[at*width:(at+1)*width], out[(n*labels+at)*width:(n*labels+at+1)*width]
			weight := 1.0
			if w := c.data.Weights; w != nil {
				weight = float64(w[from*len(w)/(all*labels)])
			}
			if targets == nil && c.data.Y[from] == ignored || weight == 0 {
				continue
			}
			counted++
			var value float64
			if targets != nil && c.name == "numbers" {
				for d := range width {
					y := float64(targets[from*width+d])
					value += ((a[d]-y)*(a[d]-y)+(b[d]-y)*(b[d]-y))/2/float64(width) + alpha*(a[d]-b[d])*(a[d]-b[d])/float64(width)
				}
			} else {
				p, q := softLogs(a), softLogs(b)
				for d := range width {
					y := 0.0
					if targets != nil {
						y = float64(targets[from*width+d])
					} else if c.data.Y[from] == d {
						y = 1
					}
					first -= y * p[d]
					value -= y * (p[d] + q[d]) / 2
					value += alpha * (math.Exp(p[d])*(p[d]-q[d]) + math.Exp(q[d])*(q[d]-p[d])) / 2
				}
			}
			sum, total = sum+weight*value, total+weight
		}
	}
	return sum / total, first / counted
}

// trainer returns one of the case, which makes one step of all examples.
func (c rdropCase) trainer(t *testing.T, alpha float64) *training.Trainer {
	t.Helper()
	m, err := models.New(c.net, c.data.Shape, append(c.opts, models.WithDtype(tensor.Float64), models.WithSeed(4))...)
	if err != nil {
		t.Fatal(err)
	}
	tr := &training.Trainer{
		Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: c.data.Len(), Seed: 2, Metrics: []metrics.Metric{},
		RDrop: &training.RDrop{Alpha: alpha},
	}
	if c.set != nil {
		c.set(tr)
	}
	return tr
}

// A firstStep is what the first step of a training has.
type firstStep struct {
	loss  float64
	batch training.Metrics
	grads [][]float64
	order []int
}

// first makes the first step of a training.
func first(t *testing.T, tr *training.Trainer, data *training.Examples) (s firstStep) {
	t.Helper()
	tr.Callbacks = []training.Callback{{OnGradients: func(r *training.Run) error {
		s.loss, s.batch = r.Loss, r.Batch
		for _, g := range r.Gradients() {
			s.grads = append(s.grads, slices.Clone(g.Value.Data().([]float64)))
		}
		return nil
	}}}
	recorded := &told{Examples: data}
	if data.TargetShape != nil && data.TargetShape[0] == 3 {
		fit(t, tr, training.Data{Train: softened{recorded}})
	} else {
		fit(t, tr, training.Data{Train: recorded})
	}
	s.order = recorded.batches[0]
	return s
}

// The loss is that of the formula for the outputs of both passes, and its gradient that of
// central differences, for all that data and models may have.
func TestRDropLoss(t *testing.T) {
	for _, c := range rdropCases() {
		for _, alpha := range []float64{0, 0.7} {
			tr := c.trainer(t, alpha)
			start, err := tr.Model.Weights()
			if err != nil {
				t.Fatal(err)
			}
			got := first(t, tr, c.data)
			if err := tr.Model.SetWeights(start); err != nil {
				t.Fatal(err)
			}
			p, err := tr.Model.Compile(models.Train, 2*len(got.order))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if err := training.GatherInputs(p, c.data, got.order, make([]int, len(c.data.Y))); err != nil {
				t.Fatal(err)
			}
			p.Graph().SetStep(0)
			if err := p.Run(nil); err != nil {
				t.Fatal(err)
			}
			want, nll := c.byHand(testkit.Floats(t, p.Graph().Output.Value()), alpha, got.order)
			if c.extra != nil {
				want += c.extra(t, p, got.order)
			}
			if !(math.Abs(got.loss-want) < 1e-12) {
				t.Errorf("%s, alpha %v: the loss is %v, by the formula %v", c.name, alpha, got.loss, want)
			}
			if c.data.Targets == nil && !(math.Abs(got.batch.NLL-nll) < 1e-12) {
				t.Errorf("%s, alpha %v: the NLL must be that of the first pass, %v, got %v", c.name, alpha, nll, got.batch.NLL)
			}
			if alpha > 0 {
				c.differences(t, tr, start, got)
			}
		}
	}
}

// differences compares gradients with central differences at some elements of each parameter.
func (c rdropCase) differences(t *testing.T, tr *training.Trainer, start map[string]*tensor.Dense, got firstStep) {
	t.Helper()
	const h = 1e-5
	for i, param := range tr.Model.Params() {
		size := len(got.grads[i])
		for _, at := range []int{0, size / 2, size - 1} {
			loss := func(by float64) float64 {
				if err := tr.Model.SetWeights(start); err != nil {
					t.Fatal(err)
				}
				param.Value().Float64s()[at] += by
				return first(t, tr, c.data).loss
			}
			if want := (loss(h) - loss(-h)) / (2 * h); !(math.Abs(got.grads[i][at]-want) < 1e-8*max(1, math.Abs(want))) {
				t.Errorf("%s: gradient %d of %s is %v, by differences %v", c.name, at, param.Name(), got.grads[i][at], want)
			}
		}
	}
}

// A step is half of one by nn.RDrop with twice Alpha, for heads too, whose losses are means
// of both passes.
func TestRDropOfHeads(t *testing.T) {
	for _, alpha := range []float64{0, 2} {
		tr := branched(t, models.WithDtype(tensor.Float64))
		tr.BatchSize, tr.Epochs, tr.Solver, tr.RDrop = 20, 1, &optim.SGD{LR: 1e-14}, &training.RDrop{Alpha: alpha}
		data := people(20)
		p, err := tr.Model.Compile(models.Train, 40)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		var loss float64
		tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error { loss = r.Loss; return nil }}}
		recorded := &told{Examples: data}
		fit(t, tr, training.Data{Train: recorded})
		order := recorded.batches[0]
		labels := make([]int, 20)
		if err := training.GatherInputs(p, data, order, labels); err != nil {
			t.Fatal(err)
		}
		p.Graph().SetStep(0)
		if err := p.Run(nil); err != nil {
			t.Fatal(err)
		}
		g := gorgonia.NewGraph()
		node := func(name string, v any) *gorgonia.Node { return gorgonia.NodeFromAny(g, v, gorgonia.WithName(name)) }
		of := func(name string, pass, width int) *gorgonia.Node {
			values := testkit.Floats(t, p.Graph().Output.Value())
			if name != "" {
				d, err := p.Output(name)
				if err != nil {
					t.Fatal(err)
				}
				values = d.Float64s()
			}
			return node(name+string(rune('0'+pass)), tensor.New(tensor.WithShape(20, width), tensor.WithBacking(values[pass*20*width:(pass+1)*20*width])))
		}
		bands, sums, known := make([]int, 20), make([]float64, 20), make([]float64, 20)
		for i, from := range order {
			bands[i] = data.Named[4].Values.([]int)[from]
			sums[i], known[i] = float64(data.Named[2].Values.([]float32)[from]), float64(data.Named[3].Values.([]float32)[from])
		}
		total := gorgonia.Must(nn.RDrop(of("", 0, 2), of("", 1, 2), node("labels", tensor.New(tensor.WithBacking(labels))), 2*alpha))
		for pass := range 2 {
			band := gorgonia.Must(nn.SoftmaxCrossEntropy(of("band", pass, 2), node("bands", tensor.New(tensor.WithBacking(bands)))))
			sum := gorgonia.Must(nn.MSE(of("sum", pass, 1), node("sums", tensor.New(tensor.WithShape(20, 1), tensor.WithBacking(sums))),
				nn.WithWeights(node("known", tensor.New(tensor.WithBacking(known))))))
			total = gorgonia.Must(gorgonia.Add(total, gorgonia.Must(gorgonia.Add(band, gorgonia.Must(gorgonia.Mul(sum, gorgonia.NewConstant(0.5)))))))
		}
		testkit.Run(t, gorgonia.NewTapeMachine(g))
		if want := testkit.Floats(t, total.Value())[0] / 2; !(math.Abs(loss-want) < 1e-12) {
			t.Errorf("alpha %v: loss is %v, want %v", alpha, loss, want)
		}
	}
}
