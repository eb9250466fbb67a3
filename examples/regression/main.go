// Regression predicts the strength of concrete from its ingredients with and without
// dropout, and says how sure it is: root of the mean squared error, log-likelihood, and how
// many strengths lie in the intervals that should have 90 % of them.
//
//	go run ./examples/regression               5 of the published splits
//	go run ./examples/regression --splits 20   all of them
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/uci"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	Splits int       `default:"5" help:"Published splits to train on, 1 to 20."`
	Epochs float64   `default:"1" help:"Length of the training, as a multiple of the usual one."`
	P      []float64 `default:"0.005,0.01,0.05" help:"Drop probabilities of inputs and hidden units to choose from."`
	Passes int       `default:"500" help:"Passes of Monte-Carlo dropout."`
	Seed   uint64    `default:"1" help:"Seed of the training."`
	Out    string    `default:"runs/regression" help:"Directory for the plot." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "regression", Description: "Predict the strength of concrete with and without dropout, and say how sure that is.", Grammar: &settings{}}
}

// Run goes through the cells below, from the data to the table.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(2))
	splits, err := s.data()
	if err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "1030 mixtures of concrete; %d published splits, each with %d to learn from and %d to test on.\n\n",
		len(splits), splits[0].train.Len(), splits[0].test.Len())
	without, best, err := s.choose(ctx, to.Out, splits)
	if err != nil {
		return err
	}
	if err := s.compare(ctx, to.Out, splits, []*arm{without, best}); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: mixtures of eight numbers and their strength in MPa. Inputs and strengths are
// standardized by the training part of each split. A fifth of the training part is held out
// for the choice of the drop probability and the noise.

type split struct {
	train, test training.Dataset
	rest, fifth training.Dataset // of train
	scale       *datasets.TargetStandardization
}

func (s *settings) data() ([]*split, error) {
	table, err := uci.Concrete().Load()
	if err != nil {
		return nil, err
	}
	folds, err := uci.Concrete().Splits()
	if err != nil {
		return nil, err
	}
	if s.Splits < 1 || s.Splits > len(folds) {
		return nil, fmt.Errorf("splits must be 1 to %d, got %d", len(folds), s.Splits)
	}
	var splits []*split
	for _, f := range folds[:s.Splits] {
		train, err := datasets.Subset(table, f.Train)
		if err != nil {
			return nil, err
		}
		test, err := datasets.Subset(table, f.Test)
		if err != nil {
			return nil, err
		}
		inputs, err := datasets.FitStandardization(train)
		if err != nil {
			return nil, err
		}
		scale, err := datasets.FitTargets(train)
		if err != nil {
			return nil, err
		}
		of := &split{train: scale.Apply(inputs.Apply(train)), test: scale.Apply(inputs.Apply(test)), scale: scale}
		// The rows of a mixture at several ages are neighbours: every fifth one.
		var rest, fifth []int
		for i := range train.Len() {
			if i%5 == 0 {
				fifth = append(fifth, i)
			} else {
				rest = append(rest, i)
			}
		}
		if of.rest, err = datasets.Subset(of.train, rest); err != nil {
			return nil, err
		}
		if of.fifth, err = datasets.Subset(of.train, fifth); err != nil {
			return nil, err
		}
		splits = append(splits, of)
	}
	return splits, nil
}

// %% Two ways to train one network, 8-50-1 as in the literature, with dropout on the inputs
// too. The better of 1,000 (--epochs 0.4) and 2,500 epochs was chosen by the likelihood of
// the fifths that are held out.

type arm struct {
	settings     *settings
	name         string
	p            float64
	splits       []*split
	nets, trials []*models.Model // trained on all of the training parts, and on four fifths
	noise        []float64       // of each split, in MPa squared, by the trials
}

func (s *settings) arm(splits []*split, p float64) *arm {
	name := "without dropout"
	if p > 0 {
		name = fmt.Sprintf("with dropout, p = %v", p)
	}
	return &arm{
		settings: s, name: name, p: p, splits: splits,
		nets: make([]*models.Model, len(splits)), trials: make([]*models.Model, len(splits)), noise: make([]float64, len(splits)),
	}
}

// train trains the networks of arms on a part of each split.
func train(ctx context.Context, arms []*arm, nets func(*arm) []*models.Model, part func(*split) training.Dataset) error {
	var runs []experiment.Arm
	for _, a := range arms {
		runs = append(runs, a.run(part, nets(a)))
	}
	_, err := experiment.Run(ctx, runs, experiment.Seeds(0, len(arms[0].splits)), 2, nil)
	return err
}

// run returns the training of the networks on a part of each split.
func (a *arm) run(part func(*split) training.Dataset, nets []*models.Model) experiment.Arm {
	return experiment.Arm{Name: a.name, New: func(k uint64) (*training.Trainer, training.Data, error) {
		data := training.Data{Train: part(a.splits[k])}
		seed := a.settings.Seed<<32 + k
		m, err := models.New(models.MLP{Inputs: 8, Hidden: []int{50}, Outputs: 1, InputDropout: a.p, HiddenDropout: a.p}, []int{8}, models.WithSeed(seed))
		if err != nil {
			return nil, data, err
		}
		nets[k] = m
		const batch = 128
		t := &training.Trainer{
			Model: m, Solver: &optim.Adam{}, Epochs: int(math.Ceil(2500 * a.settings.Epochs)), BatchSize: batch, Seed: seed,
			Metrics: []metrics.Metric{metrics.RMSE{}},
		}
		t.LR = schedule.Cosine{Initial: 0.01, Steps: int64(t.Epochs * (data.Train.Len()/batch + 1))}
		return t, data, nil
	}}
}

// predict returns what a network says of data: without dropout in one pass.
func (a *arm) predict(ctx context.Context, m *models.Model, data training.Dataset, scale uncertainty.Scale) ([]uncertainty.Values, error) {
	p := &uncertainty.Predictor{Model: m, Passes: a.settings.Passes}
	if a.p == 0 {
		return p.PredictValuesDeterministic(ctx, data, scale)
	}
	return p.PredictValues(ctx, data, scale)
}

// %% The noise in the data: the variance under which the fifth that was held out is most
// likely, by the networks that have not seen it.

func noise(said []uncertainty.Values) float64 {
	best, most := 0.0, math.Inf(-1)
	for variance := 1.0; variance < 1000; variance *= 1.05 {
		if l := likelihood(said, variance); l > most {
			best, most = variance, l
		}
	}
	return best
}

// likelihood is the mean log-likelihood of the strengths.
func likelihood(said []uncertainty.Values, variance float64) float64 {
	var sum float64
	for _, v := range said {
		sum += v.LogLikelihood(0, variance)
	}
	return sum / float64(len(said))
}

// %% The drop probability: the one with which the fifths that were held out are most
// likely, on average. Networks without dropout and with the best are then trained on all
// of the training parts.

func (s *settings) choose(ctx context.Context, out io.Writer, splits []*split) (without, best *arm, err error) {
	without = s.arm(splits, 0)
	arms := []*arm{without}
	for _, p := range s.P {
		if !(p > 0 && p < 1) {
			return nil, nil, fmt.Errorf("drop probabilities must be in (0, 1), got %v", p)
		}
		arms = append(arms, s.arm(splits, p))
	}
	if len(arms) < 2 {
		return nil, nil, fmt.Errorf("there must be a drop probability to choose, got none")
	}
	err = train(ctx, arms, func(a *arm) []*models.Model { return a.trials }, func(s *split) training.Dataset { return s.rest })
	if err != nil {
		return nil, nil, err
	}
	most := math.Inf(-1)
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "trained on four fifths\tlog-likelihood of the other\t")
	for _, a := range arms {
		var likely []float64
		for k, of := range splits {
			held, err := a.predict(ctx, a.trials[k], of.fifth, of.scale)
			if err != nil {
				return nil, nil, err
			}
			a.noise[k] = noise(held)
			likely = append(likely, likelihood(held, a.noise[k]))
		}
		e := experiment.Estimated(likely)
		if a.p > 0 && e.Mean > most {
			best, most = a, e.Mean
		}
		fmt.Fprintf(t, "%s\t%.2f ± %.2f\t\n", a.name, e.Mean, e.StdErr)
	}
	if err := t.Flush(); err != nil {
		return nil, nil, err
	}
	if best == nil {
		return nil, nil, fmt.Errorf("a network with dropout must have a finite log-likelihood, got none")
	}
	fmt.Fprintln(out)
	err = train(ctx, []*arm{without, best}, func(a *arm) []*models.Model { return a.nets }, func(s *split) training.Dataset { return s.train })
	return without, best, err
}

// %% What they are worth on the test parts, in MPa.

func (s *settings) compare(ctx context.Context, out io.Writer, splits []*split, arms []*arm) error {
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	levels := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95}
	var drawn []report.Covered
	fmt.Fprintln(t, "\tRMSE, MPa\tlog-likelihood\tin the 90 % intervals\ttheir width, MPa\tnoise, MPa\tof the model, MPa\t")
	for _, a := range arms {
		var rmse, likely, covered, width, noisy, model []float64
		curve := report.Covered{Name: a.name, Levels: levels, Shares: make([]float64, len(levels))}
		for k, of := range splits {
			variance := a.noise[k]
			said, err := a.predict(ctx, a.nets[k], of.test, of.scale)
			if err != nil {
				return err
			}
			shares, err := uncertainty.Coverage(said, levels, variance)
			if err != nil {
				return err
			}
			for i, share := range shares {
				curve.Shares[i] += share
			}
			n := float64(len(said))
			var square, inside, wide, epistemic float64
			for _, v := range said {
				d := v.Target[0] - v.Mean[0]
				square += d * d / n
				low, high := v.Interval(0, 0.9, variance)
				if low <= v.Target[0] && v.Target[0] <= high {
					inside += 1 / n
				}
				wide += (high - low) / n
				epistemic += v.Variance[0] / n
			}
			rmse, likely, covered = append(rmse, math.Sqrt(square)), append(likely, likelihood(said, variance)), append(covered, 100*inside)
			width, noisy, model = append(width, wide), append(noisy, math.Sqrt(variance)), append(model, math.Sqrt(epistemic))
		}
		for i := range curve.Shares {
			curve.Shares[i] /= float64(len(splits))
		}
		drawn = append(drawn, curve)
		pm := func(x []float64, decimals int) string {
			e := experiment.Estimated(x)
			return fmt.Sprintf("%.*f ± %.*f", decimals, e.Mean, decimals, e.StdErr)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s %%\t%s\t%s\t%s\t\n", a.name, pm(rmse, 2), pm(likely, 2), pm(covered, 1), pm(width, 1), pm(noisy, 2), pm(model, 2))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	figure, err := report.Coverage(drawn...)
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	return report.SavePNG(out, s.Out, "coverage", figure)
}
