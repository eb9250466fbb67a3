package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// fake is a program that trains nothing, to measure and test what is around it.
type fake struct{}

type fakeConfig struct {
	X      float64 `json:"x"`      // the error is lowest near 0.3
	Millis int     `json:"millis"` // it takes
	Epochs int     `json:"epochs"` // the error falls with them
	Fail   string  `json:"fail"`   // if there is one
	Panic  bool    `json:"panic"`
	Seed   uint64  `json:"seed"`
}

func (fake) Normalize(config []byte) ([]byte, error) {
	c := fakeConfig{Epochs: 1}
	if err := strict(config, &c); err != nil {
		return nil, err
	}
	if c.Millis < 0 || c.Millis > 3_600_000 || c.Epochs < 1 || math.Abs(c.X) > 1e6 || len(c.Fail) > 1000 {
		return nil, errors.Errorf("fake: millis must be in [0, 3600000], epochs positive and x in [-1e6, 1e6], got %+v", c)
	}
	return json.Marshal(c)
}

func (f fake) Run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	var c fakeConfig
	if err := json.Unmarshal(job.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	select {
	case <-time.After(time.Duration(c.Millis) * time.Millisecond):
	case <-ctx.Done():
		return sweep.Outcome{}, ctx.Err()
	}
	if c.Panic {
		panic("as told")
	}
	if c.Fail != "" {
		return sweep.Outcome{Failure: c.Fail}, nil
	}
	sum := sha256.Sum256(job.Trial().Config)
	noise := float64(sum[0]) / 256
	e := 0.02 + 0.1*(c.X-0.3)*(c.X-0.3) + 0.05/float64(c.Epochs) + 0.004*noise
	return sweep.Outcome{Metrics: map[string]float64{"error": e}, Fingerprint: hex.EncodeToString(sum[:8])}, nil
}

// strict reads one JSON object without unknown fields.
func strict(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return errors.WithStack(d.Decode(to))
}
