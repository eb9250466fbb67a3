package main

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/mnist"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	s := settings{Train: 200, Test: 50, Units: 16, Epochs: 2, Passes: 3, P: 0.5, Seed: 1, Out: dir}
	if err := s.Run(context.Background(), &cmdline.Console{Out: &out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"784-16-16-10, p 0.5, on 200 digits; 50 others turned; 3 passes", "AUROC", "180°", "This took", dir} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output must have %q, got:\n%s", want, out.String())
		}
	}
	for _, name := range []string{"entropy.png", "auroc.png"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTurn(t *testing.T) {
	s := &mnist.Set{Rows: 2, Cols: 2, Classes: 10, Pixels: []uint8{255, 0, 51, 0}, Labels: []uint8{7}}
	for angle, want := range map[float64][]float32{0: {1, 0, 0.2, 0}, math.Pi / 2: {0, 0, 1, 0.2}, math.Pi: {0, 0.2, 0, 1}} {
		got := turn(s, angle)
		if got.Y[0] != 7 || !slices.EqualFunc(got.X, want, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 }) {
			t.Errorf("turned by %v: got %v, want %v", angle, got.X, want)
		}
	}
}

func TestAUROC(t *testing.T) {
	for _, tt := range []struct {
		others, values []float64
		want           float64
	}{
		{[]float64{1, 2}, []float64{3, 4}, 1},
		{[]float64{3, 4}, []float64{1, 2}, 0},
		{[]float64{1, 1}, []float64{1}, 0.5},
		{[]float64{1, 3}, []float64{2, 4}, 0.75},
	} {
		if got := auroc(tt.others, tt.values); got != tt.want {
			t.Errorf("%v against %v: got %v, want %v", tt.values, tt.others, got, tt.want)
		}
	}
}
