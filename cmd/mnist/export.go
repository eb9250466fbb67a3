package main

import (
	"context"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// exportCmd writes a model of a run in the formats of other programs.
type exportCmd struct {
	mnistrun.Insist
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`

	ONNX          string  `name:"onnx" help:"File to write as ONNX, for other runtimes and languages." type:"path" placeholder:"FILE"`
	Safetensors   string  `help:"File to write the weights to, as PyTorch names and shapes them." type:"path" placeholder:"FILE"`
	Probabilities bool    `help:"Let the ONNX network give probabilities instead of logits."`
	Sample        bool    `help:"Leave dropout on in the ONNX network, for Monte Carlo dropout."`
	Seed          *uint64 `help:"Seed of the model; the run's first by default."`
	Plain         bool    `help:"Export the model that was trained without dropout."`
}

// Validate is called by kong.
func (c *exportCmd) Validate() error {
	if c.ONNX == "" && c.Safetensors == "" {
		return errors.New("--onnx or --safetensors must name a file")
	}
	if c.ONNX == "" && (c.Sample || c.Probabilities) {
		return errors.New("--sample and --probabilities must be with --onnx: weights are the same with and without")
	}
	return nil
}

// Run is called by kong.
func (c *exportCmd) Run(_ context.Context, to *cmdline.Console) error {
	s, err := c.Dir.settings()
	if err != nil {
		return err
	}
	m, err := c.Dir.chosen(to, s, c.Insist, c.Plain, c.Seed)
	if err != nil {
		return err
	}
	if c.Safetensors != "" {
		if err := m.Save(c.Safetensors); err != nil {
			return err
		}
		to.Logf("Weights: %s", c.Safetensors)
	}
	if c.ONNX == "" {
		return nil
	}
	opts := onnx.Options{Softmax: c.Probabilities, Sample: c.Sample}
	if err := onnx.Save(c.ONNX, m.Model, opts); err != nil {
		return err
	}
	to.Logf("ONNX network: %s", c.ONNX)
	return nil
}
