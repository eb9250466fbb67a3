// Tuning chooses the drop probability on a validation set: it trains networks
// with several seeds for each, draws error against p, and tests the best once.
//
//	go run ./examples/tuning                          about a minute
//	go run ./examples/tuning --train 5000 --seeds 5   a larger form
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

type settings struct {
	Train      int     `default:"1000" help:"Training images."`
	Validation int     `default:"2000" help:"Images to choose p on."`
	Test       int     `default:"10000" help:"Test images."`
	Units      int     `default:"256" help:"Units of each of the two hidden layers."`
	Epochs     int     `default:"30" help:"Passes over the training images."`
	LR         float64 `name:"lr" default:"0.03" help:"Initial learning rate of SGD, for every p."`
	Seeds      int     `default:"3" help:"Networks for each p."`
	Seed       uint64  `default:"1" help:"The first seed."`
	Out        string  `default:"runs/tuning" help:"Directory for the plot." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "tuning", Description: "Choose the drop probability on a validation set, and test the best once.", Grammar: &settings{}}
}

// rates are the drop probabilities of the hidden units to choose from.
var rates = []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}

// Run goes through the cells below, from the data to the test.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(2))
	d, err := s.data()
	if err != nil {
		return err
	}
	results, err := s.train(ctx, d)
	if err != nil {
		return err
	}
	chosen, err := s.choose(to.Out, results)
	if err != nil {
		return err
	}
	if err := s.plot(to.Out, results); err != nil {
		return err
	}
	if chosen == 0 {
		fmt.Fprint(to.Out, "\nNo rate was better than none. ")
	} else if err := s.test(ctx, to.Out, d, chosen); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "This took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: MNIST. The validation images are held out of the training images, so
// the test images play no part in the choice.

// splits are the parts of MNIST.
type splits struct{ rest, validation, test *mnist.Set }

func (s *settings) data() (d splits, err error) {
	all, tests, err := embedded.Load()
	if err != nil {
		return d, err
	}
	const splitSeed = 20140615
	if d.validation, d.rest, err = all.Stratified(s.Validation, splitSeed); err != nil {
		return d, err
	}
	d.test, _, err = tests.Stratified(s.Test, splitSeed)
	return d, err
}

// %% A network, 784-256-256-10, with dropout of hidden units at rate p. With
// the same seed, all rates start from the same parameters and see the same
// images.

func (s *settings) arm(d splits, p float64, reportOn training.Dataset) experiment.Arm {
	return experiment.Arm{Name: armName(p), New: func(seed uint64) (*training.Trainer, training.Data, error) {
		train, _, err := d.rest.Stratified(s.Train, seed)
		if err != nil {
			return nil, training.Data{}, err
		}
		net := models.MLP{Inputs: 784, Hidden: []int{s.Units, s.Units}, Outputs: train.Classes, HiddenDropout: p}
		m, err := models.New(net, train.InputShape(), models.WithSeed(seed))
		if err != nil {
			return nil, training.Data{}, err
		}
		const batch = 50
		t := &training.Trainer{
			Model: m, Solver: &optim.SGD{Momentum: 0.9}, Epochs: s.Epochs, BatchSize: batch, Seed: seed,
			LR: schedule.Cosine{Initial: s.LR, Steps: int64(s.Epochs * ((s.Train + batch - 1) / batch))},
		}
		return t, training.Data{Train: train, Test: reportOn}, nil
	}}
}

func armName(p float64) string { return fmt.Sprintf("p = %.1f", p) }

// %% Every rate with every seed, on the validation images.

func (s *settings) train(ctx context.Context, d splits) ([]experiment.Result, error) {
	var arms []experiment.Arm
	for _, p := range rates {
		arms = append(arms, s.arm(d, p, d.validation))
	}
	return experiment.Run(ctx, arms, experiment.Seeds(s.Seed, s.Seeds), 2, nil)
}

// errorsAt returns the error of each seed at a rate on the validation images,
// in per cent.
func errorsAt(results []experiment.Result, p float64) (errors []float64) {
	for _, r := range results {
		if r.Arm == armName(p) {
			errors = append(errors, 100*r.History.Test.Error())
		}
	}
	return errors
}

// choose returns the rate with the lowest mean error, and writes all of them.
func (s *settings) choose(out io.Writer, results []experiment.Result) (float64, error) {
	fmt.Fprintf(out, "784-%d-%d-10 on %d images, %d images for validation (seeds: %d):\n", s.Units, s.Units, s.Train, s.Validation, s.Seeds)
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "p\ttraining error\tvalidation error\tfrom\tto\tvalidation NLL\t")
	chosen, lowest := 0., math.Inf(1)
	for _, p := range rates {
		name := armName(p)
		e, of := experiment.Mean(results, name, experiment.TestError), experiment.Mean(results, name, experiment.TrainError)
		errors := errorsAt(results, p)
		fmt.Fprintf(t, "%.1f\t%.2f %%\t%.2f ± %.2f %%\t%.2f\t%.2f\t%.3f\t\n",
			p, 100*of.Mean, 100*e.Mean, 100*e.StdErr, slices.Min(errors), slices.Max(errors), experiment.Mean(results, name, experiment.TestNLL).Mean)
		if e.Mean < lowest {
			lowest, chosen = e.Mean, p
		}
	}
	return chosen, t.Flush()
}

// %% The plot: error against p, with a band from the best to the worst seed.

func (s *settings) plot(out io.Writer, results []experiment.Result) error {
	trained, validated := report.Series{Name: "training", Color: 0}, report.Series{Name: "validation", Color: 1}
	for _, p := range rates {
		errors := errorsAt(results, p)
		trained.X, trained.Y = append(trained.X, p), append(trained.Y, 100*experiment.Mean(results, armName(p), experiment.TrainError).Mean)
		validated.X, validated.Y = append(validated.X, p), append(validated.Y, 100*experiment.Mean(results, armName(p), experiment.TestError).Mean)
		validated.Low, validated.High = append(validated.Low, slices.Min(errors)), append(validated.High, slices.Max(errors))
	}
	chart, err := report.Chart{
		Title: "Error by drop probability", Caption: "Line: mean over seeds. Band: lowest to highest seed.",
		X: "p", Y: "error (%)", Series: []report.Series{trained, validated},
	}.Figure()
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	return report.SavePNG(out, s.Out, "error-by-p", chart)
}

// %% The chosen rate against none, on the test images and with seeds that
// played no part in the choice.

func (s *settings) test(ctx context.Context, out io.Writer, d splits, chosen float64) error {
	without, with := s.arm(d, 0, d.test), s.arm(d, chosen, d.test)
	results, err := experiment.Run(ctx, []experiment.Arm{without, with}, experiment.Seeds(s.Seed+1000, s.Seeds), 2, nil)
	if err != nil {
		return err
	}
	comparison := report.Comparison{Results: results, Without: without.Name, With: with.Name}
	fmt.Fprintf(out, "\nThe choice is %s. On %d test images, with other seeds:\n", with.Name, s.Test)
	if err := comparison.WriteTable(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n\n", comparison.Finding())
	return nil
}
