package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// parse returns the settings of a command line.
func parse(t *testing.T, args ...string) (*trainCmd, error) {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Name("mnist"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return &c.Train, err
}

func TestRunComparesBothArms(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	c, err := parse(t, "--train", "200", "--validation", "300", "--hidden", "16", "--epochs", "2", "--plain-epochs", "2",
		"--seeds", "2", "--out", dir, "--early-stopping", "1", "--schedule", "exponential", "--max-norm", "3")
	if err != nil {
		t.Fatal(err)
	}
	var out, log strings.Builder
	if err := c.Run(context.Background(), &cmdline.Console{Out: &out, Log: &log}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"784-16-10 on 200 training images, reported on 300 validation images", "without dropout", "with dropout",
		"difference", "95 % interval", "confidence interval"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	if !strings.Contains(log.String(), "with dropout, seed 2") {
		t.Errorf("progress must name the runs, got:\n%s", log.String())
	}
	csv, err := os.ReadFile(filepath.Join(dir, "runs.csv"))
	if err != nil || strings.Count(string(csv), "\n") != 5 {
		t.Errorf("runs.csv must have a header and 4 lines, got %v:\n%s", err, csv)
	}
	data, err := os.ReadFile(filepath.Join(dir, "runs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var results []experiment.Result
	if err := json.Unmarshal(data, &results); err != nil || len(results) != 4 || len(results[3].History.Epochs) == 0 {
		t.Errorf("runs.json must have 4 runs with their epochs, got %d and %v", len(results), err)
	}
}

// A table that is wider than the terminal goes on below, and none of its numbers is
// lost; elsewhere it stays as it is.
func TestNarrowTable(t *testing.T) {
	table := "                        train error       test error             test NLL   generalization gap\n" +
		"   without dropout    0.00 ± 0.00 %    4.48 ± 0.06 %      0.2631 ± 0.0080        4.48 ± 0.06 %\n" +
		"     95 % interval   +0.00 to +0.00   -1.05 to -0.61   -0.1341 to -0.1022       -1.05 to -0.61\n"
	var plain, wide, narrow strings.Builder
	writeTable(&plain, table, 0)
	writeTable(&wide, table, 120)
	writeTable(&narrow, table, 80)
	if plain.String() != table || wide.String() != table {
		t.Errorf("where there is room the table must stay as it is, got\n%s%s", plain.String(), wide.String())
	}
	want := `                    train error      test error            test NLL
───────────────────────────────────────────────────────────────────
without dropout   0.00 ± 0.00 %   4.48 ± 0.06 %     0.2631 ± 0.0080
95 % interval    +0.00 to +0.00  -1.05 to -0.61  -0.1341 to -0.1022

                 generalization gap
───────────────────────────────────
without dropout       4.48 ± 0.06 %
95 % interval        -1.05 to -0.61
`
	if narrow.String() != want {
		t.Errorf("got\n%s", narrow.String())
	}
	if got := fold("one two three", 9); got != "one two\nthree" {
		t.Errorf("got %q", got)
	}
}

func TestCancelledRun(t *testing.T) {
	c, err := parse(t, "--train", "200", "--hidden", "16")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, log strings.Builder
	if err := c.Run(ctx, &cmdline.Console{Out: &out, Log: &log}); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}

func TestFlagErrors(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-p 1.5", "--p must be in [0, 1], got 1.5"},
		{"--input-p NaN", "--input-p must be in [0, 1], got NaN"},
		{"--train 5", "--train must be in [10, 60000], got 5"},
		{"--train 60000 --validation 10000", "at most 60000 together, got 70000"},
		{"--hidden 10,0", "--hidden must be in [1, 65536], got 0"},
		{"--seeds 0", "--seeds must be in [1, 1000], got 0"},
		{"--plain-epochs 0", "--plain-epochs must be in [1, 1048576], got 0"},
		{"--workers 65", "--workers must be in [1, 64], got 65"},
		{"--schedule linear", "--schedule must be one of"},
		{"--unknown", "unknown flag --unknown"},
		{"--data /nowhere", "no such file or directory"},
	} {
		if _, err := parse(t, strings.Fields(tt.args)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: want error %q, got %v", tt.args, tt.want, err)
		}
	}
}
