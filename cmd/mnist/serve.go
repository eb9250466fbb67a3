package main

import (
	"context"
	"net/http"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/imageserve"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// serveCmd serves a page to draw digits on.
type serveCmd struct {
	mnistrun.Insist
	Dir     runDir  `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`
	Address string  `default:":8080" help:"HOST:PORT; without a host only this machine is served."`
	Passes  int     `default:"50" help:"Passes of Monte Carlo dropout."`
	Seed    *uint64 `help:"Seed of the model; the run's first by default."`
	Plain   bool    `help:"Use the model that was trained without dropout."`
}

// Validate is called by kong.
func (c *serveCmd) Validate() error {
	if c.Passes < 1 || c.Passes > 10_000 {
		return errors.Errorf("--passes must be in [1, 10000], got %d", c.Passes)
	}
	return nil
}

// Run is called by kong.
func (c *serveCmd) Run(ctx context.Context, to *cmdline.Console) error {
	blas.Use(1)
	h, err := c.handler(ctx, to)
	if err != nil {
		return err
	}
	l, err := live.Listen(c.Address)
	if err != nil {
		return cmdline.Usage(errors.WithMessage(err, "--address"))
	}
	to.Logf("Page: http://%s/   JSON: curl http://%s/predict --data-binary @digit.png", l.Addr(), l.Addr())
	to.Logf("Until Ctrl-C.")
	return localserve.Run(ctx, l, h)
}

func (c *serveCmd) handler(ctx context.Context, to *cmdline.Console) (http.Handler, error) {
	s, err := c.Dir.settings()
	if err != nil {
		return nil, err
	}
	m, err := c.Dir.chosen(to, s, c.Insist, c.Plain, c.Seed)
	if err != nil {
		return nil, err
	}
	p := &uncertainty.Predictor{Model: m.Model, Passes: c.Passes}
	usual, err := usualOf(ctx, s, p)
	if err != nil {
		return nil, err
	}
	var digits []string
	for k := range 10 {
		digits = append(digits, strconv.Itoa(k))
	}
	return imageserve.New(imageserve.Classifier{
		Title: "Which digit is that?", Classes: digits, Shape: []int{1, 28, 28}, Drawn: true, Passes: c.Passes, Usual: usual,
		Pixels: mnist.FromImage,
		Predict: func(ctx context.Context, pixels []float32) ([]float64, float64, float64, error) {
			said, err := p.Predict(ctx, &training.Examples{Shape: []int{len(pixels)}, X: pixels, Y: []int{0}})
			if err != nil {
				return nil, 0, 0, err
			}
			return said[0].Mean, said[0].Entropy, said[0].MutualInformation(), nil
		},
	})
}
