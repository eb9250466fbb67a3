package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// evaluated returns what eval says of a run, plain.
func evaluated(t *testing.T, dir string) ([]evaluation, string) {
	t.Helper()
	out, log, code := command("--json", "eval", dir, "--passes", "0")
	var all []evaluation
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, log)
	}
	return all, log
}

// With early stopping the model of a run is that of its results, not the last one.
func TestModelOfResults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	// Rates at which the last epoch is not the best.
	args := strings.Fields("--train 200 --hidden 16 --epochs 12 --plain-epochs 12 --seeds 1 --curve 0 --lr 0.8 --plain-lr 0.8 --schedule constant --early-stopping 2 --batch-norm --out " + dir)
	if out, log, code := command(args...); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	data, err := os.ReadFile(filepath.Join(dir, "runs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var results []experiment.Result
	if err := json.Unmarshal(data, &results); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		all, log := evaluated(t, dir)
		if len(all) != 2 || strings.Contains(log, "interrupted") {
			t.Fatalf("got %+v\n%s", all, log)
		}
		for i, e := range all {
			want := results[i].History
			if e.Arm != results[i].Arm || !e.Finished || math.Abs(e.Scores.Accuracy-(1-want.Test.Error())) > 1e-9 || math.Abs(e.Scores.NLL-want.Test.NLL) > 1e-4 {
				t.Errorf("%s: got %v and %v, want %v and %v as in runs.json", e.Arm, e.Scores.Accuracy, e.Scores.NLL, 1-want.Test.Error(), want.Test.NLL)
			}
		}
	}
	check()
	// A run that went on at its end has the same.
	if out, log, code := command("--resume", dir); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	check()
}

// A run that was interrupted can be tested, and it is said of what.
func TestEvalInterrupted(t *testing.T) {
	dir := trainedRun(t)
	if err := os.Remove(filepath.Join(dir, "runs", "with-dropout-1", modelFile)); err != nil {
		t.Fatal(err)
	}
	all, log := evaluated(t, dir)
	if len(all) != 2 || !all[0].Finished || all[1].Finished || !strings.Contains(log, "with dropout, seed 1: interrupted after 2 of 2 epochs; resume with: mnist --resume "+dir) {
		t.Errorf("got %+v\n%s", all, log)
	}
	out, _, code := command("eval", dir, "--passes", "0")
	if code != 0 || strings.Count(out, "interrupted") != 1 {
		t.Errorf("exit %d\n%s", code, out)
	}
	if err := os.RemoveAll(filepath.Join(dir, "runs", "with-dropout-1")); err != nil {
		t.Fatal(err)
	}
	if all, log = evaluated(t, dir); len(all) != 1 || !strings.Contains(log, "with dropout, seed 1: not trained yet") {
		t.Errorf("got %+v\n%s", all, log)
	}
}

// Fewer images to report on than the figures would take are no panic.
func TestFewTestImages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	for _, args := range []string{"--validation 50 --out " + dir, "--resume " + dir, "report " + dir} {
		all := strings.Fields(args)
		if strings.HasPrefix(args, "--validation") {
			all = append(all, strings.Fields("--train 100 --hidden 8 --epochs 1 --plain-epochs 1 --seeds 1")...)
		}
		if out, log, code := command(all...); code != 0 || !strings.Contains(log, "report.html") {
			t.Fatalf("%s: exit %d\n%s%s", args, code, out, log)
		}
	}
}

// Two processes do not train in one directory: the second says so in a line, and
// changes nothing.
func TestTwoRunsOfOneDirectory(t *testing.T) {
	dir := runDir(filepath.Join(t.TempDir(), "run"))
	lock, err := dir.lock() // of a run that has just begun
	if err != nil {
		t.Fatal(err)
	}
	if _, log, code := command(append([]string{"--out", string(dir)}, small...)...); code != 1 || log != "mnist: "+string(dir)+" must be free, but another process trains in it\n" {
		t.Errorf("--out: exit %d, %s", code, log)
	}
	lock.Close()
	if _, log, code := command(append([]string{"--out", string(dir)}, small...)...); code != 0 {
		t.Fatalf("--out of a directory that is free: exit %d, %s", code, log)
	}
	if lock, err = dir.lock(); err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	// What the other writes at the moment is not cleaned up either.
	half := dir.path(".runs.json.123.tmp")
	if err := os.WriteFile(half, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, log, code := command("--resume", string(dir)); code != 1 || !strings.HasSuffix(log, " must be free, but another process trains in it\n") || strings.Count(log, "\n") != 1 {
		t.Errorf("--resume: exit %d, %s", code, log)
	}
	if _, err := os.Stat(half); err != nil {
		t.Error(err)
	}
}
