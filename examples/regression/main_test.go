package main

import (
	"io"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	s := settings{Splits: 1, Epochs: 0.01, P: []float64{0.01, 0.05}, Passes: 5, Seed: 1, Out: t.TempDir()}
	if err := s.Run(t.Context(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 published splits, each with 927 to learn from and 103 to test on", "RMSE, MPa", "without dropout", "with dropout, p = 0.0", "four fifths", "90 % intervals", "coverage.png"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	s.Splits = 21
	if err := s.Run(t.Context(), &cmdline.Console{Out: &out, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "splits must be 1 to 20, got 21") {
		t.Errorf("got %v", err)
	}
}
