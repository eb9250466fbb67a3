package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// The config.json of a run can be given as flags, to each command, and flags on the
// command line override it.
func TestConfigFile(t *testing.T) {
	dir := trainedRun(t)
	path := filepath.Join(dir, "config.json")
	c, err := parse(t, "--config", path, "-p", "0.3")
	if err != nil {
		t.Fatal(err)
	}
	if c.Train != 200 || !slices.Equal(c.Hidden, []int{16}) || c.PlainEpochs != 2 || c.P != 0.3 || c.Data != "" {
		t.Errorf("got %+v", c.settings)
	}
	if out, log, code := command("eval", dir, "--config", path, "--passes", "0"); code != 0 {
		t.Errorf("exit %d\n%s%s", code, out, log)
	}
	for name, content := range map[string]string{
		"a.json": "\xef\xbb\xbf" + `{"seed": 9007199254740993, "hidden": [], "submatrix": true, "lr": 1e-2, "for": "3s", "data": ""}`,
		"a.yaml": "seed: 9007199254740993\nhidden: []\nsubmatrix: true\nlr: 0.01\n",
	} {
		path := filepath.Join(dir, name)
		write(t, path, content)
		c, err := parse(t, "--config", path)
		if err != nil || c.Seed != 1<<53+1 || len(c.Hidden) != 0 || !c.Submatrix || c.LR != 0.01 || c.Data != "" {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
}

func TestConfigFileErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	for content, want := range map[string]string{
		`{"trian": 300}`:                 path + `:1:2: unknown key "trian", did you mean "train"?`,
		`{"plain-lr": 0.1}`:              `unknown key "plain-lr", did you mean "plain_lr"?`,
		`{"config": "x"}`:                `unknown key "config"`,
		`{"epochs": 1.9}`:                path + ":1:12: epochs: must be a whole number in digits, got 1.9",
		`{"hidden": [1.5]}`:              "hidden[0]: must be a whole number in digits, got 1.5",
		`{"lr": "0.1"}`:                  `lr: must be a number, got "0.1"`,
		`{"schedule": "coshne"}`:         `schedule: must be one of constant, cosine, step, exponential, inverse, got "coshne", did you mean "cosine"?`,
		`{"seed": 18446744073709551616}`: "seed: must be in [0, 18446744073709551615]",
		`{"for": "3 s"}`:                 `for: time: unknown unit`,
		`{"train": 300`:                  path + ":1:14: unexpected end of JSON input",
		`{"train": 300} x`:               path + ":1:16: invalid character 'x' after top-level value",
		`{"train": 3}`:                   "with the values of " + path + ": train: --train must be in [10, 60000], got 3",
		`{"data": "/nowhere"}`:           "with the values of " + path + ": --data: stat /nowhere",
	} {
		write(t, path, content)
		_, log, code := command("--config", path)
		if code != 2 || !strings.Contains(log, want) || strings.Count(log, "\n") != 1 {
			t.Errorf("%s: want exit 2 and %s, got %d and\n%s", content, want, code, log)
		}
	}
	if _, log, code := command("--config", path+"x"); code != 2 || !strings.Contains(log, path+`x": no such file`) {
		t.Errorf("exit %d\n%s", code, log)
	}
}

// A run goes on with its own settings, and a flag that says otherwise is no flag to
// ignore.
func TestResumeWithOtherSettings(t *testing.T) {
	dir := trainedRun(t)
	config := filepath.Join(dir, "config.json")
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"--epochs 3", 1, "--epochs must be 2 with --resume, as in " + config + ", got 3"},
		{"--hidden 16,16", 1, "--hidden must be [16] with --resume"},
		{"--plain-lr 0.1 ", 1, "--plain-lr must be 0.2 with --resume"},
		{"--out " + t.TempDir(), 1, "--out must be left out with --resume"},
		{"--config " + config, 2, "--config must be left out with --resume"},
		{"--epochs 2 --hidden 16 --workers 1 --out " + dir, 0, ""},
	} {
		out, log, code := command(append([]string{"--resume", dir}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(log, tt.want) || code != 0 && out != "" {
			t.Errorf("%s: want exit %d and %s, got %d and\n%s", tt.args, tt.code, tt.want, code, log)
		}
	}
}

// What is wrong is found before a directory is made.
func TestNothingIsLeft(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--serve nowhere", "--serve: "},
		{"--data " + t.TempDir(), "mnist: Open: "},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		out, log, code := command(append([]string{"--out", dir}, strings.Fields(tt.args)...)...)
		if code != 1 || out != "" || !strings.Contains(log, tt.want) || strings.Contains(log, "mnist: mnist:") {
			t.Errorf("%s: exit %d\n%s%s", tt.args, code, out, log)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: %s was made", tt.args, dir)
		}
	}
}

// An environment variable that names no way to compute is not ignored.
func TestUnknownKernel(t *testing.T) {
	t.Setenv("DROPOUT_KERNEL", "bogus")
	if _, log, code := command("explain"); code != 2 || !strings.Contains(log, "DROPOUT_KERNEL must be one of generic") || !strings.Contains(log, `got "bogus"`) {
		t.Errorf("exit %d\n%s", code, log)
	}
}
