package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// commandSpec writes the spec of a program, a shell script that answers well or badly by
// its setting how, and returns its path.
func commandSpec(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell: ", err)
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "train.sh")
	for path, text := range map[string]string{
		script: `read settings
case $settings in
*'"how":"well"'*) echo '{"done": 1, "of": 1}'; echo '{"metrics": {"loss": -0.5, "steps": 3}}' ;;
*'"how":"badly"'*) echo reason >&2; exit 3 ;;
*'"how":"other"'*) echo '{"metrics": {"loss": 1, "stepz": 3}}' ;;
*'"how":"less"'*) echo '{"metrics": {"loss": 1}}' ;;
*'"how":"nan"'*) echo '{"metrics": {"loss": NaN, "steps": 3}}' ;;
*'"how":"ever"'*) sleep 600 ;;
esac
`,
		filepath.Join(dir, "spec.yaml"): "name: told\ncommand: {run: [sh, " + script + "], metrics: [loss, steps]}\nmetric: loss\n" +
			"space: {how: [well, badly, other, less, nan, ever]}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "spec.yaml")
}

// Any program runs the trials of a sweep, on the workers that were told of it and on no
// others, and whatever it does has a result.
func TestCommand(t *testing.T) {
	spec := commandSpec(t)
	c := newCluster(t, 1) // a worker that is told of nothing
	at, err := queue.LoadConnection(c.store)
	if err != nil {
		t.Fatal(err)
	}
	key := connect.KeyVariable + "=" + at.Key
	out := filepath.Join(t.TempDir(), "out")
	run := &process{t: t, env: []string{key}, args: []string{"run", spec, "--workers", "0", "--nats", at.URL, "--out", out}}
	run.start()
	told := &process{t: t, env: []string{key}, args: []string{"worker", "--nats", at.URL, "--name", "told", "--spec", spec, "--trial-time", "2s"}}
	told.start()
	t.Cleanup(told.kill)
	done := make(chan error, 1)
	go func() { done <- run.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v\n%s", err, run.log.String())
		}
	case <-time.After(60 * time.Second):
		run.kill()
		t.Fatalf("the sweep has not ended\n%s\n%s", run.log.String(), told.log.String())
	}
	data, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var results struct {
		Results []struct {
			Config  struct{ How string }
			Metrics map[string]float64
			Failure string
			Worker  string
		}
	}
	if err := json.Unmarshal(data, &results); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	want := map[string]string{
		"well": "", "badly": "exit status 3: reason", "other": `metrics must be ["loss" "steps"], got ["loss" "stepz"]`,
		"less": `metrics must be ["loss" "steps"], got ["loss"]`, "nan": "numbers must be finite", "ever": "took longer than 2s",
	}
	for _, r := range results.Results {
		text, ok := want[r.Config.How]
		if !ok || r.Worker != "told" || !strings.Contains(r.Failure, text) || (text == "") != (r.Metrics["loss"] == -0.5) {
			t.Errorf("want %q, got %+v", text, r)
		}
		delete(want, r.Config.How)
	}
	if len(want) > 0 {
		t.Errorf("no results of %v", want)
	}
	// The page, and the other commands, know the sweep.
	for _, args := range [][]string{{"results", "told", "--nats", at.URL}, {"status", "--once", "--nats", at.URL}} {
		t.Setenv(connect.KeyVariable, at.Key)
		out, log, code := command(t, args...)
		if code != 0 || !strings.Contains(out, "told") && !strings.Contains(out, "-0.5000") {
			t.Errorf("%q: got code %d, %s%s", args, code, out, log)
		}
	}
	// A worker whose program is another is told so, at once.
	if err := os.WriteFile(filepath.Join(filepath.Dir(spec), "train.sh"), []byte("exit 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, log, code := command(t, "worker", "--nats", at.URL, "--name", "changed", "--spec", spec)
	if code != 1 || !strings.Contains(log, "command of told must be the version that the sweep has begun with, command-") {
		t.Errorf("got code %d, %s", code, log)
	}
}

// What is wrong with a command is said before the first trial.
func TestCommandUsage(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell: ", err)
	}
	for _, tt := range []struct{ command, want string }{
		{"{}", "command: run must be a program and its arguments, got none"},
		{"{run: [sh], metric: [a]}", `unknown key "metric", did you mean "metrics"?`},
		{"{run: sh}", "must be a list"},
		{"{run: [sh], metrics: [a b]}", "metrics must be named by 1 to 63 of"},
		{"{run: [sh], metrics: [a]}", `metric must be one of a, got "error"`},
		{"{run: [sh], metrics: [error, error]}", "metrics must be different, got error twice"},
		{"{run: [no-such-program-at-all]}", "command: run: "},
		{"{run: [sh], files: [no-such-file]}", "command: files: "},
		{"{run: [sh], files: [a], version: b}", "files must be left out with version"},
	} {
		_, log, code := command(t, "run", "--store", filepath.Join(t.TempDir(), "store"), "--name", "a", "--command", tt.command)
		if code != 2 || !strings.Contains(log, tt.want) {
			t.Errorf("%s: want code 2 and %q, got %d: %s", tt.command, tt.want, code, log)
		}
	}
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	if err := os.WriteFile(spec, []byte("name: a\nprogram: command-0123\nspace: {p: [0]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, log, code := command(t, "run", spec); code != 2 || !strings.Contains(log, "program must be left out with command") {
		t.Errorf("got %d: %s", code, log)
	}
}
