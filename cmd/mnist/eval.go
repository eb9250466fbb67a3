package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// evalCmd tests the models of a run.
type evalCmd struct {
	mnistrun.Insist
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`

	Passes int `default:"20" help:"Passes of Monte Carlo dropout for the models with dropout; 0 for none."`
	Bins   int `default:"15" help:"Bins of the expected calibration error."`
}

// evaluation is the result for one model.
type evaluation struct {
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
	return nil
}

// Run is called by kong.
func (c *evalCmd) Run(ctx context.Context, to *cmdline.Console) error {
	s, err := c.Dir.settings()
	if err != nil {
		return err
	}
	if err := c.Loading(&s.Config); err != nil {
		return err
	}
	sets, err := s.Load()
	if err != nil {
		return err
	}
	fmt.Fprintln(to.Log, blas.Use(1))
	var all []evaluation
	for _, a := range s.arms() {
		for _, seed := range s.seeds() {
			m, err := c.Dir.model(a, seed)
			if errors.Is(err, os.ErrNotExist) {
				fmt.Fprintf(to.Log, "%s, seed %d: not trained yet\n", a.name, seed)
				continue
			}
			if err != nil {
				return err
			}
			c.Dir.warn(to, m, a, seed)
			p := &uncertainty.Predictor{Model: m.Model, Passes: c.Passes}
			add := func(passes int, predict func(context.Context, training.Dataset) ([]uncertainty.Prediction, error)) error {
				predictions, err := predict(ctx, sets.Test)
				if err != nil {
					return err
				}
				scores, err := uncertainty.Evaluate(predictions, c.Bins)
				all = append(all, evaluation{a.name, seed, m.epochs < 0, passes, scores})
				return err
			}
			if err := add(0, p.PredictDeterministic); err != nil {
				return err
			}
			if c.Passes > 0 && (a.P > 0 || a.InputP > 0) {
				if err := add(c.Passes, p.Predict); err != nil {
					return err
				}
			}
		}
	}
	if len(all) == 0 {
		return errors.Errorf("%s must hold a trained network, got none yet: %s continues training", c.Dir, c.Dir.resume())
	}
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(all)
	}
	t := tabwriter.NewWriter(to.Out, 0, 0, 3, ' ', tabwriter.AlignRight)
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
