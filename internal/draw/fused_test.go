package draw_test

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// None is a dropout too: the nil one, which needs nothing and drops nothing.
func TestNoFused(t *testing.T) {
	var none *draw.Fused
	none.SetTraining(true)
	if s, threshold, err := none.At(3); s != (drop.Stream{}) || threshold != 0 || err != nil {
		t.Errorf("no dropout must have no stream and threshold 0, got %v, %d, %v", s, threshold, err)
	}
	if none.Inputs() != nil || none.Nodes() != nil || none.String() != "" || none.Drawing(0).Source != nil {
		t.Error("no dropout must have no inputs, no nodes, no name and no drawing")
	}
}

func TestFused(t *testing.T) {
	x := input()
	settings := func(opts ...draw.FusedOption) *draw.Settings { return draw.Collect(opts) }
	f, err := settings(draw.WithSeed(7), draw.WithLayer(3)).Fused(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if s, threshold, err := f.At(5); s != (drop.Stream{Seed: 7, Layer: 3, Step: 5}) || threshold != drop.Threshold(0.5) || err != nil {
		t.Errorf("step 5 must have the stream of seed 7, layer 3 and the threshold of 0.5, got %v, %d, %v", s, threshold, err)
	}
	if in, nodes := f.Inputs(), f.Nodes(); len(in) != 1 || in[0].Of != op.Step || len(nodes) != 1 || nodes[0] != f.Step() {
		t.Errorf("a dropout must take the step alone, got inputs %v of nodes %v", in, nodes)
	}
	if d := f.Drawing(draw.Output); d.Source != f.Source || d.Rate != schedule.Constant(0.5) || d.Dropped != draw.Output || !d.Drops {
		t.Errorf("the drawing must have the source, the rate 0.5 and drop the output, got %v", d)
	}
	if got := f.String(); got != " p=0.5 seed=7 layer=3 mode=train" {
		t.Errorf("the name must have rate, seed, layer and mode, got %q", got)
	}
	if _, threshold, err := f.At(-1); threshold != 0 || err != nil {
		t.Errorf("nothing must be dropped at a negative step, got %d, %v", threshold, err)
	}
	f.SetTraining(false)
	if _, threshold, err := f.At(5); threshold != 0 || err != nil {
		t.Errorf("nothing must be dropped outside training, got %d, %v", threshold, err)
	}

	_, err = settings().Fused(x, 2)
	testkit.Rejects(t, err, "p must be in [0, 1], got 2")
	late, err := settings(draw.WithRate(lateWild{})).Fused(x, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = late.At(1)
	testkit.Rejects(t, err, "rate at step 1: p must be in [0, 1], got NaN")
}

// lateWild is wild but for step 0.
type lateWild struct{ wild }

func (w lateWild) At(step int64) float64 {
	if step == 0 {
		return 0
	}
	return w.wild.At(step)
}
