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
	s := settings{train: 100, validation: 100, test: 100, units: 16, epochs: 2, seeds: 2, seed: 1, dir: dir}
	if err := run(context.Background(), s, &out); err != nil {
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
