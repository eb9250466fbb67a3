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
	s := settings{characters: 600, tested: 200, length: 16, units: 8, p: 0.2, epochs: 2, seeds: 2, seed: 1, dir: dir}
	if err := run(context.Background(), s, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"600 characters to learn from, 200 to test on", "bits per character", "Transformer with dropout", "LSTM: Dropout", "95 % interval", dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "bits.png")); err != nil || info.Size() == 0 {
		t.Errorf("bits.png: %v", err)
	}
}

func TestRunRejects(t *testing.T) {
	s := settings{characters: 16, length: 16, units: 8, epochs: 1, seeds: 1}
	if err := run(context.Background(), s, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "language: want parts of more than 16 characters, got 16") {
		t.Errorf("got %v", err)
	}
}
