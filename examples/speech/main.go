// Speech recognizes vowels of speakers that it has never heard, with and without
// dropout.
//
//	go run ./examples/speech                        about a minute
//	go run ./examples/speech -seeds 20 -choices 3   the full form
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"text/tabwriter"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/vowel"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	seeds, choices int
	epochs, units  int
	seed           uint64
	dir            string
}

func main() {
	var s settings
	flag.IntVar(&s.seeds, "seeds", 5, "networks of each kind")
	flag.IntVar(&s.choices, "choices", 1, "seeds for each fold when settings are chosen")
	flag.IntVar(&s.epochs, "epochs", 60, "passes over the training speakers")
	flag.IntVar(&s.units, "units", 128, "units of each of the three hidden layers")
	flag.Uint64Var(&s.seed, "seed", 1, "the first seed")
	flag.StringVar(&s.dir, "out", "", "directory for the plots; by default a temporary one")
	flag.Parse()
	fmt.Println(blas.Use(2))
	if err := run(context.Background(), s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// A choice is what is chosen on the training speakers.
type choice struct{ p, decay, noise float64 }

func run(ctx context.Context, s settings, out io.Writer) error {
	start := time.Now()

	// %% Data: 15 speakers, eight to learn from and seven others to test on, as
	// published. A second form of it has each number standardized over the speaker
	// (Lobanov, "Classification of Russian vowels spoken by different speakers", 1971),
	// which needs to hear a test speaker for a while, but not to know what was said.
	table, err := vowel.Load()
	if err != nil {
		return err
	}
	known, err := knownSpeakers(table)
	if err != nil {
		return err
	}
	trainRows, testRows := vowel.Split(table)
	fmt.Fprintf(out, "%d vowels of %d kinds; %d of speakers 0 to 7 to learn from, %d of speakers 8 to 14 to test on.\n\n",
		table.Len(), len(table.Classes), len(trainRows), len(testRows))

	// %% One network, trained on some rows and tested on others. The inputs are
	// standardized by the rows to train on, and get some noise in training.
	trainer := func(data *datasets.Table, trainRows, testRows []int, c choice, seed uint64) (*training.Trainer, training.Data, error) {
		var parts training.Data
		train, err := datasets.Subset(data, trainRows)
		if err != nil {
			return nil, parts, err
		}
		test, err := datasets.Subset(data, testRows)
		if err != nil {
			return nil, parts, err
		}
		scale, err := datasets.FitStandardization(train)
		if err != nil {
			return nil, parts, err
		}
		parts.Train, parts.Test = scale.Apply(train), scale.Apply(test)
		mlp := models.MLP{Inputs: data.Shape[0], Hidden: []int{s.units, s.units, s.units}, Outputs: len(data.Classes), HiddenDropout: c.p, Activation: models.GELU()}
		net := models.Sequential{models.GaussianNoise(c.noise), mlp}
		m, err := models.New(net, data.Shape, models.WithSeed(seed))
		if err != nil {
			return nil, parts, err
		}
		const batch = 40
		t := &training.Trainer{
			Model: m, Solver: &optim.AdamW{Regularization: optim.Regularization{WeightDecay: c.decay}},
			Epochs: s.epochs, BatchSize: batch, Seed: seed,
		}
		t.Schedule = optim.Cosine{Initial: 0.003, Steps: int64(s.epochs * ((len(trainRows) + batch - 1) / batch))}
		return t, parts, nil
	}

	// %% Settings are chosen on the training speakers alone: seven are learned from
	// and the eighth is tested, in turn.
	groups := make([]int, len(trainRows))
	for k, row := range trainRows {
		groups[k] = table.Groups[row]
	}
	folds, err := datasets.GroupFolds(groups, len(vowel.TrainSpeakers()), 1)
	if err != nil {
		return err
	}
	rows := func(of []int) []int {
		picked := make([]int, len(of))
		for k, i := range of {
			picked[k] = trainRows[i]
		}
		return picked
	}
	type arm struct {
		name   string
		data   *datasets.Table
		among  []choice
		chosen choice
	}
	plain := []choice{{0, 0, 0}, {0, 1, 0}, {0, 1, 0.3}}
	dropout := []choice{{0.2, 1, 0}, {0.5, 1, 0}, {0.2, 1, 0.3}, {0.5, 1, 0.3}}
	arms := []arm{
		{name: "without dropout", data: table, among: plain}, {name: "with dropout", data: table, among: dropout},
		{name: "speaker known, without dropout", data: known, among: plain}, {name: "speaker known, with dropout", data: known, among: dropout},
	}
	fmt.Fprintln(out, "Accuracy on a training speaker left out:")
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tp\tweight decay\tnoise\taccuracy\t")
	for k, a := range arms {
		var tried []experiment.Arm
		for _, c := range a.among {
			tried = append(tried, experiment.Arm{Name: fmt.Sprint(c), New: func(seed uint64) (*training.Trainer, training.Data, error) {
				f := folds[seed%uint64(len(folds))]
				return trainer(a.data, rows(f.Train), rows(f.Test), c, 1000+seed)
			}})
		}
		results, err := experiment.Run(ctx, tried, seeds(0, len(folds)*s.choices), 2, nil)
		if err != nil {
			return err
		}
		lowest := math.Inf(1)
		for i, c := range a.among {
			e := experiment.Mean(results, tried[i].Name, experiment.TestError).Mean
			fmt.Fprintf(t, "%s\t%v\t%v\t%v\t%.1f %%\t\n", a.name, c.p, c.decay, c.noise, 100-100*e)
			if e < lowest {
				lowest, arms[k].chosen = e, c
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}

	// %% The test, once: networks of each kind by several seeds, alone and as one
	// committee whose probabilities are averaged.
	var runs []experiment.Arm
	nets := make([][]*models.Model, len(arms))
	tests := make([]training.Dataset, len(arms))
	for k, a := range arms {
		nets[k] = make([]*models.Model, s.seeds)
		_, parts, err := trainer(a.data, trainRows, testRows, a.chosen, 0)
		if err != nil {
			return err
		}
		tests[k] = parts.Test
		runs = append(runs, experiment.Arm{Name: a.name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			t, parts, err := trainer(a.data, trainRows, testRows, a.chosen, seed)
			if err == nil {
				nets[k][seed-s.seed] = t.Model
			}
			return t, parts, err
		}})
	}
	results, err := experiment.Run(ctx, runs, seeds(s.seed, s.seeds), 2, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nOn the test speakers (seeds: %d):\n", s.seeds)
	t = tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\taccuracy of a network\tNLL\tof a committee\tNLL\t")
	var last report.Predictions
	for k, a := range arms {
		accuracy := experiment.Measure{Of: func(r experiment.Result) float64 { return r.History.Test.Accuracy() }}
		e := experiment.Mean(results, a.name, accuracy)
		scores, mean, err := committee(ctx, nets[k], tests[k])
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%.1f ± %.1f %%\t%.3f\t%.1f %%\t%.3f\t\n", a.name, 100*e.Mean, 100*e.StdErr,
			experiment.Mean(results, a.name, experiment.TestNLL).Mean, 100*scores.Accuracy, scores.NLL)
		last = report.Predictions{Name: a.name, Classes: len(table.Classes)}
		for _, q := range mean {
			for _, v := range q.Mean {
				last.Probabilities = append(last.Probabilities, float32(v))
			}
			last.Labels = append(last.Labels, q.Label)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\"Speaker known\" standardizes by all vowels of a speaker, whatever they are: it has heard the test speakers, without labels.")

	// %% What dropout did.
	for _, of := range [][2]int{{0, 1}, {2, 3}} {
		c := report.Comparison{Results: results, Without: arms[of[0]].name, With: arms[of[1]].name}
		fmt.Fprintf(out, "\nThe speaker %s. %s\n", []string{"unknown", "known"}[of[0]/2], c.Finding())
	}

	fmt.Fprintln(out)

	// %% Plots: the test error of each seed, and which vowels are taken for which.
	dir := s.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "speech-"); err != nil {
			return err
		}
	}
	pairs, err := report.Comparison{Results: results, Without: arms[0].name, With: arms[1].name}.SeedErrors()
	if err != nil {
		return err
	}
	if err := report.Show(out, dir, "seeds", pairs); err != nil {
		return err
	}
	confusion, err := report.Confusion(last, table.Classes)
	if err != nil {
		return err
	}
	if err := report.Show(out, dir, "confusion", confusion); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// seeds returns n seeds.
func seeds(first uint64, n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = first + uint64(i)
	}
	return all
}

// knownSpeakers returns the table with each number standardized over all that its
// speaker has said.
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
