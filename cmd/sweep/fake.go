package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// fake is a program that trains nothing, to measure and test everything around
// it.
type fake struct{}

type fakeConfig struct {
	X      float64 `json:"x"`      // the error is lowest near 0.3
	Millis int     `json:"millis"` // duration of the trial
	Epochs int     `json:"epochs"` // more of them lower the error
	Fail   string  `json:"fail"`   // the failure, unless empty
	Panic  bool    `json:"panic"`
	Crash  string  `json:"crash,omitempty"` // how it misbehaves: exit, memory, goroutine or hang
	Seed   uint64  `json:"seed"`
}

// maxMillis is the longest time that a trial may take.
const maxMillis = 3_600_000

func (fake) Metrics() []string { return []string{"error"} }

func (fake) Normalize(config []byte) ([]byte, error) {
	c := fakeConfig{Epochs: 1}
	if err := settings("fake", config, &c); err != nil {
		return nil, err
	}
	if c.Millis < 0 || c.Millis > maxMillis || c.Epochs < 1 || math.Abs(c.X) > 1e6 || len(c.Fail) > 1000 {
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
	misbehave(ctx, c.Crash)
	if c.Fail != "" {
		return sweep.Outcome{Failure: c.Fail}, nil
	}
	sum := sha256.Sum256(job.Trial().Config)
	noise := float64(sum[0]) / 256
	e := 0.02 + 0.1*(c.X-0.3)*(c.X-0.3) + 0.05/float64(c.Epochs) + 0.004*noise
	return sweep.Outcome{Metrics: map[string]float64{"error": e}, Fingerprint: hex.EncodeToString(sum[:8])}, nil
}

// misbehave does what no recover and no context helps against.
func misbehave(ctx context.Context, how string) {
	switch how {
	case "exit":
		os.Exit(3)
	case "goroutine":
		go panic("as told, elsewhere")
		<-ctx.Done()
	case "memory":
		for all := [][]byte{}; ; time.Sleep(time.Millisecond) {
			all = append(all, bytes.Repeat([]byte{1}, 16<<20))
		}
	case "hang":
		select {}
	}
}

// place is where configfile found an error.
var place = regexp.MustCompile(`^([a-z]+):\d+:\d+: `)

// settings reads the settings of a trial. Errors leave out the position, since
// nobody has written the text in the form that is read.
func settings(program string, data []byte, to any) error {
	if err := configfile.JSON(program, data, to); err != nil {
		return errors.New(place.ReplaceAllString(err.Error(), "$1: "))
	}
	return nil
}
