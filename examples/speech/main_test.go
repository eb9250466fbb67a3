package main

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets/vowel"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	s := settings{Seeds: 2, Choices: 1, Epochs: 1, Units: 8, Seed: 1, Out: dir}
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"990 vowels of 11 kinds; 528 of speakers", "weight decay", "of a committee", "speaker known, with dropout", "The speaker unknown. ", dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	for _, name := range []string{"seeds.png", "confusion.png"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A known speaker has mean 0 in every number; the table itself is left as it is.
func TestKnownSpeakers(t *testing.T) {
	table, err := vowel.Load()
	if err != nil {
		t.Fatal(err)
	}
	known, err := knownSpeakers(table)
	if err != nil {
		t.Fatal(err)
	}
	var mean float64
	for i, g := range known.Groups {
		if g == 9 {
			mean += float64(known.X[i*9+4]) / 66
		}
	}
	if math.Abs(mean) > 1e-5 || table.X[0] != -3.639 || known.X[0] == table.X[0] {
		t.Errorf("mean of speaker 9 is %v; first number is %v, was %v", mean, known.X[0], table.X[0])
	}
}
