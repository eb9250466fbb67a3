package main

import (
	"context"
	"net/http"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/imageserve"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// serveCmd serves a model on this machine.
type serveCmd struct {
	Dir     runDir `arg:"" type:"existingdir" help:"Directory of a run."`
	Address string `default:":8080" help:"HOST:PORT; without a host only this machine is served."`
	Passes  int    `default:"50" help:"Passes of Monte Carlo dropout."`
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
	f, err := c.Dir.final()
	if err != nil {
		return err
	}
	handler, example, err := c.handler(f)
	if err != nil {
		return err
	}
	l, err := live.Listen(c.Address)
	if err != nil {
		return cmdline.Usage(err)
	}
	to.Logf("Page: http://%s/   JSON: curl http://%s/predict %s", l.Addr(), l.Addr(), example)
	to.Logf("Until Ctrl-C.")
	return localserve.Run(ctx, l, handler)
}

// handler returns what answers requests, and what to ask it with curl.
func (c *serveCmd) handler(f *compare.Final) (h http.Handler, example string, err error) {
	switch {
	case f.Encoder != nil:
		return newService(f, c.Passes), "-d '" + exampleOf(f) + "'", nil
	case f.Picture != nil:
		h, err = imageserve.New(c.classifier(f))
		return h, "--data-binary @image.png", err
	}
	return newTextService(f, min(c.Passes, textPasses)), `-d '{"text": "Once upon"}'`, nil
}

// classifier returns the network of a run on images, to serve.
func (c *serveCmd) classifier(f *compare.Final) imageserve.Classifier {
	network := f.Network(c.Passes)
	return imageserve.Classifier{
		Title: "Predict " + names(f.Names), Classes: f.Names, Shape: f.Picture.Shape, Drawn: f.Handwriting(), Passes: network.Passes, Usual: f.Usual,
		Pixels: f.Pixels,
		Predict: func(ctx context.Context, pixels []float32) ([]float64, float64, float64, error) {
			p, err := f.PredictPixels(ctx, network, pixels)
			if err != nil {
				return nil, 0, 0, err
			}
			return p.Probabilities[0], p.Entropies[0], p.Disagreement[0], nil
		},
	}
}
