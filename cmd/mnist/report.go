package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	library "github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// reportCmd writes the report of a run again.
type reportCmd struct{ runDir }

// Run is called by kong.
func (c *reportCmd) Run(ctx context.Context, to *console) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	path := filepath.Join(c.Dir, "runs.json")
	n, err := configfile.Read(path)
	if err != nil {
		return err
	}
	var results []experiment.Result
	if err := n.DecodeAll(&results); err != nil {
		return err
	}
	pairs := finished(results)
	if len(pairs) == 0 {
		return errors.Errorf("%s: no seed has finished both arms: go on with the run by --resume %s", c.Dir, shell.Quote(c.Dir))
	}
	if err := s.show(to, pairs); err != nil {
		return err
	}
	blas.Use(1)
	return s.writeReport(ctx, to, pairs)
}

// writeReport writes report.html and the pictures of the learning curves to the
// run's directory.
func (c *settings) writeReport(ctx context.Context, to *console, results []experiment.Result) error {
	figures, err := c.figures(ctx, results[0].Seed)
	if err != nil {
		return err
	}
	network, err := c.network(results[0].Seed)
	if err != nil {
		return err
	}
	environment := report.Here()
	environment.Date = time.Now().Format("2 January 2006, 15:04 MST")
	environment.BLAS = strings.TrimPrefix(library.Find().Describe(), "BLAS: ")
	page := report.Page{
		Title:       "MNIST without and with dropout",
		Comparison:  &report.Comparison{Results: results, Without: without, With: with},
		Figures:     figures,
		Network:     network,
		Settings:    c.list(),
		Command:     c.command(),
		Environment: &environment,
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"report.html", page.WriteHTML},
		{"curves.svg", func(w io.Writer) error { return report.WriteCurves(w, report.SVG, results, without, with) }},
		{"curves.png", func(w io.Writer) error { return report.WriteCurves(w, report.PNG, results, without, with) }},
	} {
		if err := atomicfile.Write(filepath.Join(c.Out, f.name), f.write); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(to.log, "Report: %s\n", filepath.Join(c.Out, "report.html"))
	return err
}

// network returns the layers of the network with dropout.
func (c *settings) network(seed uint64) (*models.Summary, error) {
	m, err := c.arms()[1].Model(784, 10, seed)
	if err != nil {
		return nil, err
	}
	return m.Summary()
}

// passes is the number of passes of Monte-Carlo dropout in a report, and shown
// the number of test images that they are made for; activated is that of the
// activations.
const passes, shown, activated = 20, 2000, 100

