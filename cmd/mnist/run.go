package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// The names of the arms.
const (
	without = "without dropout"
	with    = "with dropout"
)

// run trains both arms, shows progress on log and writes the comparison to out.
func run(ctx context.Context, c *settings, out, log io.Writer) error {
	sets, err := load(c)
	if err != nil {
		return err
	}
	seeds := make([]uint64, c.Seeds)
	for i := range seeds {
		seeds[i] = c.Seed + uint64(i)
	}
	fmt.Fprintln(out, c.describe(sets))

	display := progress.New(log)
	results, err := experiment.Run(ctx, c.arms(sets), seeds, c.Workers, func(arm string, seed uint64, _ *training.Trainer) training.Callback {
		return display.Run(fmt.Sprintf("%s, seed %d", arm, seed))
	})
	display.Close()
	// What was finished is kept and shown, even if the rest was interrupted.
	if saveErr := save(c.Out, results); err == nil {
		err = saveErr
	}
	if pairs := finished(results); len(pairs) > 0 {
		comparison := report.Comparison{Results: pairs, Without: without, With: with}
		fmt.Fprintln(out)
		if tableErr := comparison.WriteTable(out); err == nil {
			err = tableErr
		}
		fmt.Fprintf(out, "\n%s\n", comparison.Finding())
	}
	return err
}

// finished returns the results of the seeds that both arms have finished.
func finished(results []experiment.Result) []experiment.Result {
	runs := make(map[uint64]int)
	for _, r := range results {
		runs[r.Seed]++
	}
	return slices.DeleteFunc(slices.Clone(results), func(r experiment.Result) bool { return runs[r.Seed] < 2 })
}

// sets are the parts of MNIST that a run needs.
type sets struct {
	train *mnist.Set // to draw training images from
	curve *mnist.Set // to draw learning curves on; nil: none
	test  *mnist.Set // to report on
}

// splitSeed chooses the validation images: always the same ones, so that
// settings are compared on one set.
const splitSeed = 20140615

func load(c *settings) (*sets, error) {
	open := embedded.Load
	if c.Data != "" {
		open = func() (*mnist.Set, *mnist.Set, error) { return mnist.Open(c.Data) }
	}
	train, test, err := open()
	if err != nil {
		return nil, err
	}
	s := &sets{train: train, test: test}
	if c.Validation > 0 {
		if s.test, s.train, err = train.Stratified(c.Validation, splitSeed); err != nil {
			return nil, err
		}
	}
	if c.Train > s.train.Len() {
		return nil, errors.Errorf("mnist: --train must be at most %d, the images there are, got %d", s.train.Len(), c.Train)
	}
	if n := min(c.Curve, s.train.Len()-c.Train); n >= s.train.Classes {
		if s.curve, s.train, err = s.train.Stratified(n, splitSeed); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// describe says in one line what is trained on what.
func (c *settings) describe(s *sets) string {
	network := fmt.Sprint(s.train.InputShape()[0])
	for _, n := range c.Hidden {
		network += fmt.Sprintf("-%d", n)
	}
	reported := "test"
	if c.Validation > 0 {
		reported = "validation"
	}
	return fmt.Sprintf("Network %s-%d on %d training images, reported on %d %s images; p %v on hidden units, %v on inputs.",
		network, s.train.Classes, c.Train, s.test.Len(), reported, c.P, c.InputP)
}

// arms returns the two ways of training. They differ in dropout, and in the
// learning rate and number of epochs that were found best for each.
func (c *settings) arms(s *sets) []experiment.Arm {
	arm := func(name string, inputP, p, lr float64, epochs int) experiment.Arm {
		return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			train, _, err := s.train.Stratified(c.Train, seed)
			if err != nil {
				return nil, training.Data{}, err
			}
			data := training.Data{Train: train, Test: s.test}
			if s.curve != nil {
				data.Validation = s.curve
			}
			net := models.MLP{
				Inputs: train.InputShape()[0], Hidden: c.Hidden, Outputs: train.Classes, InputDropout: inputP, HiddenDropout: p,
			}
			model, err := models.New(net, train.InputShape(), models.WithSeed(seed))
			if err != nil {
				return nil, data, err
			}
			t := &training.Trainer{
				Model: model,
				Solver: &optim.SGD{
					LR: lr, Momentum: c.Momentum, Nesterov: c.Nesterov,
					Regularization: optim.Regularization{WeightDecay: c.WeightDecay, MaxNorm: c.MaxNorm},
				},
				Epochs: epochs, BatchSize: c.Batch, Seed: seed,
			}
			if c.EarlyStopping > 0 {
				validation, rest, err := train.Stratified(train.Len()/6, seed)
				if err != nil {
					return nil, data, err
				}
				data.Train, data.Validation = rest, validation
				t.Callbacks = append(t.Callbacks, training.EarlyStoppingOnError(c.EarlyStopping))
			}
			steps := int64(epochs) * int64((data.Train.Len()+c.Batch-1)/c.Batch)
			t.Schedule = c.schedule(lr, steps)
			return t, data, nil
		}}
	}
	return []experiment.Arm{
		arm(without, 0, 0, c.PlainLR, c.PlainEpochs),
		arm(with, c.InputP, c.P, c.LR, c.Epochs),
	}
}

// save writes the results to files in dir, if there is one.
func save(dir string, results []experiment.Result) error {
	if dir == "" || len(results) == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Wrap(err, "mnist: --out")
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, []experiment.Result) error
	}{{"runs.csv", report.WriteCSV}, {"runs.json", report.WriteJSON}} {
		if err := writeFile(filepath.Join(dir, f.name), results, f.write); err != nil {
			return errors.Wrap(err, "mnist: --out")
		}
	}
	return nil
}

func writeFile(path string, results []experiment.Result, write func(io.Writer, []experiment.Result) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f, results); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
