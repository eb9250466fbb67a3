package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/gorgonia-dropout/dropout/training"
)

// points is how often a curve is measured during a training.
const points = 20

// curve measures the time of the updates and, for studies that need it, the
// test error during training.
type curve struct {
	on    bool
	each  bool // keeps the time of every update
	test  training.Dataset
	last  time.Time
	state curveState
}

type curveState struct {
	Time    time.Duration `json:"time_ns"` // of the updates
	Steps   []float64     `json:"steps"`
	Errors  []float64     `json:"errors"` // per cent
	Seconds []float64     `json:"seconds"`
	Each    []float64     `json:"each,omitempty"` // seconds of every update
	// Machines are those that the training has been on, one after the other.
	Machines []string `json:"machines,omitempty"`
}

func newCurve(t trial) *curve {
	return &curve{on: t.Measure == learningCurve, each: t.Measure == sparseWeights}
}

func (c *curve) callback(ctx context.Context) training.Callback {
	return training.Callback{
		Name: "curve",
		OnStart: func(*training.Run) error {
			c.last = time.Now()
			return nil
		},
		OnStep: func(r *training.Run) error {
			took := time.Since(c.last)
			c.state.Time += took
			if c.each {
				c.state.Each = append(c.state.Each, took.Seconds())
			}
			defer func() { c.last = time.Now() }()
			total := int64(r.Trainer.Epochs * r.StepsPerEpoch)
			if !c.on || r.Steps*points/total == (r.Steps-1)*points/total {
				return nil
			}
			m, err := r.Trainer.Evaluate(ctx, c.test)
			if err != nil {
				return err
			}
			s := &c.state
			s.Steps = append(s.Steps, float64(r.Steps))
			s.Errors = append(s.Errors, 100*m.Error())
			s.Seconds = append(s.Seconds, s.Time.Seconds())
			return nil
		},
		Save: func() (training.CallbackState, error) {
			data, err := json.Marshal(c.state)
			return training.CallbackState{Data: data}, err
		},
		// The machine is known when the training starts, which is before it is resumed.
		Load: func(s training.CallbackState) error {
			here := c.state.Machines
			c.state.Machines = nil
			err := json.Unmarshal(s.Data, &c.state)
			c.state.Machines = slices.Compact(append(c.state.Machines, here...))
			return err
		},
	}
}

// add adds the curve to the measurements.
func (c *curve) add(extra map[string][]float64) {
	if c.on {
		extra["steps"], extra["errors"], extra["seconds"] = c.state.Steps, c.state.Errors, c.state.Seconds
	}
	if c.each && len(c.state.Each) > 0 {
		extra[updateExtra] = []float64{lowestTenth(c.state.Each)}
	}
}

// updateExtra is the name of the seconds of an update that nine of ten of a
// training exceed. Other work on the machine, which interrupts updates, hardly
// moves it, unlike the mean.
const updateExtra = "seconds of an update"

// lowestTenth returns the number that nine tenths of the others are not below.
func lowestTenth(x []float64) float64 {
	return stat.Quantile(0.1, stat.Empirical, slices.Sorted(slices.Values(x)), nil)
}
