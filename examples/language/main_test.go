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
	s := settings{Characters: 600, Tested: 200, Length: 16, Units: 8, P: 0.2, Epochs: 2, Seeds: 2, Seed: 1, Out: dir}
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"600 characters for training, 200 for testing", "bits per character", "Transformer with dropout", "LSTM: Dropout", "95 % interval", dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "bits.png")); err != nil || info.Size() == 0 {
		t.Errorf("bits.png: %v", err)
	}
}

func TestRunRejects(t *testing.T) {
	s := settings{Characters: 16, Length: 16, Units: 8, Epochs: 1, Seeds: 1}
	if err := s.Run(context.Background(), &cmdline.Console{Out: io.Discard, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "language: want parts of more than 16 characters, got 16") {
		t.Errorf("got %v", err)
	}
}
