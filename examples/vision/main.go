// Vision reads handwritten digits with a convolutional network, with and without
// dropout.
//
//	go run ./examples/vision                                                    about a minute
//	go run ./examples/vision --train 60000 --validation 0 --test 10000 --channels 32,64,128 \
//		--batchnorm --channel-p 0.1 --batch 100 --lr 0.002 --epochs 5 --only with    all of MNIST
package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/pkg/errors"

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
	"github.com/gorgonia-dropout/dropout/training/progress"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	Train      int     `default:"1000" help:"Training images."`
	Validation int     `default:"500" help:"Images for the learning curves; 0 for none."`
	Test       int     `default:"5000" help:"Test images."`
	Channels   []int   `default:"8,16" help:"Filters of each block."`
	Hidden     int     `default:"128" help:"Units of the hidden layer."`
	ChannelP   float64 `default:"0" help:"Drop probability of channels."`
	P          float64 `short:"p" default:"0.5" help:"Drop probability of hidden units."`
	Batchnorm  bool    `help:"Normalize each channel over the batch."`
	Batch      int     `default:"50" help:"Images in a step."`
	LR         float64 `name:"lr" default:"0.003" help:"Initial learning rate of Adam."`
	Judge      bool    `help:"Report on the validation images, for choosing settings, and leave the test images alone."`
	Only       string  `enum:"with,without," default:"" help:"Train only one way: with, or without." placeholder:"WAY"`
	Epochs     int     `default:"20" help:"Passes over the training images."`
	Seeds      int     `default:"3" help:"Runs of each way."`
	Seed       uint64  `default:"1" help:"The first seed."`
	Out        string  `default:"runs/vision" help:"Directory for the plots." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "vision", Description: "Read handwritten digits with a convolutional network, with and without dropout.", Grammar: &settings{}}
}

const without, with = "without dropout", "with dropout"

// Run goes through the cells below, from the data to the plots.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(2))
	d, err := s.data()
	if err != nil {
		return err
	}
	var nets [2]*models.Model // of the first seed, without and with dropout
	arms := s.arms(d, &nets)
	results, err := s.train(ctx, to, arms)
	if err != nil {
		return err
	}
	shown := 1
	if s.Only == "without" {
		shown = 0
	}
	fmt.Fprintf(to.Out, "Convolutions of %v channels and %d hidden units (%d parameters) on %d images; tested on %d; p %v of channels, %v of units.\n\n",
		s.Channels, s.Hidden, nets[shown].NumParams(), s.Train, d.test.Len(), s.ChannelP, s.P)
	if err := compare(to.Out, results, arms); err != nil {
		return err
	}
	if err := s.plot(ctx, to.Out, d, results, arms[len(arms)-1].Name, nets[shown]); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: MNIST; each seed learns from its own subset.

// images gives each digit the shape that convolutions take, with one channel.
type images struct{ *mnist.Set }

func (i images) InputShape() []int { return []int{1, i.Rows, i.Cols} }

// splits are the parts of MNIST. There may be no validation images.
type splits struct{ rest, validation, test *mnist.Set }

func (s *settings) data() (d splits, err error) {
	all, tests, err := embedded.Load()
	if err != nil {
		return d, err
	}
	const splitSeed = 20140615
	d.rest = all
	if s.Validation > 0 {
		if d.validation, d.rest, err = all.Stratified(s.Validation, splitSeed); err != nil {
			return d, err
		}
	}
	if d.test, _, err = tests.Stratified(s.Test, splitSeed); err != nil {
		return d, err
	}
	if s.Judge {
		if d.validation == nil {
			return d, errors.New("vision: --judge needs --validation images, got none")
		}
		d.test, d.validation = d.validation, nil
	}
	return d, nil
}

// %% The network: blocks of convolution, ReLU, pooling and dropout of channels, then a
// hidden layer with dropout of units.

func (s *settings) network(channelP, p float64) models.Layer {
	net := models.ConvNet{Channels: s.Channels, Hidden: []int{s.Hidden}, Outputs: 10, ChannelDropout: channelP, HiddenDropout: p}
	if s.Batchnorm {
		net.BatchNorm, net.Init = true, models.FanInUniform
	}
	return net
}

// arms are the ways of training. The networks of the first seed are kept in
// nets.
func (s *settings) arms(d splits, nets *[2]*models.Model) []experiment.Arm {
	arm := func(k int, name string, net models.Layer) experiment.Arm {
		return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			train, _, err := d.rest.Stratified(s.Train, seed)
			if err != nil {
				return nil, training.Data{}, err
			}
			data := training.Data{Train: images{train}, Test: images{d.test}}
			if d.validation != nil {
				data.Validation = images{d.validation}
			}
			m, err := models.New(net, data.Train.InputShape(), models.WithSeed(seed))
			if err != nil {
				return nil, data, err
			}
			t := &training.Trainer{Model: m, Solver: &optim.Adam{}, Epochs: s.Epochs, BatchSize: s.Batch, Seed: seed}
			t.LR = schedule.Cosine{Initial: s.LR, Steps: int64(s.Epochs * ((s.Train + s.Batch - 1) / s.Batch))}
			return t, data, nil
		}, Measure: func(_ context.Context, t *training.Trainer, _ training.Data) (map[string][]float64, error) {
			if t.Seed == s.Seed {
				nets[k] = t.Model
			}
			return nil, nil
		}}
	}
	arms := []experiment.Arm{arm(0, without, s.network(0, 0)), arm(1, with, s.network(s.ChannelP, s.P))}
	switch s.Only {
	case "without":
		return arms[:1]
	case "with":
		return arms[1:]
	}
	return arms
}

// %% Training: every seed once without and once with dropout.

func (s *settings) train(ctx context.Context, to *cmdline.Console, arms []experiment.Arm) ([]experiment.Result, error) {
	display := progress.New(to.Log)
	results, err := experiment.Run(ctx, arms, experiment.Seeds(s.Seed, s.Seeds), 2, func(arm string, seed uint64, _ *training.Trainer) []training.Callback {
		return []training.Callback{display.Run(fmt.Sprintf("%s, seed %d", arm, seed))}
	})
	if closeErr := display.Close(); err == nil {
		err = closeErr
	}
	return results, err
}

// %% Results.

func compare(out io.Writer, results []experiment.Result, arms []experiment.Arm) error {
	if len(arms) == 2 {
		comparison := report.Comparison{Results: results, Without: without, With: with}
		if err := comparison.WriteTable(out); err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n\n", comparison.Finding())
		return nil
	}
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
	return nil
}

// %% Plots: learning curves, and what the first network with dropout still gets
// wrong.

func (s *settings) plot(ctx context.Context, out io.Writer, d splits, results []experiment.Result, name string, net *models.Model) error {
	if d.validation != nil {
		curves, err := report.ErrorCurves(results)
		if err != nil {
			return err
		}
		if err := report.SavePNG(out, s.Out, "curves", curves); err != nil {
			return err
		}
	}
	predicted, err := (&uncertainty.Predictor{Model: net}).PredictDeterministic(ctx, images{d.test})
	if err != nil {
		return err
	}
	p := report.Predictions{Name: name, Classes: d.test.Classes}
	for _, q := range predicted {
		for _, v := range q.Mean {
			p.Probabilities = append(p.Probabilities, float32(v))
		}
		p.Labels = append(p.Labels, q.Label)
	}
	pixels := make([]float32, len(d.test.Pixels))
	for i, v := range d.test.Pixels {
		pixels[i] = float32(v) / 255
	}
	mistakes, err := report.Mistakes(p, pixels, d.test.Rows, d.test.Cols, 12)
	if err != nil {
		return err
	}
	if err := report.SavePNG(out, s.Out, "mistakes", mistakes); err != nil {
		return err
	}
	confusion, err := report.Confusion(p, nil)
	if err != nil {
		return err
	}
	return report.SavePNG(out, s.Out, "confusion", confusion)
}
