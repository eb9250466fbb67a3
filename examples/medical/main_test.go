package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	s := settings{Repeats: 1, Folds: 3, Epochs: 0.1, Passes: 5, Seed: 1, Out: dir}
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"569 tumours of 30 measurements; 1 times 3-fold", "accuracy without dropout", "95 % interval", "Dropout made", "with MC dropout", "P(malignant)", dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	for _, name := range []string{"referral.png", "calibration.png", "uncertainty.png"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
