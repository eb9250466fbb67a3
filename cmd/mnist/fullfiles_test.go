package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk/points"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// tiny is a run that takes a moment, one training after the other.
var tiny = []string{"--train", "100", "--validation", "0", "--hidden", "4", "--epochs", "1", "--plain-epochs", "1", "--seeds", "1", "--workers", "1", "--curve", "0"}

// outcome returns what a run has measured, without the time that it took.
func outcome(t *testing.T, dir string) (all []experiment.Result) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, resultsFile))
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].History.Time = 0
		for k := range all[i].History.Epochs {
			all[i].History.Epochs[k].Time = 0
		}
	}
	return all
}

// TestFaults fails each step of each file of a run on a disk that is full or broken: one
// line with the reason, nothing half-written is taken for whole, and the run that goes on
// ends as one that nothing has disturbed.
func TestFaults(t *testing.T) {
	whole, board := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "board")
	run := func(dir string) (string, int) {
		_, log, code := command(append([]string{"--out", dir, "--tensorboard", board}, tiny...)...)
		return log, code
	}
	places := points.Of(func() {
		if log, code := run(whole); code != 0 {
			t.Fatalf("exit %d\n%s", code, log)
		}
	})
	want, files := outcome(t, whole), make(map[string]bool)
	for _, at := range places {
		files[at.File] = true
	}
	places = points.Some(places, 7)
	for i, at := range places {
		err, dir := points.Errors[i%2], filepath.Join(t.TempDir(), "run")
		points.Command(t, at, err, func() (string, int) { return run(dir) })
		var log string
		var code int
		if runDir(dir).holdsRun() {
			_, log, code = command("--resume", dir, "--tensorboard", board)
		} else { // it had not begun
			log, code = run(dir)
		}
		if code != 0 {
			t.Errorf("%v: must go on, got exit %d and\n%s", at, code, log)
			continue
		}
		if got := outcome(t, dir); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: want the results of an undisturbed run, got others", at)
		}
		if out, log, code := command("verify", dir); code != 0 {
			t.Errorf("%v: exit %d\n%s%s", at, code, out, log)
		}
	}
	if len(files) < 10 {
		t.Errorf("want the files of a run, got %v", files)
	}
	t.Logf("%d failing steps of %d files (all with %s=1)", len(places), len(files), points.EveryVariable)
}
