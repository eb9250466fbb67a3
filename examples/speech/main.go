// Speech recognizes vowels of speakers it has never heard, with and without
// dropout.
//
//	go run ./examples/speech                           about a minute
//	go run ./examples/speech --seeds 20 --choices 3    the full form
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/vowel"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	Seeds   int    `default:"5" help:"Networks of each kind."`
	Choices int    `default:"1" help:"Seeds for each fold when settings are chosen."`
	Epochs  int    `default:"60" help:"Passes over the training speakers."`
	Units   int    `default:"128" help:"Units of each of the three hidden layers."`
	Seed    uint64 `default:"1" help:"The first seed."`
	Out     string `default:"runs/speech" help:"Directory for the plots." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "speech", Description: "Recognize vowels of speakers that were never heard, with and without dropout.", Grammar: &settings{}}
}

// Run goes through the cells below, from the data to the plots.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(2))
	d, err := load()
	if err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "%d vowels of %d kinds; %d of speakers 0 to 7 for training, %d of speakers 8 to 14 for testing.\n\n",
		d.table.Len(), len(d.table.Classes), len(d.train), len(d.test))
	arms := arms(d)
	if err := s.choose(ctx, to.Out, d, arms); err != nil {
		return err
	}
	results, err := s.train(ctx, d, arms)
	if err != nil {
		return err
	}
	last, err := s.test(ctx, to.Out, d, arms, results)
	if err != nil {
		return err
	}
	compare(to.Out, arms, results)
	if err := s.plot(to.Out, d, arms, results, last); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: 15 speakers, eight for training and seven for testing, as published.
// In a second form each number is standardized over its speaker (Lobanov,
// "Classification of Russian vowels spoken by different speakers", 1971), which
// requires hearing a test speaker for a while, but not knowing what was said.

// vowels holds the table in both forms, and its rows for training and testing.
type vowels struct {
	table, known *datasets.Table
	train, test  []int
}

func load() (d vowels, err error) {
	if d.table, err = vowel.Load(); err != nil {
		return d, err
	}
	d.train, d.test = vowel.Split(d.table)
	d.known, err = knownSpeakers(d.table)
	return d, err
}

// knownSpeakers returns the table with each number standardized over everything
// its speaker has said.
func knownSpeakers(table *datasets.Table) (*datasets.Table, error) {
	known := *table
	known.X = make([]float32, len(table.X))
	size, label := table.Shape[0], make([]int, 1)
	for speaker := range table.GroupNames {
		rows := datasets.Where(table.Groups, speaker)
		said, err := datasets.Subset(table, rows)
		if err != nil {
			return nil, err
		}
		scale, err := datasets.FitStandardization(said)
		if err != nil {
			return nil, err
		}
		for k, row := range rows {
			if err := scale.Apply(said).Gather([]int{k}, known.X[row*size:(row+1)*size], label); err != nil {
				return nil, err
			}
		}
	}
	return &known, nil
}

// %% A network, trained on some rows and tested on others. The inputs are
// standardized by the training rows, and get some noise in training.

// hyperparameters are chosen on the training speakers.
type hyperparameters struct{ p, decay, noise float64 }

func (s *settings) trainer(table *datasets.Table, trainRows, testRows []int, h hyperparameters, seed uint64) (*training.Trainer, training.Data, error) {
	var parts training.Data
	train, err := datasets.Subset(table, trainRows)
	if err != nil {
		return nil, parts, err
	}
	test, err := datasets.Subset(table, testRows)
	if err != nil {
		return nil, parts, err
	}
	scale, err := datasets.FitStandardization(train)
	if err != nil {
		return nil, parts, err
	}
	parts.Train, parts.Test = scale.Apply(train), scale.Apply(test)
	mlp := models.MLP{Inputs: table.Shape[0], Hidden: []int{s.Units, s.Units, s.Units}, Outputs: len(table.Classes), HiddenDropout: h.p, Activation: models.GELU()}
	m, err := models.New(models.Sequential{models.GaussianNoise(h.noise), mlp}, table.Shape, models.WithSeed(seed))
	if err != nil {
		return nil, parts, err
	}
	const batch = 40
	t := &training.Trainer{
		Model: m, Solver: &optim.AdamW{Regularization: optim.Regularization{WeightDecay: h.decay}},
		Epochs: s.Epochs, BatchSize: batch, Seed: seed,
	}
	t.LR = schedule.Cosine{Initial: 0.003, Steps: int64(s.Epochs * ((len(trainRows) + batch - 1) / batch))}
	return t, parts, nil
}

// %% Settings are chosen on the training speakers only: in turn, seven are used
// for training and the eighth for testing.

// An arm is a way of training on one form of the data.
type arm struct {
	name   string
	table  *datasets.Table
	among  []hyperparameters
	chosen hyperparameters
	nets   []*models.Model // by seed
}

func arms(d vowels) []*arm {
	plain := []hyperparameters{{0, 0, 0}, {0, 1, 0}, {0, 1, 0.3}}
	dropout := []hyperparameters{{0.2, 1, 0}, {0.5, 1, 0}, {0.2, 1, 0.3}, {0.5, 1, 0.3}}
	return []*arm{
		{name: "without dropout", table: d.table, among: plain}, {name: "with dropout", table: d.table, among: dropout},
		{name: "speaker known, without dropout", table: d.known, among: plain}, {name: "speaker known, with dropout", table: d.known, among: dropout},
	}
}

func (s *settings) choose(ctx context.Context, out io.Writer, d vowels, arms []*arm) error {
	speakers := make([]int, len(d.train))
	for k, row := range d.train {
		speakers[k] = d.table.Groups[row]
	}
	folds, err := datasets.GroupFolds(speakers, len(vowel.TrainSpeakers()), 1)
	if err != nil {
		return err
	}
	rows := func(of []int) []int {
		picked := make([]int, len(of))
		for k, i := range of {
			picked[k] = d.train[i]
		}
		return picked
	}
	fmt.Fprintln(out, "Accuracy on a training speaker left out:")
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tp\tweight decay\tnoise\taccuracy\t")
	for _, a := range arms {
		var tried []experiment.Arm
		for _, h := range a.among {
			tried = append(tried, experiment.Arm{Name: fmt.Sprint(h), New: func(seed uint64) (*training.Trainer, training.Data, error) {
				f := folds[seed%uint64(len(folds))]
				return s.trainer(a.table, rows(f.Train), rows(f.Test), h, 1000+seed)
			}})
		}
		results, err := experiment.Run(ctx, tried, experiment.Seeds(0, len(folds)*s.Choices), 2, nil)
		if err != nil {
			return err
		}
		lowest := math.Inf(1)
		for i, h := range a.among {
			e := experiment.Mean(results, tried[i].Name, experiment.TestError).Mean
			fmt.Fprintf(t, "%s\t%v\t%v\t%v\t%.1f %%\t\n", a.name, h.p, h.decay, h.noise, 100-100*e)
			if e < lowest {
				lowest, a.chosen = e, h
			}
		}
	}
	return t.Flush()
}

// %% The networks of each kind, with several seeds.

func (s *settings) train(ctx context.Context, d vowels, arms []*arm) ([]experiment.Result, error) {
	var all []experiment.Arm
	for _, a := range arms {
		a.nets = make([]*models.Model, s.Seeds)
		all = append(all, experiment.Arm{Name: a.name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			t, parts, err := s.trainer(a.table, d.train, d.test, a.chosen, seed)
			if err == nil {
				a.nets[seed-s.Seed] = t.Model
			}
			return t, parts, err
		}})
	}
	return experiment.Run(ctx, all, experiment.Seeds(s.Seed, s.Seeds), 2, nil)
}

// %% The test, once: the networks of each kind one by one, and as a committee
// with averaged probabilities.

// test returns the predictions of the last committee.
func (s *settings) test(ctx context.Context, out io.Writer, d vowels, arms []*arm, results []experiment.Result) (last report.Predictions, err error) {
	fmt.Fprintf(out, "\nOn the test speakers (seeds: %d):\n", s.Seeds)
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\taccuracy of a network\tNLL\tof a committee\tNLL\t")
	accuracy := experiment.Measure{Of: func(r experiment.Result) float64 { return r.History.Test.Accuracy() }}
	for _, a := range arms {
		_, parts, err := s.trainer(a.table, d.train, d.test, a.chosen, 0)
		if err != nil {
			return last, err
		}
		scores, mean, err := committee(ctx, a.nets, parts.Test)
		if err != nil {
			return last, err
		}
		e := experiment.Mean(results, a.name, accuracy)
		fmt.Fprintf(t, "%s\t%.1f ± %.1f %%\t%.3f\t%.1f %%\t%.3f\t\n", a.name, 100*e.Mean, 100*e.StdErr,
			experiment.Mean(results, a.name, experiment.TestNLL).Mean, 100*scores.Accuracy, scores.NLL)
		last = report.Predictions{Name: a.name, Classes: len(d.table.Classes)}
		for _, q := range mean {
			for _, v := range q.Mean {
				last.Probabilities = append(last.Probabilities, float32(v))
			}
			last.Labels = append(last.Labels, q.Label)
		}
	}
	if err := t.Flush(); err != nil {
		return last, err
	}
	fmt.Fprintln(out, "\"Speaker known\" standardizes by all vowels of a speaker, whatever they are: it has heard the test speakers, without labels.")
	return last, nil
}

// committee averages the probabilities of networks.
func committee(ctx context.Context, nets []*models.Model, test training.Dataset) (uncertainty.Scores, []uncertainty.Prediction, error) {
	var mean []uncertainty.Prediction
	for _, m := range nets {
		predictions, err := (&uncertainty.Predictor{Model: m}).PredictDeterministic(ctx, test)
		if err != nil {
			return uncertainty.Scores{}, nil, err
		}
		if mean == nil {
			mean = make([]uncertainty.Prediction, len(predictions))
		}
		for i, q := range predictions {
			if mean[i].Mean == nil {
				mean[i] = uncertainty.Prediction{Label: q.Label, Mean: make([]float64, len(q.Mean))}
			}
			for c, v := range q.Mean {
				mean[i].Mean[c] += v / float64(len(nets))
			}
		}
	}
	scores, err := uncertainty.Evaluate(mean, report.CalibrationBins)
	return scores, mean, err
}

// %% What dropout did.

func compare(out io.Writer, arms []*arm, results []experiment.Result) {
	for _, of := range [][2]int{{0, 1}, {2, 3}} {
		c := report.Comparison{Results: results, Without: arms[of[0]].name, With: arms[of[1]].name}
		fmt.Fprintf(out, "\nThe speaker %s. %s\n", []string{"unknown", "known"}[of[0]/2], c.Finding())
	}
	fmt.Fprintln(out)
}

// %% Plots: the test error of each seed, and which vowels are confused.

func (s *settings) plot(out io.Writer, d vowels, arms []*arm, results []experiment.Result, last report.Predictions) error {
	pairs, err := report.Comparison{Results: results, Without: arms[0].name, With: arms[1].name}.SeedErrors()
	if err != nil {
		return err
	}
	if err := report.SavePNG(out, s.Out, "seeds", pairs); err != nil {
		return err
	}
	confusion, err := report.Confusion(last, d.table.Classes)
	if err != nil {
		return err
	}
	return report.SavePNG(out, s.Out, "confusion", confusion)
}
