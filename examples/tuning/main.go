// Tuning chooses the drop probability on a validation set: it trains networks of
// several seeds with each, draws error against p, and tests the best once.
//
//	go run ./examples/tuning                        about a minute
//	go run ./examples/tuning -train 5000 -seeds 5   a larger form
package main

import (
	"context"
	"flag"
	"fmt"
	"image/color"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

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
	train, validation, test int
	units, epochs, seeds    int
	lr                      float64
	seed                    uint64
	dir                     string
}

func main() {
	var s settings
	flag.IntVar(&s.train, "train", 1000, "images to learn from")
	flag.IntVar(&s.validation, "validation", 2000, "images to choose on")
	flag.IntVar(&s.test, "test", 10000, "images to test on")
	flag.IntVar(&s.units, "units", 256, "units of each of the two hidden layers")
	flag.IntVar(&s.epochs, "epochs", 30, "passes over the training images")
	flag.Float64Var(&s.lr, "lr", 0.03, "learning rate of SGD at first, for every p")
	flag.IntVar(&s.seeds, "seeds", 3, "networks for each p")
	flag.Uint64Var(&s.seed, "seed", 1, "the first seed")
	flag.StringVar(&s.dir, "out", "", "directory for the plot; by default a temporary one")
	flag.Parse()
	fmt.Println(blas.Use(2))
	if err := run(context.Background(), s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// rates are the drop probabilities to choose from, of the hidden units.
var rates = []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}

func run(ctx context.Context, s settings, out io.Writer) error {
	start := time.Now()

	// %% Data: MNIST. The validation images are held out of the training images, so
	// that the test images have no part in the choice.
	all, tests, err := embedded.Load()
	if err != nil {
		return err
	}
	const splitSeed = 20140615
	validation, rest, err := all.Stratified(s.validation, splitSeed)
	if err != nil {
		return err
	}
	test, _, err := tests.Stratified(s.test, splitSeed)
	if err != nil {
		return err
	}

	// %% A network, 784-256-256-10, with dropout of hidden units at rate p. All rates
	// start from the same parameters and see the same images of a seed.
	arm := func(p float64, reportOn training.Dataset) experiment.Arm {
		return experiment.Arm{Name: fmt.Sprintf("p = %.1f", p), New: func(seed uint64) (*training.Trainer, training.Data, error) {
			train, _, err := rest.Stratified(s.train, seed)
			if err != nil {
				return nil, training.Data{}, err
			}
			net := models.MLP{Inputs: 784, Hidden: []int{s.units, s.units}, Outputs: train.Classes, HiddenDropout: p}
			m, err := models.New(net, train.InputShape(), models.WithSeed(seed))
			if err != nil {
				return nil, training.Data{}, err
			}
			const batch = 50
			t := &training.Trainer{
				Model: m, Solver: &optim.SGD{Momentum: 0.9}, Epochs: s.epochs, BatchSize: batch, Seed: seed,
				LR: schedule.Cosine{Initial: s.lr, Steps: int64(s.epochs * ((s.train + batch - 1) / batch))},
			}
			return t, training.Data{Train: train, Test: reportOn}, nil
		}}
	}
	seeds := func(first uint64) []uint64 {
		all := make([]uint64, s.seeds)
		for i := range all {
			all[i] = first + uint64(i)
		}
		return all
	}

	// %% Every rate with every seed, on the validation images.
	var arms []experiment.Arm
	for _, p := range rates {
		arms = append(arms, arm(p, validation))
	}
	results, err := experiment.Run(ctx, arms, seeds(s.seed), 2, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "784-%d-%d-10 on %d images, %d images for validation (seeds: %d):\n", s.units, s.units, s.train, s.validation, s.seeds)
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "p\ttraining error\tvalidation error\tfrom\tto\tvalidation NLL\t")
	chosen, lowest := 0, math.Inf(1)
	var training, mean, low, high plotter.XYs
	for k, p := range rates {
		name := arms[k].Name
		var errors []float64
		for _, r := range results {
			if r.Arm == name {
				errors = append(errors, 100*r.History.Test.Error())
			}
		}
		e, of := experiment.Mean(results, name, experiment.TestError), experiment.Mean(results, name, experiment.TrainError)
		from, to := slices.Min(errors), slices.Max(errors)
		fmt.Fprintf(t, "%.1f\t%.2f %%\t%.2f ± %.2f %%\t%.2f\t%.2f\t%.3f\t\n",
			p, 100*of.Mean, 100*e.Mean, 100*e.StdErr, from, to, experiment.Mean(results, name, experiment.TestNLL).Mean)
		if e.Mean < lowest {
			lowest, chosen = e.Mean, k
		}
		training = append(training, plotter.XY{X: p, Y: 100 * of.Mean})
		mean = append(mean, plotter.XY{X: p, Y: 100 * e.Mean})
		low, high = append(low, plotter.XY{X: p, Y: from}), append(high, plotter.XY{X: p, Y: to})
	}
	if err := t.Flush(); err != nil {
		return err
	}

	// %% The plot: error against p, with a band from the best to the worst seed.
	picture := plot.New()
	picture.Title.Text = "Error by drop probability (band: all seeds)"
	picture.X.Label.Text, picture.Y.Label.Text = "p", "error, %"
	picture.Y.Min, picture.Legend.Top, picture.Legend.Left = 0, true, true
	slices.Reverse(high)
	band, err := plotter.NewPolygon(slices.Concat(low, high))
	if err != nil {
		return err
	}
	band.Color, band.LineStyle.Width = color.NRGBA{0, 114, 178, 60}, 0
	picture.Add(band)
	for _, curve := range []struct {
		name   string
		points plotter.XYs
		color  color.Color
	}{{"validation", mean, color.NRGBA{0, 114, 178, 255}}, {"training", training, color.NRGBA{213, 94, 0, 255}}} {
		line, dots, err := plotter.NewLinePoints(curve.points)
		if err != nil {
			return err
		}
		line.Color, line.Width, dots.Color = curve.color, vg.Points(1.5), curve.color
		picture.Add(line, dots)
		picture.Legend.Add(curve.name, line)
	}
	dir := s.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tuning-"); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	path := filepath.Join(dir, "error-by-p.png")
	if err := picture.Save(14*vg.Centimeter, 10*vg.Centimeter, path); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nError by p: %s\n", path)

	// %% The chosen rate against none, on the test images and with seeds that had no
	// part in the choice.
	if chosen == 0 {
		fmt.Fprintf(out, "\nNo rate was better than none. This took %v.\n", time.Since(start).Round(time.Second))
		return nil
	}
	without, with := arm(0, test), arm(rates[chosen], test)
	results, err = experiment.Run(ctx, []experiment.Arm{without, with}, seeds(s.seed+1000), 2, nil)
	if err != nil {
		return err
	}
	comparison := report.Comparison{Results: results, Without: without.Name, With: with.Name}
	fmt.Fprintf(out, "\nThe choice is %s. On %d test images, with other seeds:\n", with.Name, s.test)
	if err := comparison.WriteTable(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n\nThis took %v.\n", comparison.Finding(), time.Since(start).Round(time.Second))
	return nil
}
