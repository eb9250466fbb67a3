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

var quick = settings{Train: 100, Validation: 50, Test: 100, Channels: []int{2, 3}, Hidden: 8, ChannelP: 0.1, P: 0.5, Batch: 50, LR: 0.003, Epochs: 2, Seeds: 2, Seed: 1}

func TestRun(t *testing.T) {
	s := quick
	s.Out = t.TempDir()
	var out strings.Builder
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Convolutions of [2 3] channels", "without dropout", "95 % interval", s.Out} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	for _, name := range []string{"curves.png", "mistakes.png", "confusion.png"} {
		if info, err := os.Stat(filepath.Join(s.Out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The test images may be left alone, or no images held out.
func TestRunJudges(t *testing.T) {
	s := quick
	s.Judge, s.Batchnorm, s.Out = true, true, t.TempDir()
	var out strings.Builder
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "tested on 50;") {
		t.Errorf("want a report on the 50 validation images, got:\n%s", out.String())
	}
	s.Validation = 0
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "--judge needs --validation images, got none") {
		t.Errorf("got %v", err)
	}
	s.Judge, s.Only = false, "with"
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if want := "with dropout: error "; !strings.Contains(out.String(), want) {
		t.Errorf("output must have %q, got:\n%s", want, out.String())
	}
}

func TestRunRejects(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--only both", `--only must be one of "with","without","" but got "both"`},
		{"--channels 8;16", `--channels: expected a valid 64 bit int but got "8;16"`},
	} {
		var log strings.Builder
		if code := commandLine().Execute(&cmdline.Console{Args: strings.Fields(tt.args), Out: &log, Log: &log}); code != 2 || !strings.Contains(log.String(), tt.want) {
			t.Errorf("%s: want exit 2 and %s, got %d and %s", tt.args, tt.want, code, log.String())
		}
	}
}
