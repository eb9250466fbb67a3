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
