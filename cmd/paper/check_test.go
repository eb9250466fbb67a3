package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/mnist"
)

// What is wrong with any of the experiments is found before the first is made.
func TestCheckedFirst(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, tt := range []struct {
		args string
		want string
	}{
		{"all --seed 18446744073709551615 --seeds 2", "--seed must leave room for 2 seeds below 2^64"},
		{"all --images 3", "--images must be at least 10, got 3"},
		{"none", `no experiment "none"`},
		{"uci --images 10", "uci takes --budget"},
		{"uci --tune", "uci takes --budget"},
		{"uci --seed 18446744073709551615", "uci: --seed must leave room for 2 splits below 2^64"},
		{"uci --sets concrete --sets iris", `--sets must be of concrete, energy, power, wine, yacht, got "iris"`},
		{"all --sets wine", "--sets must be with uci, got all"},
		{"uci --methods other", `--methods must be of without dropout, MC dropout, MC dropout (He), deep ensemble, Concrete dropout, got "other"`},
		{"all --methods other", "--methods must be with uci, got all"},
	} {
		var w, log strings.Builder
		if code := commandLine().Execute(&cmdline.Console{Args: append(strings.Fields(tt.args), "--out", out), Out: &w, Log: &log}); code != 2 || !strings.Contains(log.String(), tt.want) {
			t.Errorf("%s: exit %d\n%s", tt.args, code, log.String())
		}
	}
	t.Setenv("DROPOUT_KERNEL", "bogus")
	var w, log strings.Builder
	if code := commandLine().Execute(&cmdline.Console{Args: []string{"fig11", "--out", out}, Out: &w, Log: &log}); code != 2 || !strings.Contains(log.String(), "DROPOUT_KERNEL must be") {
		t.Errorf("exit %d\n%s", code, log.String())
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a directory was made")
	}
}

// A study with more images than there are is refused before another one is made.
func TestEnough(t *testing.T) {
	s := &sets{train: &mnist.Set{Labels: make([]uint8, 100)}, test: &mnist.Set{Labels: make([]uint8, 100)}}
	b := fig11.budgets["tiny"]
	if err := s.enough(study{name: "x", arms: func(budget) []arm { return []arm{{Images: 100}} }}, b); err != nil {
		t.Error(err)
	}
	err := s.enough(study{name: "x", arms: func(budget) []arm { return []arm{{}, {Images: 101}} }}, b)
	if err == nil || err.Error() != "x: data must have 101 images to train on and 100 to test, got 100 and 100" {
		t.Errorf("got %v", err)
	}
}

// Names from outside are one line, without what a terminal would obey.
func TestHostileNames(t *testing.T) {
	const hostile = "a\n paper: all is well\x1b[2J\u202e\u009b\x01"
	dir := t.TempDir()
	records := filepath.Join(dir, hostile, "table10.jsonl")
	if err := os.MkdirAll(filepath.Dir(records), 0o777); err != nil {
		t.Skip("no such names here: ", err)
	}
	for _, text := range []string{"{\"trial\":{\"arm\":{\"name\":\"" + hostile + "\"}}}\n", "\"\\u001b[2J\"\n", "{\"\\u001b[2J\\u202e\":1}\n"} {
		if err := os.WriteFile(records, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{hostile}, {"fig11", "--row", hostile}, {"uci", "--methods", hostile}, {"fig11", "--data", hostile}, {"fig11", "--budget", hostile}, {"fig11", "--data", filepath.Dir(records)},
			{"fig11", "--device", hostile}, {"fig11", "--" + hostile}, {"table10", "--images", "10", "--updates", "1", "--records", filepath.Dir(records)},
		} {
			var w, log strings.Builder
			code := commandLine().Execute(&cmdline.Console{Args: append(args, "--out", filepath.Join(dir, "out")), Out: &w, Log: &log})
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			if text := w.String() + log.String(); code == 0 || strings.ContainsAny(text, "\x1b\u202e\u009b\x01") || strings.Contains(text, "\n paper: all") || !strings.HasPrefix(lines[len(lines)-1], "paper: ") {
				t.Errorf("%.30q: exit %d, %q", args, code, text)
			}
		}
	}
}
