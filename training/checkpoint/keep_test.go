package checkpoint_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// fit trains with Keep in dir and returns the record.
func fit(t *testing.T, tr *training.Trainer, dir string) *training.History {
	t.Helper()
	tr.Callbacks = append(tr.Callbacks, checkpoint.Keep(dir, 0))
	h, err := tr.Fit(context.Background(), data())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func load(t *testing.T, dir string) *training.State {
	t.Helper()
	s, err := checkpoint.Load(filepath.Join(dir, checkpoint.LastFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Keep makes the directory of a run, and those above it.
func TestKeepMakesItsDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "1")
	fit(t, trainer(t, 1), dir)
	if s := load(t, dir); s.Epoch != 1 {
		t.Errorf("the state must be of epoch 1, got %d", s.Epoch)
	}
}

// A run that was over when it was resumed writes nothing: its file stays the same one.
// A new run into the same directory replaces it, though it ends where the old one did.
func TestKeepOfAFinishedRun(t *testing.T) {
	dir := t.TempDir()
	fit(t, trainer(t, 2), dir)
	// A second name keeps the file, so that no other can be taken for it.
	held := filepath.Join(t.TempDir(), "held")
	if err := os.Link(filepath.Join(dir, checkpoint.LastFile), held); err != nil {
		t.Skipf("a file system without links: %v", err)
	}
	before := stat(t, dir)

	again := trainer(t, 2)
	again.Resume = load(t, dir)
	fit(t, again, dir)
	if !os.SameFile(before, stat(t, dir)) {
		t.Error("a run that had nothing left to do has written its state again")
	}
	fit(t, trainer(t, 2), dir)
	if os.SameFile(before, stat(t, dir)) {
		t.Error("a new run has not replaced the state of the old one")
	}
}

func stat(t *testing.T, dir string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, checkpoint.LastFile))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// A run that is stopped within an epoch keeps the step that it has come to.
func TestKeepOfAStoppedRun(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 3)
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if r.Steps == 5 {
			r.Stop("enough")
		}
		return nil
	}}}
	h := fit(t, tr, dir)
	if s := load(t, dir); s.Steps != h.Steps || s.Epoch != 0 || s.History.Stopped != "enough" {
		t.Errorf("the state must be of step %d, stopped, got step %d, epoch %d, stopped %q", h.Steps, s.Steps, s.Epoch, s.History.Stopped)
	}
}

// The best epoch is the first of those with the lowest error, which its file tells to
// the last bit.
func TestKeepOfTheBestEpoch(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 12)
	tr.Monitor = training.Monitor{Metric: "error"}
	h := fit(t, tr, dir)
	best, ties := 0, 0
	for i, e := range h.Epochs {
		switch err, lowest := e.Validation.Error(), h.Epochs[best].Validation.Error(); {
		case err < lowest:
			best, ties = i, 0
		case err == lowest && i > 0:
			ties++
		}
	}
	if ties == 0 {
		t.Fatal("no other epoch has the lowest error, which this test is about")
	}
	f, err := os.Open(filepath.Join(dir, checkpoint.BestFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, metadata, err := tensorfile.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := metadata["epoch"], strconv.Itoa(best); got != want {
		t.Errorf("the best epoch must be %s, got %s", want, got)
	}
	got, err := strconv.ParseFloat(metadata["value"], 64)
	if want := h.Epochs[best].Validation.Error(); err != nil || got != want || metadata["metric"] != "error" {
		t.Errorf("its validation error must be %v, got %v", want, metadata)
	}
}
