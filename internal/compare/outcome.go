package compare

import (
	"context"
	"encoding/json"
	"math"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// An Outcome is what an experiment has found.
type Outcome struct {
	Kind   Kind  `json:"kind"`
	Rounds int   `json:"rounds"` // trials of each arm in each split
	Ways   []Way `json:"ways"`
	// Error and NLL estimate the difference with dropout minus without, over the splits.
	// Their standard errors are corrected for training parts that overlap.
	Error Estimate `json:"error_difference"`
	NLL   Estimate `json:"nll_difference"`
	// Chosen are the trials that were best by the validation parts.
	Chosen []Trial `json:"chosen"`
	// Ratio is the mean size of the test parts over that of all else.
	Ratio float64 `json:"ratio"`
	// Splits are the splits that were compared, without the one of the final model.
	Splits []int `json:"splits"`
}

// A Way is a way to predict, in a row of the table.
type Way struct {
	Name   string   `json:"name"`
	Splits []Scores `json:"splits"`
	// Error and NLL are means over the splits, with standard errors corrected for training
	// parts that overlap; Calibration is that of all test parts together.
	Error       Estimate `json:"error"`
	NLL         Estimate `json:"nll"`
	Calibration float64  `json:"calibration"`
	// Predictions are those of all test parts, one after another.
	Predictions *Predictions `json:"-"`
}

// The names of ways besides the arms.
const (
	Sampled  = "with MC dropout"
	Pairs    = "pairs of characters"
	Constant = "the mean"
	Frequent = "the commonest class"
	Shares   = "the shares"
	Unigrams = "shares of characters"
	Straight = "linear regression"
)

// An Estimate is a mean over splits with its standard error.
type Estimate struct{ experiment.Estimate }

// MarshalJSON leaves out a standard error that there is not, as of one split.
func (e Estimate) MarshalJSON() ([]byte, error) {
	var of struct {
		N      int      `json:"n"`
		Mean   float64  `json:"mean"`
		StdErr *float64 `json:"stderr,omitempty"`
	}
	of.N, of.Mean = e.N, e.Mean
	if !math.IsNaN(e.StdErr) {
		of.StdErr = &e.StdErr
	}
	return json.Marshal(of)
}

// Corrected estimates the mean of x. It corrects its standard error for splits whose
// training parts overlap,
// where test parts are ratio times as large as all else.
//
// Source: Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52,
// 2003, equation 9.
func Corrected(x []float64, ratio float64) Estimate {
	e := experiment.Estimated(x)
	e.StdErr *= math.Sqrt(1 + float64(e.N)*ratio)
	return Estimate{e}
}

// Way returns the way with a name, nil if there is none.
func (o *Outcome) Way(name string) *Way {
	for i := range o.Ways {
		if o.Ways[i].Name == name {
			return &o.Ways[i]
		}
	}
	return nil
}

// passes of Monte Carlo dropout: at most this many, and as few as rows allow.
const (
	mostPasses  = 50
	leastPasses = 10
	mostRows    = 150_000
	// imagePasses are those of images, whose networks take longer.
	imagePasses = 20
)

// PassesFor returns the number of passes of Monte Carlo dropout for a number of examples.
func PassesFor(examples int) int {
	return min(mostPasses, max(leastPasses, mostRows/max(1, examples)))
}

// Evaluate tests the best networks of each split, and the baselines.
func (e *Experiment) Evaluate(ctx context.Context) (*Outcome, error) {
	o := &Outcome{Kind: e.Subject.Kind(), Rounds: max(1, e.Rounds())}
	ways := make(map[string]*Way)
	var order []string
	add := func(name string, p *Predictions) {
		w := ways[name]
		if w == nil {
			w = &Way{Name: name, Predictions: &Predictions{}}
			ways[name] = w
			order = append(order, name)
		}
		w.Splits = append(w.Splits, p.Scores())
		w.Predictions.add(p)
	}
	type tested struct {
		names  []string
		said   []*Predictions
		chosen []Trial
	}
	all := make([]tested, len(e.Splits))
	var group errgroup.Group
	group.SetLimit(max(1, e.Workers))
	for split := 1; split < len(e.Splits); split++ {
		if _, ok := e.Chosen(split, Without); !ok {
			continue
		}
		if _, ok := e.Chosen(split, With); !ok {
			continue
		}
		s := e.Splits[split]
		o.Splits = append(o.Splits, split)
		o.Ratio += float64(len(s.Test)) / float64(len(s.Train)+len(s.Validation))
		group.Go(func() error {
			t := &all[split]
			var err error
			t.chosen, err = e.evaluate(ctx, split, func(name string, p *Predictions) {
				t.names, t.said = append(t.names, name), append(t.said, p)
			})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, t := range all {
		for i, name := range t.names {
			add(name, t.said[i])
		}
		o.Chosen = append(o.Chosen, t.chosen...)
	}
	if len(o.Splits) == 0 {
		return nil, errors.New("no split has finished both arms: give it more --time")
	}
	o.Ratio /= float64(len(o.Splits))
	for _, name := range order {
		w := ways[name]
		if len(w.Splits) < len(o.Splits) {
			continue // a baseline that was not finished everywhere
		}
		w.Error, w.NLL = o.over(w, nil, errorOf), o.over(w, nil, nllOf)
		w.Calibration = w.Predictions.Scores().Calibration
		o.Ways = append(o.Ways, *w)
	}
	o.Error = o.over(ways[string(With)], ways[string(Without)], errorOf)
	o.NLL = o.over(ways[string(With)], ways[string(Without)], nllOf)
	return o, nil
}

func errorOf(s Scores) float64 { return s.Error }
func nllOf(s Scores) float64   { return s.NLL }

// over estimates a score of a way, less that of another unless it is nil.
func (o *Outcome) over(w, less *Way, of func(Scores) float64) Estimate {
	x := make([]float64, len(w.Splits))
	for i, s := range w.Splits {
		x[i] = of(s)
		if less != nil {
			x[i] -= of(less.Splits[i])
		}
	}
	return Corrected(x, o.Ratio)
}

// evaluate adds the predictions for the test part of a split, and returns the trials whose
// networks have made them.
func (e *Experiment) evaluate(ctx context.Context, split int, add func(string, *Predictions)) ([]Trial, error) {
	p, err := e.part(split)
	if err != nil {
		return nil, err
	}
	var chosen []Trial
	of := e.Splits[split]
	keep := func(name string, said *Predictions) {
		said.Index = of.Test
		for range said.Values {
			said.Std = append(said.Std, p.Std)
		}
		add(name, said)
	}
	if err := e.baselines(p, keep); err != nil {
		return nil, err
	}
	for _, arm := range []Arm{Linear, Without, With} {
		t, ok := e.Chosen(split, arm)
		if !ok {
			continue
		}
		m, err := e.load(p, t)
		if err != nil {
			return nil, err
		}
		if arm != Linear {
			chosen = append(chosen, t)
		}
		for _, passes := range e.waysOf(arm, len(of.Test)) {
			said, err := e.predict(ctx, p, m, passes)
			if err != nil {
				return nil, err
			}
			name := string(arm)
			if passes > 0 {
				name = Sampled
			}
			keep(name, said)
		}
	}
	return chosen, nil
}

// waysOf returns the numbers of passes with which the networks of an arm predict.
func (e *Experiment) waysOf(arm Arm, examples int) []int {
	if arm != With || e.Subject.Kind() == Text {
		return []int{0}
	}
	if _, ok := e.Subject.(*Images); ok {
		return []int{0, min(imagePasses, PassesFor(examples))}
	}
	return []int{0, PassesFor(examples)}
}

func (e *Experiment) predict(ctx context.Context, p *Part, m *models.Model, passes int) (*Predictions, error) {
	n := &Network{Kind: e.Subject.Kind(), Model: m, Outputs: e.Subject.Outputs(), Scale: p.Scale, Passes: passes}
	if err := n.fitNoise(ctx, p.Validation); err != nil {
		return nil, err
	}
	said, err := n.Predict(ctx, p.Test)
	return said, errors.WithMessage(err, "compare: test")
}

func (e *Experiment) baselines(p *Part, add func(string, *Predictions)) error {
	name := map[Kind]string{Classes: Frequent, Numbers: Constant, Labels: Shares, Text: Unigrams}[e.Subject.Kind()]
	said, err := guess(e.Subject.Kind(), e.Subject.Outputs(), p)
	if err != nil {
		return err
	}
	add(name, said)
	switch e.Subject.Kind() {
	case Numbers:
		if p.Input[0] > maxLinear {
			return nil
		}
		if said, err = linear(e.Subject.Outputs(), p); err != nil {
			return err
		}
		add(Straight, said)
	case Text:
		if said, err = guessText(e.Subject.Outputs(), p, true); err != nil {
			return err
		}
		add(Pairs, said)
	}
	return nil
}

// maxLinear is the number of inputs up to which linear regression is solved.
const maxLinear = 2000
