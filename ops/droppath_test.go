package ops_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestDropPathRates(t *testing.T) {
	if got, err := ops.DropPathRates(0.5, 4); err != nil || !slices.Equal(got, []float64{0.125, 0.25, 0.375, 0.5}) {
		t.Errorf("got %v and %v", got, err)
	}
	if got, err := ops.DropPathRates(0.5, 0); err != nil || len(got) != 0 {
		t.Errorf("no blocks must have no rates, got %v and %v", got, err)
	}
	for _, bad := range []struct {
		p     float64
		depth int
		want  string
	}{
		{math.NaN(), 3, "ops: DropPathRates: p must be in [0, 1], got NaN"},
		{-1, 3, "ops: DropPathRates: p must be in [0, 1], got -1"},
		{0.5, -1, "ops: DropPathRates: depth must be in [0, 2^20], got -1"},
		{0.5, math.MaxInt, "ops: DropPathRates: depth must be in [0, 2^20]"},
	} {
		t.Run(bad.want, func(t *testing.T) {
			_, err := ops.DropPathRates(bad.p, bad.depth)
			testkit.Rejects(t, err, bad.want)
		})
	}
}

func TestDropPathRejects(t *testing.T) {
	checkRejects(t,
		reject{"DropPath", ops.DropPath, nil, nil, "x must have shape (N, ...)"},
	)
}
