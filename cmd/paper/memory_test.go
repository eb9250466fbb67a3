package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/room"
)

// TestTooLarge trains 64 networks of the paper's widths at a time, which take 56 GiB.
func TestTooLarge(t *testing.T) {
	if free, ok := room.Memory(); !ok || free > 48<<30 {
		t.Skip("there is room, or the system does not say")
	}
	out := filepath.Join(t.TempDir(), "out")
	var w, log strings.Builder
	code := commandLine().Execute(&cmdline.Console{Args: []string{"table2", "--budget", "hours", "--workers", "64", "--images", "100", "--shrink", "1", "--out", out}, Out: &w, Log: &log})
	if code == 0 || !strings.Contains(log.String(), ", 64 times: too large for this machine (--insist") || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("want exit 1 and the reason, got %d and\n%s", code, log.String())
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a study that does not begin must leave nothing")
	}
}

// TestMemory estimates what each study takes, which must grow with its widths.
func TestMemory(t *testing.T) {
	for _, s := range studies {
		b := s.budgets["tiny"]
		small, err := fakeSets().largest(b, s, nil)
		if err != nil {
			t.Fatal(s.name, err)
		}
		b.Shrink /= 8
		large, err := fakeSets().largest(b, s, nil)
		if err != nil {
			t.Fatal(s.name, err)
		}
		if small.Total() <= 0 || large.Weights <= small.Weights || large.Activations <= small.Activations {
			t.Errorf("%s: wider networks must take more, got %v and %v", s.name, small, large)
		}
	}
}
