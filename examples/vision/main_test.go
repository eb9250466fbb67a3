package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var quick = settings{train: 100, validation: 50, test: 100, channels: "2,3", hidden: 8, channelP: 0.1, p: 0.5, batch: 50, lr: 0.003, epochs: 2, seeds: 2, seed: 1}

func TestRun(t *testing.T) {
	s := quick
	s.dir = t.TempDir()
	var out strings.Builder
	if err := run(context.Background(), s, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Convolutions of [2 3] channels", "without dropout", "95 % interval", s.dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	for _, name := range []string{"curves.png", "mistakes.png", "confusion.png"} {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The test images may be left alone, or no images held out.
func TestRunJudges(t *testing.T) {
	s := quick
	s.judge, s.batchNorm, s.dir = true, true, t.TempDir()
	var out strings.Builder
	if err := run(context.Background(), s, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "tested on 50;") {
		t.Errorf("want a report on the 50 validation images, got:\n%s", out.String())
	}
	s.validation = 0
	if err := run(context.Background(), s, &out); err == nil || !strings.Contains(err.Error(), "-judge needs -validation images, got none") {
		t.Errorf("got %v", err)
	}
	s.judge, s.only = false, "with"
	if err := run(context.Background(), s, &out); err != nil {
		t.Fatal(err)
	}
	if want := "with dropout: error "; !strings.Contains(out.String(), want) {
		t.Errorf("output must have %q, got:\n%s", want, out.String())
	}
	s.only = "both"
	if err := run(context.Background(), s, &out); err == nil || !strings.Contains(err.Error(), `-only must be with or without, got "both"`) {
		t.Errorf("got %v", err)
	}
}

func TestRunRejects(t *testing.T) {
	s := quick
	s.channels = "8;16"
	if err := run(context.Background(), s, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), `-channels must be numbers with commas between them, got "8;16"`) {
		t.Errorf("got %v", err)
	}
}
