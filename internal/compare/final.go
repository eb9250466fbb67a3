package compare

import (
	"context"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/unlike"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A Final is the model to keep, with what it takes to use it.
type Final struct {
	Kind     Kind     `json:"kind"`
	Arm      Arm      `json:"arm"`
	Settings Settings `json:"settings"`
	Input    []int    `json:"input"` // shape of an example
	Outputs  int      `json:"outputs"`
	Seed     uint64   `json:"seed"` // of the masks
	// Split is that whose training part it was trained on: 0, which has no test part, unless
	// there was no time for it.
	Split int `json:"split"`
	// Noise has the variance of each number around its prediction, with dropout on and
	// off.
	Noise  []float64 `json:"noise,omitempty"`
	Noise0 []float64 `json:"noise_without,omitempty"`
	// Encoder makes inputs of rows of a table.
	Encoder *tabular.Encoder `json:"encoder,omitempty"`
	// Picture makes inputs of images.
	Picture *Picture `json:"picture,omitempty"`
	// Names are those of the outputs: the classes, the numbers, the characters.
	Names []string `json:"names"`
	// Usual is how unsure the network is of classes of the tuning part.
	Usual *unlike.Usual `json:"usual,omitempty"`
	// Expected is what the comparison says of networks chosen in this way.
	Expected Scores `json:"expected"`

	Model *models.Model `json:"-"`
}

// Better returns the arm with the better networks by the validation parts.
func (e *Experiment) Better() Arm {
	var sum [2]float64
	for split := range e.Splits {
		for i, arm := range Arms {
			other, ok := e.Chosen(split, Arms[1-i])
			t, also := e.Chosen(split, arm)
			if ok && also {
				// Parts differ in how hard they are.
				sum[i] += t.Score / (t.Score + other.Score + smallest)
			}
		}
	}
	if sum[0] < sum[1] {
		return Without
	}
	return With
}

// Final returns the model of the split without a test part, or of the first other one if
// there was no time for it: that of the better arm.
func (e *Experiment) Final(ctx context.Context, o *Outcome) (*Final, error) {
	arm := e.Better()
	var t Trial
	found := false
	for split := 0; split < len(e.Splits) && !found; split++ {
		t, found = e.Chosen(split, arm)
	}
	if !found {
		return nil, errors.New("no training has finished: give it more --time")
	}
	p, err := e.part(t.Split)
	if err != nil {
		return nil, err
	}
	f := &Final{
		Kind: e.Subject.Kind(), Arm: arm, Settings: t.Settings, Input: p.Input, Outputs: e.Subject.Outputs(), Seed: e.seed(t), Split: t.Split, Names: e.Subject.Names(),
	}
	if w := o.Way(string(arm)); w != nil {
		f.Expected = Scores{Error: w.Error.Mean, NLL: w.NLL.Mean, Calibration: w.Calibration, Examples: w.Predictions.Scores().Examples}
	}
	f.Encoder, _ = p.Fitted.(*tabular.Encoder)
	f.Picture, _ = p.Fitted.(*Picture)
	if f.Model, err = e.load(p, t); err != nil {
		return nil, err
	}
	for _, with := range []bool{true, false} {
		n := f.network(0)
		n.Noise = nil
		if n.Scale = p.Scale; with && arm == With {
			n.Passes = mostPasses
		}
		if err := n.fitNoise(ctx, p.Validation); err != nil {
			return nil, err
		}
		if with {
			f.Noise = n.Noise
		} else {
			f.Noise0 = n.Noise
		}
	}
	return f, f.fitUsual(ctx, p.Validation)
}

// mostUsual is the number of examples by which it is judged what is usual.
const mostUsual = 1000

// fitUsual finds how unsure the network is of examples that it was not trained on.
func (f *Final) fitUsual(ctx context.Context, validation training.Dataset) error {
	if f.Kind != Classes {
		return nil
	}
	few, err := datasets.Subset(validation, indices(min(validation.Len(), mostUsual)))
	if err != nil {
		return err
	}
	said, err := f.Network(mostPasses).Predict(ctx, few)
	if err != nil {
		return err
	}
	f.Usual = unlike.Of(said.Entropies, said.Disagreement)
	return nil
}

// Network returns the model with the given number of passes of Monte Carlo dropout; 0
// predicts without dropout, as does a model that was trained without it.
func (f *Final) Network(passes int) *Network {
	if f.Arm == Without {
		passes = 0
	}
	return f.network(passes)
}

func (f *Final) network(passes int) *Network {
	n := &Network{Kind: f.Kind, Model: f.Model, Outputs: f.Outputs, Passes: passes, Noise: f.Noise}
	if passes == 0 {
		n.Noise = f.Noise0
	}
	if f.Encoder != nil && f.Kind == Numbers {
		n.Scale = uncertainty.Scale(f.Encoder)
	}
	return n
}

// Load makes the model of a final whose other fields were read, from the file of its
// weights.
func (f *Final) Load(path string) error {
	var net models.Layer
	switch {
	case f.Encoder != nil:
		if err := f.Encoder.Check(); err != nil {
			return err
		}
		net = Tabular(f.Encoder, f.Outputs, f.Settings)
	case f.Picture != nil:
		net = Convolutional(f.Outputs, f.Settings)
	case f.Kind == Text && len(f.Settings.Hidden) == 1:
		net = Language(f.Outputs, f.Settings)
	default:
		return errors.Errorf("compare: Load: the model of %s must be of a table, images or text, got none of them", path)
	}
	m, err := models.New(net, f.Input, models.WithSeed(f.Seed))
	if err != nil {
		return err
	}
	f.Model = m
	return m.Load(path)
}
