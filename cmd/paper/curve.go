package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gorgonia-dropout/dropout/training"
)

// points is how often a curve is measured during a training.
const points = 20

// curve measures the time of the updates and, for studies that need it, the
// test error during training.
type curve struct {
	on    bool
	test  training.Dataset
	last  time.Time
	state curveState
}

type curveState struct {
	Time    time.Duration `json:"time_ns"` // of the updates
	Steps   []float64     `json:"steps"`
	Errors  []float64     `json:"errors"` // per cent
	Seconds []float64     `json:"seconds"`
}

func newCurve(t trial) *curve { return &curve{on: t.Measure == learningCurve} }

func (c *curve) callback(ctx context.Context) training.Callback {
	return training.Callback{
		Name: "curve",
		OnStart: func(*training.Run) error {
			c.last = time.Now()
			return nil
		},
		OnStep: func(r *training.Run) error {
			c.state.Time += time.Since(c.last)
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
		Load: func(s training.CallbackState) error { return json.Unmarshal(s.Data, &c.state) },
	}
}

// add adds the curve to the measurements.
func (c *curve) add(extra map[string][]float64) {
	if c.on {
		extra["steps"], extra["errors"], extra["seconds"] = c.state.Steps, c.state.Errors, c.state.Seconds
	}
}
