package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/unlike"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// predictCmd says which digit an image shows.
type predictCmd struct {
	mnistrun.Insist
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`

	Image  string  `arg:"" type:"existingfile" help:"PNG, JPEG, GIF, BMP, TIFF or WebP file that shows one digit, of any size, dark on light or light on dark."`
	Passes int     `default:"50" help:"Passes of Monte Carlo dropout."`
	Seed   *uint64 `help:"Seed of the model; the run's first by default."`
	Plain  bool    `help:"Use the model that was trained without dropout."`
}

// answer is what predict prints.
type answer struct {
	Class             int       `json:"class"`
	Probabilities     []float64 `json:"probabilities"`
	Entropy           float64   `json:"entropy_nats"`
	MutualInformation float64   `json:"mutual_information_nats"`
	Passes            int       `json:"passes"`
	// Unlike says whether the image is unlike the training data; null without
	// images to tell by.
	Unlike *bool     `json:"unlike_training_data"`
	Input  []float32 `json:"input"` // the 28x28 image that the network saw
}

// Validate is called by kong.
func (c *predictCmd) Validate() error {
	if c.Passes < 1 {
		return errors.Errorf("--passes must be positive, got %d", c.Passes)
	}
	return nil
}

// Run is called by kong.
func (c *predictCmd) Run(ctx context.Context, to *cmdline.Console) error {
	s, err := c.Dir.settings()
	if err != nil {
		return err
	}
	m, err := c.Dir.chosen(to, s, c.Insist, c.Plain, c.Seed)
	if err != nil {
		return err
	}
	pixels, err := readDigit(c.Image)
	if err != nil {
		return err
	}
	p := &uncertainty.Predictor{Model: m.Model, Passes: c.Passes}
	predictions, err := p.Predict(ctx, &training.Examples{Shape: []int{len(pixels)}, X: pixels, Y: []int{0}})
	if err != nil {
		return err
	}
	got := predictions[0]
	usual, err := usualOf(ctx, s, p)
	if err != nil {
		return err
	}
	a := answer{got.Class(), got.Mean, got.Entropy, got.MutualInformation(), c.Passes, nil, pixels}
	if usual != nil {
		odd := usual.Exceeds(got.Entropy, got.MutualInformation())
		a.Unlike = &odd
	}
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(a)
	}
	fmt.Fprintf(to.Out, "%q shows a %d, with probability %.3f (%d passes; entropy %.3f nats, of which the networks' disagreement is %.3f).\n\n",
		c.Image, got.Class(), got.Confidence(), c.Passes, got.Entropy, got.MutualInformation())
	for i, line := range picture(pixels) {
		if k := i - 2; k >= 0 && k < len(got.Mean) {
			line += fmt.Sprintf("   %d %6.3f %s", k, got.Mean[k], strings.Repeat("█", int(32*got.Mean[k]+0.5)))
		}
		fmt.Fprintln(to.Out, strings.TrimRight(line, " "))
	}
	switch {
	case usual == nil:
	case *a.Unlike:
		fmt.Fprintf(to.Out, "\n%s\n", fold(fmt.Sprintf("This is unlike the training data: of %d digits that the network was not trained on, %.0f %% have an entropy up to %.3f and a disagreement up to %.3f nats.",
			usual.Examples, 100*unlike.Ordinary, usual.Entropy, usual.Information), cmdline.Columns(to.Out)))
	default:
		fmt.Fprintf(to.Out, "\n%s\n", fold(fmt.Sprintf("The network is as sure as it is of digits: %.0f %% of %d that it was not trained on have an entropy up to %.3f and a disagreement up to %.3f nats.",
			100*unlike.Ordinary, usual.Examples, usual.Entropy, usual.Information), cmdline.Columns(to.Out)))
	}
	return nil
}

// readDigit reads an image and brings it into the form of MNIST's.
func readDigit(path string) ([]float32, error) {
	img, err := datasets.OpenImage(path)
	if err != nil {
		return nil, err
	}
	pixels, err := mnist.FromImage(img)
	return pixels, errors.WithMessagef(err, "%q", path)
}
