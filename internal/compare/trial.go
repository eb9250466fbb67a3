package compare

import (
	"math"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A Trial is a finished training: a split, an arm and a round.
type Trial struct {
	Split    int      `json:"split"`
	Arm      Arm      `json:"arm"`
	Round    int      `json:"round"`
	Settings Settings `json:"settings"`
	// Score is what the validation part gives by, the lower the better: the negative
	// log-likelihood of classes, labels and text, the RMSE of standardized numbers. A
	// training that diverged has none.
	Score    float64 `json:"score"`
	Diverged string  `json:"diverged,omitempty"`
	// Curve has the scores of the validation part by epoch, Train those of the batches.
	Curve   []float64 `json:"curve,omitempty"`
	Train   []float64 `json:"train,omitempty"`
	Epochs  int       `json:"epochs"`
	Steps   int64     `json:"steps"`
	Seconds float64   `json:"seconds"`
}

// bestOf returns the place of the trial with the lowest score, the first of several, -1 if
// there is none.
func bestOf(trials []Trial) int {
	best := -1
	for i := range trials {
		if t := &trials[i]; t.Diverged == "" && (best < 0 || t.Score < trials[best].Score) {
			best = i
		}
	}
	return best
}

// Length is how long a training is.
type Length struct {
	Batch  int `json:"batch"`
	Epochs int `json:"epochs"` // at most
	// Patience is the number of epochs without a better score after which it ends.
	Patience int `json:"patience"`
}

// lengthFor returns the length for a number of training examples: about as many steps for
// all.
func lengthFor(n, steps, most int) Length {
	l := Length{Batch: 32}
	for l.Batch < 256 && n > 30*l.Batch {
		l.Batch *= 2
	}
	perEpoch := (n + l.Batch - 1) / l.Batch
	l.Epochs = min(max((steps+perEpoch-1)/perEpoch, 3), most)
	l.Patience = max(3, l.Epochs/5)
	return l
}

// trainer returns the trainer of a trial, with its model.
func (e *Experiment) trainer(p *Part, of Trial, opts ...models.Option) (*training.Trainer, error) {
	s, seed, length := of.Settings, e.seed(of), e.Length
	if of.Arm == Linear {
		// However little time there is, a baseline must be what it is called.
		length = length.With(e.Subject.Length(len(e.Splits[0].Train)).Epochs, 0)
	}
	m, err := models.New(e.Subject.Network(s, p), p.Input, append(opts, models.WithSeed(seed))...)
	if err != nil {
		return nil, err
	}
	t := &training.Trainer{
		Model: m, Epochs: length.Epochs, BatchSize: length.Batch, Seed: seed,
		Solver: &optim.AdamW{Regularization: optim.Regularization{WeightDecay: s.WeightDecay, ClipNorm: clipFor(e.Subject.Kind())}},
		LR:     schedule.Cosine{Initial: s.LR, Steps: int64(length.Epochs * ((p.Train.Len() + length.Batch - 1) / length.Batch))},
	}
	switch e.Subject.Kind() {
	case Numbers:
		t.Metrics = []metrics.Metric{metrics.RMSE{}}
	case Labels:
		t.Loss = training.BCEWithLogits()
		t.Metrics = []metrics.Metric{metrics.ValueMean{Title: labelNLL, Of: crossEntropy}}
	}
	t.Callbacks = append(t.Callbacks, training.EarlyStopping(length.Patience))
	return t, nil
}

func clipFor(k Kind) float64 {
	if k == Text {
		return 1
	}
	return 0
}

// score returns the score of an evaluation.
func (e *Experiment) score(m *training.Metrics) float64 {
	if m == nil {
		return math.NaN()
	}
	switch e.Subject.Kind() {
	case Numbers:
		return m.Score("RMSE").Value
	case Labels:
		return m.Score(labelNLL).Value
	}
	return m.NLL
}

// finished makes a trial of a history.
func (e *Experiment) finished(t Trial, h *training.History) Trial {
	t.Score = e.score(h.Validation)
	for i := range h.Epochs {
		t.Curve = append(t.Curve, e.score(h.Epochs[i].Validation))
		t.Train = append(t.Train, e.score(&h.Epochs[i].Train))
	}
	for _, score := range append([]float64{t.Score}, append(t.Curve, t.Train...)...) {
		if math.IsNaN(score) || math.IsInf(score, 0) {
			t.Score, t.Curve, t.Train, t.Diverged = 0, nil, nil, "the score was not finite"
			break
		}
	}
	t.Epochs, t.Steps, t.Seconds = len(h.Epochs), h.Steps, h.Time.Seconds()
	return t
}

// labelNLL is the metric of labels.
const labelNLL = "cross-entropy"

// crossEntropy is the negative log-likelihood of a label, 0 or 1, by its logit.
func crossEntropy(logit, label float64) float64 {
	return max(logit, 0) - logit*label + math.Log1p(math.Exp(-math.Abs(logit)))
}

// With returns the length with another number of epochs or another batch, unless they are 0.
func (l Length) With(epochs, batch int) Length {
	if epochs > 0 {
		l.Epochs, l.Patience = epochs, max(3, epochs/5) // which may be longer than the training
	}
	if batch > 0 {
		l.Batch = batch
	}
	return l
}
