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
	s := settings{Train: 100, Validation: 100, Test: 100, Units: 16, Epochs: 2, LR: 0.03, Seeds: 2, Seed: 1, Out: dir}
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"784-16-16-10 on 100 images, 100 images for validation (seeds: 2)", "validation error", "0.8", "This took", dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "error-by-p.png")); err != nil || info.Size() == 0 {
		t.Errorf("error-by-p.png: %v", err)
	}
}
