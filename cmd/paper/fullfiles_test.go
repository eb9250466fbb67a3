package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
	faults "github.com/gorgonia-dropout/dropout/internal/fulldisk/points"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// column is the last one of a study's table: how long each training took.
var column = regexp.MustCompile(`,[0-9.]+\n`)

// TestFaults fails each step of each file of a study on a disk that is full or broken: the
// error says why, and the same command then ends as an undisturbed one, without training
// anew what was kept.
func TestFaults(t *testing.T) {
	numbers := func(l *studyRun) string {
		b, err := os.ReadFile(filepath.Join(l.dir, l.study.name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		return column.ReplaceAllString(string(b), "\n")
	}
	start := func() *studyRun {
		l := tinyRun(t, table10, io.Discard)
		l.workers = 1
		return l
	}
	whole := start()
	places := faults.Of(func() {
		if err := whole.run(context.Background(), io.Discard); err != nil {
			t.Fatal(err)
		}
	})
	if len(places) < 12 {
		t.Errorf("want the steps of all files, got %v", places)
	}
	want, files := numbers(whole), make(map[string]bool)
	for _, at := range places {
		files[at.File] = true
	}
	places = faults.Some(places, 3)
	for i, at := range places {
		l, full := start(), faults.Errors[i%2]
		var err error
		faults.Fail(at, full, func() { err = l.run(context.Background(), io.Discard) })
		if !errors.Is(err, full) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: want one line with %v, got %v", at, full, err)
		}
		var log bytes.Buffer
		l.log = &log
		kept, err := records.Open[record](l.records.Path())
		if err != nil {
			t.Errorf("%v: records must be whole, got %v", at, err)
			continue
		}
		l.records = kept
		if err := l.run(context.Background(), io.Discard); err != nil {
			t.Errorf("%v: must go on, got %v", at, err)
			continue
		}
		for _, dir := range []string{l.dir, filepath.Dir(l.records.Path())} {
			if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
				t.Errorf("%v: nothing half-written must be left, got %q, %v", at, left, err)
			}
		}
		if got := numbers(l); got != want {
			t.Errorf("%v: want\n%s\ngot\n%s", at, want, got)
		}
	}
	t.Logf("%d failing steps of %d files (all with %s=1)", len(places), len(files), faults.EveryVariable)
}

// TestFullCheckpoint interrupts a training in its middle while a step of its checkpoint
// fails: the error says why, the checkpoint of before is whole, and going on from it gives
// the weights of an undisturbed training.
func TestFullCheckpoint(t *testing.T) {
	data := training.Data{Train: fakeSets().train}
	newTrainer := func() *training.Trainer {
		tr, err := hinton2012.arms(hinton2012.budgets["tiny"])[0].trainer(128, 40, data.Train.Len(), 0.1, 1)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	weights := func(tr *training.Trainer) string {
		var b bytes.Buffer
		if err := tr.Model.WriteSafetensors(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	whole := newTrainer()
	if _, err := whole.Fit(context.Background(), data); err != nil {
		t.Fatal(err)
	}
	// interrupt trains on from the checkpoint at path, if there is one, as far as a step.
	interrupt := func(path string, last int64) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		tr := newTrainer()
		if err := (&trialStore{path: path, curve: newCurve(trial{}), machine: func(name string) string { return name }}).Prepare(ctx, tr); err != nil {
			t.Fatal(err)
		}
		tr.Callbacks = append(tr.Callbacks[1:], training.Callback{OnStep: func(r *training.Run) error {
			if r.Steps == last {
				cancel()
			}
			return nil
		}})
		_, err := tr.Fit(ctx, data)
		return err
	}
	for i, step := range []fulldisk.Step{fulldisk.Create, fulldisk.Write, fulldisk.Sync, fulldisk.Rename} {
		path, full := filepath.Join(t.TempDir(), "trial.safetensors"), faults.Errors[i%2]
		if err := interrupt(path, 10); !errors.Is(err, context.Canceled) {
			t.Fatalf("want an interrupted training, got %v", err)
		}
		var err error
		faults.Fail(faults.Point{Step: step, File: "trial.safetensors", N: 1}, full, func() { err = interrupt(path, 20) })
		if !errors.Is(err, full) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %v, got %v", step, full, err)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
			t.Errorf("%s: nothing half-written must be left, got %q, %v", step, left, err)
		}
		state, err := checkpoint.Load(path)
		if err != nil || state.Steps != 10 {
			t.Fatalf("%s: the checkpoint of step 10 must be whole, got %+v, %v", step, state, err)
		}
		tr := newTrainer()
		tr.Resume = state
		if _, err := tr.Fit(context.Background(), data); err != nil || weights(tr) != weights(whole) {
			t.Errorf("%s: must end with the weights of an undisturbed training, got others and %v", step, err)
		}
	}
}
