// Vision reads handwritten digits with a convolutional network, with and without
// dropout.
//
//	go run ./examples/vision                                               about a minute
//	go run ./examples/vision -train 60000 -validation 0 -test 10000 -channels 32,64,128 \
//		-batchnorm -channel-p 0.1 -batch 100 -lr 0.002 -epochs 5 -only with    all of MNIST
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/progress"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	train, validation, test int
	channels                string
	hidden                  int
	channelP, p             float64
	batchNorm               bool
	batch, epochs, seeds    int
	lr                      float64
	judge                   bool
	only                    string
	seed                    uint64
	dir                     string
}

func main() {
	var s settings
	flag.IntVar(&s.train, "train", 1000, "images to learn from")
	flag.IntVar(&s.validation, "validation", 500, "images for the learning curves; 0 is none")
	flag.IntVar(&s.test, "test", 5000, "images to test on")
	flag.StringVar(&s.channels, "channels", "8,16", "filters of each block")
	flag.IntVar(&s.hidden, "hidden", 128, "units of the hidden layer")
	flag.Float64Var(&s.channelP, "channel-p", 0, "drop probability of channels")
	flag.Float64Var(&s.p, "p", 0.5, "drop probability of hidden units")
	flag.BoolVar(&s.batchNorm, "batchnorm", false, "normalize each channel over the batch")
	flag.IntVar(&s.batch, "batch", 50, "images of a step")
	flag.Float64Var(&s.lr, "lr", 0.003, "learning rate of Adam at first")
	flag.BoolVar(&s.judge, "judge", false, "report on the validation images, to choose settings by, and leave the test images alone")
	flag.StringVar(&s.only, "only", "", "train one way alone: with, or without")
	flag.IntVar(&s.epochs, "epochs", 20, "passes over the training images")
	flag.IntVar(&s.seeds, "seeds", 3, "runs of each way")
	flag.Uint64Var(&s.seed, "seed", 1, "the first seed")
	flag.StringVar(&s.dir, "out", "", "directory for the plots; by default a temporary one")
	flag.Parse()
	fmt.Println(blas.Use(2))
	if err := run(context.Background(), s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// images gives each digit the shape that convolutions want: one channel.
type images struct{ *mnist.Set }

func (i images) InputShape() []int { return []int{1, i.Rows, i.Cols} }

func run(ctx context.Context, s settings, out io.Writer) error {
	start := time.Now()

	// %% Data: MNIST, of which each seed learns from a subset of its own.
	all, tests, err := embedded.Load()
	if err != nil {
		return err
	}
	const splitSeed = 20140615
	var validation *mnist.Set
	rest := all
	if s.validation > 0 {
		if validation, rest, err = all.Stratified(s.validation, splitSeed); err != nil {
			return err
		}
	}
	test, _, err := tests.Stratified(s.test, splitSeed)
	if err != nil {
		return err
	}
	if s.judge {
		if validation == nil {
			return errors.New("vision: -judge needs -validation images, got none")
		}
		test, validation = validation, nil
	}

	// %% The network: blocks of convolution, ReLU, pooling and dropout of channels,
	// then a hidden layer with dropout of units.
	var channels []int
	for _, c := range strings.Split(s.channels, ",") {
		n, err := strconv.Atoi(c)
		if err != nil {
			return errors.Errorf("vision: -channels must be numbers with commas between them, got %q", s.channels)
		}
		channels = append(channels, n)
	}
	var nets [2]*models.Model // of the first seed
	way := func(k int, name string, channelP, p float64) experiment.Arm {
		return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			train, _, err := rest.Stratified(s.train, seed)
			if err != nil {
				return nil, training.Data{}, err
			}
			data := training.Data{Train: images{train}, Test: images{test}}
			if validation != nil {
				data.Validation = images{validation}
			}
			net := models.ConvNet{
				Channels: channels, Hidden: []int{s.hidden}, Outputs: train.Classes,
				ChannelDropout: channelP, HiddenDropout: p,
			}
			if s.batchNorm {
				net.BatchNorm, net.Init = true, models.FanInUniform
			}
			m, err := models.New(net, data.Train.InputShape(), models.WithSeed(seed))
			if err != nil {
				return nil, data, err
			}
			if seed == s.seed {
				nets[k] = m
			}
			t := &training.Trainer{Model: m, Solver: &optim.Adam{}, Epochs: s.epochs, BatchSize: s.batch, Seed: seed}
			t.Schedule = optim.Cosine{Initial: s.lr, Steps: int64(s.epochs * ((s.train + s.batch - 1) / s.batch))}
			return t, data, nil
		}}
	}
	const without, with = "without dropout", "with dropout"
	arms, shown := []experiment.Arm{way(0, without, 0, 0), way(1, with, s.channelP, s.p)}, 1
	switch s.only {
	case "":
	case "without":
		arms, shown = arms[:1], 0
	case "with":
		arms = arms[1:]
	default:
		return errors.Errorf("vision: -only must be with or without, got %q", s.only)
	}

	// %% Training: every seed once without and once with dropout.
	seeds := make([]uint64, s.seeds)
	for i := range seeds {
		seeds[i] = s.seed + uint64(i)
	}
	display := progress.New(os.Stderr)
	results, err := experiment.Run(ctx, arms, seeds, 2, func(arm string, seed uint64, _ *training.Trainer) []training.Callback {
		return []training.Callback{display.Run(fmt.Sprintf("%s, seed %d", arm, seed))}
	})
	if closeErr := display.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Convolutions of %v channels and %d hidden units (%d parameters) on %d images; tested on %d; p %v of channels, %v of units.\n\n",
		channels, s.hidden, nets[shown].NumParams(), s.train, test.Len(), s.channelP, s.p)
	if s.only == "" {
		comparison := report.Comparison{Results: results, Without: without, With: with}
		if err := comparison.WriteTable(out); err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n\n", comparison.Finding())
	} else {
		e := experiment.Mean(results, arms[0].Name, experiment.TestError)
		fmt.Fprintf(out, "%s: error %.2f", arms[0].Name, 100*e.Mean)
		if e.N > 1 { // one run has no standard error
			fmt.Fprintf(out, " ± %.2f", 100*e.StdErr)
		}
		fmt.Fprintf(out, " %%; seeds: %d:", e.N)
		for _, r := range results {
			fmt.Fprintf(out, " %.2f", 100*r.History.Test.Error())
		}
		fmt.Fprint(out, " %\n\n")
	}

	// %% Plots: learning curves, and what the first network with dropout still gets
	// wrong.
	dir := s.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "vision-"); err != nil {
			return err
		}
	}
	if validation != nil {
		curves, err := report.ErrorCurves(results)
		if err != nil {
			return err
		}
		if err := report.Show(out, dir, "curves", curves); err != nil {
			return err
		}
	}
	predicted, err := (&uncertainty.Predictor{Model: nets[shown]}).PredictDeterministic(ctx, images{test})
	if err != nil {
		return err
	}
	p := report.Predictions{Name: arms[len(arms)-1].Name, Classes: test.Classes}
	for _, q := range predicted {
		for _, v := range q.Mean {
			p.Probabilities = append(p.Probabilities, float32(v))
		}
		p.Labels = append(p.Labels, q.Label)
	}
	pixels := make([]float32, len(test.Pixels))
	for i, v := range test.Pixels {
		pixels[i] = float32(v) / 255
	}
	mistakes, err := report.Mistakes(p, pixels, test.Rows, test.Cols, 12)
	if err != nil {
		return err
	}
	if err := report.Show(out, dir, "mistakes", mistakes); err != nil {
		return err
	}
	confusion, err := report.Confusion(p, nil)
	if err != nil {
		return err
	}
	if err := report.Show(out, dir, "confusion", confusion); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}
