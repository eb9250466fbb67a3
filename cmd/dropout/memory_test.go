package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/room"
)

// TestTooLarge gives networks that cannot fit: here the outputs of LSTMs for 60,000 windows.
func TestTooLarge(t *testing.T) {
	if free, ok := room.Memory(); !ok || free > 64<<30 {
		t.Skip("there is room, or the system does not say")
	}
	data, dir := write(t, "long.txt", strings.Repeat("What is said again and again is said.\n", 100_000)), filepath.Join(t.TempDir(), "run")
	args := []string{"compare", data, "--characters", "4000000", "--batch", "65536", "--out", dir}
	_, log, code := command(args...)
	if code != 1 || strings.Count(log, "\n") != 1 || !strings.Contains(log, "training takes for each of 2 trainings at a time up to ") || !strings.Contains(log, "too large for this machine (--insist") {
		t.Errorf("must exit with 1 and the reason, got %d: %s", code, log)
	}
	if fileExists(dir) {
		t.Error("a run that does not begin must leave nothing")
	}
	// What fits is said; so it is when a run goes on.
	data = write(t, "prices.csv", small())
	compareQuickly(t, dir, data, "-t", "price")
	for _, args := range [][]string{
		append([]string{"compare", data, "-t", "price", "--out", dir + "2"}, quick...),
		{"compare", "--resume", dir, "--rounds", "1", "--insist"},
	} {
		if _, log, code := command(args...); code != 0 || !strings.Contains(log, "Memory: ") || !strings.Contains(log, ", activations ") {
			t.Errorf("%q: must say how much memory is needed, got %d: %s", args, code, log)
		}
	}
}