// figures draws what the models of a seed do on test images.
func (c *settings) figures(ctx context.Context, seed uint64) ([]*report.Figure, error) {
	sets, err := c.Load()
	if err != nil {
		return nil, err
	}
	images := sets.Test
	if images.Len() > shown {
		if images, _, err = images.Stratified(shown, mnistrun.SplitSeed); err != nil {
			return nil, err
		}
	}
	x, y := make([]float32, 784*images.Len()), make([]int, images.Len())
	all := make([]int, images.Len())
	for i := range all {
		all[i] = i
	}
	if err := images.Gather(all, x, y); err != nil {
		return nil, err
	}
	data := &training.Examples{Shape: []int{784}, X: x, Y: y}

	var figures []*report.Figure
	add := func(f *report.Figure, err error) error {
		figures = append(figures, f)
		return err
	}
	var plain []report.Predictions
	var activations []report.Sample
	for _, a := range c.arms() {
		m, err := a.trained(seed)
		if err != nil {
			return nil, err
		}
		p := &uncertainty.Predictor{Model: m.Model, Passes: passes}
		predictions, err := p.PredictDeterministic(ctx, data)
		if err != nil {
			return nil, err
		}
		plain = append(plain, forReport(a.name, predictions))
		first := m.Params()
		if len(c.Hidden) > 0 {
			if err := add(report.Filters(a.name, first[0].Value().Float32s(), 28, 28)); err != nil {
				return nil, err
			}
			layers, err := training.Activations(ctx, m.Model, data, activated)
			if err != nil {
				return nil, err
			}
			activations = append(activations, report.Sample{Name: a.name, Values: layers[0].Values})
		}
		if a.name == without {
			continue
		}
		sampled, err := p.Predict(ctx, data)
		if err != nil {
			return nil, err
		}
		var entropy []float64
		var correct []bool
		for _, s := range sampled {
			entropy, correct = append(entropy, s.Entropy), append(correct, s.Class() == s.Label)
		}
		if err := add(report.Uncertainty(entropy, correct)); err != nil {
			return nil, err
		}
		if err := add(report.Confusion(plain[1], nil)); err != nil {
			return nil, err
		}
		if err := add(report.Mistakes(plain[1], x, 28, 28, 24)); err != nil {
			return nil, err
		}
		plain = append(plain, forReport(fmt.Sprintf("%s, %d passes", a.name, passes), sampled))
	}
	if err := add(report.Calibration(plain...)); err != nil {
		return nil, err
	}
	if len(activations) > 0 {
		if err := add(report.Activations(activations...)); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

func forReport(name string, predictions []uncertainty.Prediction) report.Predictions {
	p := report.Predictions{Name: name, Classes: 10}
	for _, one := range predictions {
		p.Labels = append(p.Labels, one.Label)
		for _, v := range one.Mean {
			p.Probabilities = append(p.Probabilities, float32(v))
		}
	}
	return p
}

// list returns the settings for a reader: one value, or one for each arm.
func (c *settings) list() []report.Setting {
	text := func(values ...any) []string {
		var s []string
		for _, v := range values {
			s = append(s, fmt.Sprint(v))
		}
		return s
	}
	return []report.Setting{
		{Name: "training images", Values: text(c.Train)},
		{Name: "hidden units", Values: text(strings.Trim(fmt.Sprint(c.Hidden), "[]"))},
		{Name: "p of the hidden units", Values: text(0, c.P)},
		{Name: "p of the inputs", Values: text(0, c.InputP)},
		{Name: "epochs", Values: text(c.PlainEpochs, c.Epochs)},
		{Name: "learning rate", Values: text(c.PlainLR, c.LR)},
		{Name: "schedule", Values: text(c.Schedule)},
		{Name: "momentum", Values: text(c.Momentum)},
		{Name: "batch size", Values: text(c.Batch)},
		{Name: "last batch dropped", Values: text(c.DropLast)},
		{Name: "submatrix", Values: text(c.Submatrix)},
		{Name: "batch normalization", Values: text(c.BatchNorm)},
		{Name: "warm-up steps", Values: text(c.Warmup)},
		{Name: "clip norm", Values: text(c.ClipNorm)},
		{Name: "max-norm", Values: text(c.MaxNorm)},
		{Name: "weight decay", Values: text(c.WeightDecay)},
		{Name: "label smoothing", Values: text(c.LabelSmoothing)},
		{Name: "seeds", Values: text(strings.Trim(fmt.Sprint(c.seeds()), "[]"))},
	}
}

// command is what gives the same results again.
func (c *settings) command() string {
	hidden := strings.ReplaceAll(strings.Trim(fmt.Sprint(c.Hidden), "[]"), " ", ",")
	s := fmt.Sprintf("go run ./cmd/mnist --train %d --validation %d --curve %d --hidden %s -p %v --input-p %v --epochs %d --plain-epochs %d --batch %d --lr %v --plain-lr %v --schedule %s --momentum %v --max-norm %v --weight-decay %v --early-stopping %d --seeds %d --seed %d",
		c.Train, c.Validation, c.Curve, hidden, c.P, c.InputP, c.Epochs, c.PlainEpochs, c.Batch, c.LR, c.PlainLR, c.Schedule, c.Momentum,
		c.MaxNorm, c.WeightDecay, c.EarlyStopping, c.Seeds, c.Seed)
	if c.Nesterov {
		s += " --nesterov"
	}
	if c.Submatrix {
		s += " --submatrix"
	}
	if c.BatchNorm {
		s += " --batch-norm"
	}
	if c.DropLast {
		s += " --drop-last"
	}
	if c.Warmup > 0 {
		s += fmt.Sprintf(" --warmup %d", c.Warmup)
	}
	if c.LabelSmoothing > 0 {
		s += fmt.Sprintf(" --label-smoothing %v", c.LabelSmoothing)
	}
	if c.ClipNorm > 0 {
		s += fmt.Sprintf(" --clip-norm %v", c.ClipNorm)
	}
	if c.Data != "" {
		s += " --data " + shell.Quote(c.Data)
	}
	return s
}
