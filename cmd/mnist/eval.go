package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// evalCmd tests the models of one run, or of several to compare them.
type evalCmd struct {
	mnistrun.Insist
	Dirs []runDir `arg:"" name:"dir" type:"existingdir" help:"Directories of runs, as given to --out. Several are compared with the first."`

	Passes int    `default:"20" help:"Passes of Monte Carlo dropout for the models with dropout; 0 for none."`
	Bins   int    `default:"15" help:"Bins of the expected calibration error."`
	Curves string `help:"File to draw the learning curves of all runs to, .svg or .png." type:"path" placeholder:"FILE"`
}

// evaluation is the result for one model.
type evaluation struct {
	Run      runDir             `json:"run,omitempty"` // if there are several
	Arm      string             `json:"arm"`
	Seed     uint64             `json:"seed"`
	Finished bool               `json:"finished"` // false: from the last checkpoint of an interrupted training
	Passes   int                `json:"passes"`   // 0 without Monte Carlo dropout
	Scores   uncertainty.Scores `json:"scores"`
}

// Validate is called by kong.
func (c *evalCmd) Validate() error {
	if c.Passes < 0 || c.Bins < 1 {
		return errors.Errorf("--passes must not be negative and --bins positive, got %d and %d", c.Passes, c.Bins)
	}
	if c.Curves != "" && !strings.HasSuffix(c.Curves, ".svg") && !strings.HasSuffix(c.Curves, ".png") {
		return errors.Errorf("--curves must end in .svg or .png, got %s", c.Curves)
	}
	for i, d := range c.Dirs {
		if slices.Contains(c.Dirs[:i], d) {
			return errors.Errorf("runs must be different, got %s twice", d)
		}
	}
	return nil
}

// Run is called by kong.
func (c *evalCmd) Run(ctx context.Context, to *cmdline.Console) error {
	var runs []*settings
	for _, d := range c.Dirs {
		s, err := d.settings()
		if err != nil {
			return err
		}
		if err := c.Loading(&s.Config); err != nil {
			return err
		}
		runs = append(runs, s)
	}
	fmt.Fprintln(to.Log, blas.Use(1))
	var all []evaluation
	for i, d := range c.Dirs {
		one, err := c.evaluate(ctx, to, d, runs[i])
		if err != nil {
			return err
		}
		if len(c.Dirs) > 1 {
			for i := range one {
				one[i].Run = d
			}
		}
		all = append(all, one...)
	}
	if c.Curves != "" {
		if err := writeCurves(c.Curves, c.Dirs); err != nil {
			return err
		}
	}
	if len(c.Dirs) > 1 {
		return c.compare(to, runs, all)
	}
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(all)
	}
	return writeEvaluations(to.Out, all)
}

// evaluate tests the models of a run.
func (c *evalCmd) evaluate(ctx context.Context, to *cmdline.Console, dir runDir, s *settings) ([]evaluation, error) {
	sets, err := s.Load()
	if err != nil {
		return nil, err
	}
	var all []evaluation
	for _, a := range s.arms() {
		for _, seed := range s.seeds() {
			m, err := dir.model(a, seed)
			if errors.Is(err, os.ErrNotExist) {
				fmt.Fprintf(to.Log, "%s, seed %d: not trained yet\n", a.name, seed)
				continue
			}
			if err != nil {
				return nil, err
			}
			dir.warn(to, m, a, seed)
			p := &uncertainty.Predictor{Model: m.Model, Passes: c.Passes}
			add := func(passes int, predict func(context.Context, training.Dataset) ([]uncertainty.Prediction, error)) error {
				predictions, err := predict(ctx, sets.Test)
				if err != nil {
					return err
				}
				scores, err := uncertainty.Evaluate(predictions, c.Bins)
				all = append(all, evaluation{"", a.name, seed, m.epochs < 0, passes, scores})
				return err
			}
			if err := add(0, p.PredictDeterministic); err != nil {
				return nil, err
			}
			if c.Passes > 0 && (a.P > 0 || a.InputP > 0) {
				if err := add(c.Passes, p.Predict); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.Errorf("%s must hold a trained network, got none yet: %s continues training", dir, dir.resume())
	}
	return all, nil
}

// writeEvaluations writes a table with a row for each model and prediction.
func writeEvaluations(w io.Writer, all []evaluation) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "model\tseed\tprediction\terror\tNLL\tcalibration error\tBrier score\t")
	for _, e := range all {
		prediction := "plain"
		if e.Passes > 0 {
			prediction = fmt.Sprintf("%d passes", e.Passes)
		}
		if !e.Finished {
			e.Arm += ", interrupted"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%.2f %%\t%.4f\t%.4f\t%.4f\t\n", e.Arm, e.Seed, prediction, 100*(1-e.Scores.Accuracy), e.Scores.NLL, e.Scores.ECE, e.Scores.Brier)
	}
	return t.Flush()
}
