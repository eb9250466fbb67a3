package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// benchCmd times training steps of the network without and with dropout.
type benchCmd struct {
	mnistrun.Insist
	mnistrun.Network
	Batch int           `default:"100" help:"Images in a step."`
	For   time.Duration `default:"3s" help:"How long to time each network."`
}

// benched is the solver of the timed steps.
func benched() *optim.SGD { return &optim.SGD{LR: 0.01, Momentum: 0.9} }

// timing is the result for one network.
type timing struct {
	Arm            string  `json:"arm"`
	Steps          int64   `json:"steps"`
	Milliseconds   float64 `json:"ms_per_step"`
	ExamplesPerSec float64 `json:"examples_per_second"`
	BytesPerStep   float64 `json:"bytes_allocated_per_step"`
}

// Validate is called by kong.
func (c *benchCmd) Validate() error {
	if err := c.CheckNetwork(); err != nil {
		return errors.New("--" + err.Error())
	}
	if c.Batch < 1 || c.Batch > 60000 || c.For <= 0 {
		return errors.Errorf("--batch must be in [1, 60000] and --for positive, got %d and %v", c.Batch, c.For)
	}
	return nil
}

// Run is called by kong.
func (c *benchCmd) Run(ctx context.Context, to *cmdline.Console) error {
	fmt.Fprintln(to.Log, blas.Use(1))
	s := settings{Config: mnistrun.Config{Network: c.Network}}
	sets, err := (&mnistrun.Config{Train: 10}).Load()
	if err != nil {
		return err
	}
	data, _, err := sets.Train.Stratified(10*c.Batch/10*10, 1)
	if err != nil {
		data = sets.Train
	}
	var all []timing
	for _, a := range s.arms() {
		sketch := &training.Trainer{Solver: benched(), Epochs: 1, BatchSize: c.Batch}
		if sketch.Model, err = a.Model(784, 10, 1, models.AsSketch()); err != nil {
			return err
		}
		need, err := sketch.Memory(training.Data{Train: data})
		if err != nil {
			return err
		}
		if err := c.Room(need.Total()); err != nil {
			return errors.WithMessagef(err, "training takes %v", need)
		}
		m, err := a.Model(784, 10, 1)
		if err != nil {
			return err
		}
		var r timing
		var before runtime.MemStats
		var start time.Time
		const warmUp = 5
		t := &training.Trainer{
			Model: m, Solver: benched(), Epochs: 1 << 30, BatchSize: c.Batch,
			Callbacks: []training.Callback{{OnStep: func(run *training.Run) error {
				if run.Steps == warmUp {
					runtime.ReadMemStats(&before)
					start = time.Now()
				} else if run.Steps > warmUp && time.Since(start) >= c.For {
					elapsed := time.Since(start)
					var after runtime.MemStats
					runtime.ReadMemStats(&after)
					n := float64(run.Steps - warmUp)
					r = timing{a.name, run.Steps - warmUp, 1e3 * elapsed.Seconds() / n, n * float64(c.Batch) / elapsed.Seconds(),
						float64(after.TotalAlloc-before.TotalAlloc) / n}
					run.Stop("timed")
				}
				return nil
			}}},
		}
		if _, err := t.Fit(ctx, training.Data{Train: data}); err != nil {
			return err
		}
		all = append(all, r)
	}
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(all)
	}
	w := tabwriter.NewWriter(to.Out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "step\tms\texamples/s\tKiB allocated\t")
	for _, r := range all {
		fmt.Fprintf(w, "%s\t%.2f\t%.0f\t%.1f\t\n", r.Arm, r.Milliseconds, r.ExamplesPerSec, r.BytesPerStep/1024)
	}
	return w.Flush()
}
