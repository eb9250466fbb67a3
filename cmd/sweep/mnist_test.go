package main

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/models"
)

// job is a trial by itself, which remembers what it has kept.
type job struct {
	trial sweep.Trial
	kept  map[string][]byte
}

func (j *job) Trial() sweep.Trial                           { return j.trial }
func (j *job) Checkpoint(context.Context) ([]byte, error)   { return nil, nil }
func (j *job) SaveCheckpoint(context.Context, []byte) error { return nil }
func (j *job) Progress(int64, int64)                        {}
func (j *job) Keep(_ context.Context, name string, data []byte) error {
	j.kept[name] = data
	return nil
}

// What a trial keeps is its whole model: who loads it gets the trial's own metrics
// and fingerprint. Hidden layers as wide as the one before would hide matrices that
// lie the other way round; running statistics would be missed by batch normalization
// alone.
func TestKeptModel(t *testing.T) {
	for name, extra := range map[string]string{"plain": ``, "batch normalization": `, "batch_norm": true`} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			m := &mnistProgram{}
			config, err := m.Normalize([]byte(`{"train": 300, "validation": 100, "hidden": [12, 12], "epochs": 2, "batch": 50, "keep_model": true` + extra + `}`))
			if err != nil {
				t.Fatal(err)
			}
			j := &job{trial: sweep.Trial{Config: config}, kept: make(map[string][]byte)}
			o, err := m.Run(ctx, j)
			if err != nil || o.Failure != "" {
				t.Fatal(err, o.Failure)
			}
			var c mnistConfig
			if err := settings("mnist", config, &c); err != nil {
				t.Fatal(err)
			}
			sets, err := c.Load()
			if err != nil {
				t.Fatal(err)
			}
			tr, data, err := c.Trainer(sets, c.Seed+1) // other weights, to begin with
			if err != nil {
				t.Fatal(err)
			}
			if err := tr.Model.ReadSafetensors(bytes.NewReader(j.kept["model.safetensors"])); err != nil {
				t.Fatal(err)
			}
			got, err := tr.Evaluate(ctx, data.Test)
			if err != nil || got.Error() != o.Metrics["error"] || got.NLL != o.Metrics["nll"] {
				t.Errorf("the kept model has error %v and NLL %v (%v), want %v and %v", got.Error(), got.NLL, err, o.Metrics["error"], o.Metrics["nll"])
			}
			hash, err := fingerprint(tr.Model)
			if err != nil || hash != o.Fingerprint {
				t.Errorf("fingerprint is %s (%v), want %s", hash, err, o.Fingerprint)
			}
			for _, p := range append(tr.Model.Params(), tr.Model.States()...) {
				changed(t, tr.Model, p, hash)
			}
		})
	}
}

// changed sees that the fingerprint depends on a tensor.
func changed(t *testing.T, m *models.Model, p *models.Param, hash string) {
	t.Helper()
	x := p.Value().Float32s()
	last := x[len(x)-1]
	defer func() { x[len(x)-1] = last }()
	x[len(x)-1] = math.Nextafter32(last, 9)
	if got, err := fingerprint(m); err != nil || got == hash {
		t.Errorf("the fingerprint does not depend on %s (%v)", p.Name(), err)
	}
}
