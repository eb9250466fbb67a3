package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	if err := run(context.Background(), settings{repeats: 1, folds: 3, epochs: 0.1, passes: 5, seed: 1, dir: dir}, &out); err != nil {
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
