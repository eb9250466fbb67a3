package draw_test

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
)

func newMask(t *testing.T, x *gorgonia.Node, opts ...draw.Option) draw.Mask {
	t.Helper()
	m, err := collect(opts...).Mask(x, 0.25, draw.CheckRate, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A mask has the rate that is given, by step or by a node, each checked in each run.
func TestRateAt(t *testing.T) {
	x := input()
	node := gorgonia.NewScalar(x.Graph(), tensor.Float32, gorgonia.WithName("rate"))
	constant, line, fed := newMask(t, x), newMask(t, x, draw.WithRate(schedule.Linear{To: 1, End: 4})), newMask(t, x, draw.WithRateNode(node))
	for name, tt := range map[string]struct {
		m    draw.Mask
		want float64
	}{"constant": {constant, 0.25}, "line": {line, 0.75}, "node": {fed, 0.125}} {
		if p, err := tt.m.RateAt(3, 0.125); p != tt.want || err != nil {
			t.Errorf("%s: want %v, got %v, %v", name, tt.want, p, err)
		}
	}
	_, err := fed.RateAt(3, 1.5)
	testkit.Rejects(t, err, "rate at step 3: p must be in [0, 1], got 1.5")

	// wild is no rate at step 0, where a check of its own lets it pass.
	lax := func(p float64) error {
		if p != p {
			return errors.Errorf("p must be a number, got %v", p)
		}
		return nil
	}
	m, err := collect(draw.WithRate(wild{})).Mask(x, 0.25, lax, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.RateAt(1, 0)
	testkit.Rejects(t, err, "rate at step 1: p must be a number, got NaN")
}

// A mask takes the step, and the rate where a node holds it.
func TestMaskInputs(t *testing.T) {
	x := input()
	node := gorgonia.NewScalar(x.Graph(), tensor.Float32, gorgonia.WithName("rate"))
	plain, fed := newMask(t, x), newMask(t, x, draw.WithRateNode(node))
	if in, nodes := plain.Inputs(), plain.Nodes(); len(in) != 1 || in[0].Of != op.Step || len(nodes) != 1 || nodes[0] != plain.Step() {
		t.Errorf("got %v, %v", in, nodes)
	}
	in, nodes := fed.Inputs(), fed.Nodes()
	if len(in) != 2 || in[1].Of != op.Scalar || in[1].Dtype != tensor.Float32 || len(nodes) != 2 || nodes[1] != node {
		t.Errorf("got %v, %v", in, nodes)
	}
	if d := plain.Drawing(1); d.Source != plain.Source || d.Rate != schedule.Constant(0.25) || d.Dropped != 1 || !d.Drops {
		t.Errorf("got %v", d)
	}
	if d := fed.Drawing(0); d.Rate != nil {
		t.Errorf("a rate that a node holds is not known, got %v", d.Rate)
	}
}

// Masks that differ have names that differ.
func TestMaskString(t *testing.T) {
	x := input()
	node := gorgonia.NewScalar(x.Graph(), tensor.Float64, gorgonia.WithName("rate"))
	for want, m := range map[string]draw.Mask{
		"p=0.25 seed=0 layer=1 mode=auto":                    newMask(t, x, draw.WithLayer(1)),
		"p=node seed=0 layer=1 mode=auto":                    newMask(t, x, draw.WithLayer(1), draw.WithRateNode(node)),
		"p=0.25 seed=0 layer=1 mode=auto shared=1":           newMask(t, x, draw.WithLayer(1), draw.WithBroadcastAxes(1)),
		"p=draw_test.wild:wild seed=3 layer=2 mode=sampling": must(t)(collect(draw.WithLayer(2), draw.WithSeed(3), draw.WithMode(draw.Sampling), draw.WithRate(wild{})).Mask(x, 0.5, func(float64) error { return nil }, nil)),
	} {
		if got := m.String(); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}

func must(t *testing.T) func(m draw.Mask, err error) draw.Mask {
	return func(m draw.Mask, err error) draw.Mask {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

func TestMaskErrors(t *testing.T) {
	x := input()
	_, err := collect().Mask(x, -1, draw.CheckRate, nil)
	testkit.Rejects(t, err, "p must be in [0, 1], got -1")
	_, err = collect(draw.WithMode(9)).Mask(x, 0, draw.CheckRate, nil)
	testkit.Rejects(t, err, "mode must be Auto, Sampling or Inference, got 9")
}

// Layouts follow the axes over which a mask is shared.
func TestLayout(t *testing.T) {
	shared := newMask(t, input(), draw.WithBroadcastAxes(0))
	if s := shared.Shared(); len(s) != 2 || !s[0] || s[1] {
		t.Errorf("got %v", s)
	}
	shape := tensor.Shape{2, 3}
	if got, all := shared.Layout(shape).Size(), newMask(t, input()).Layout(shape).Size(); got != 3 || all != 6 {
		t.Errorf("want masks of 3 and 6 elements, got %d and %d", got, all)
	}
}

// None is a dropout too: the nil one, which needs nothing and drops nothing.
func TestNoFused(t *testing.T) {
	var none *draw.Fused
	none.SetTraining(true)
	if s, threshold, err := none.At(3); s != (drop.Stream{}) || threshold != 0 || err != nil {
		t.Errorf("got %v, %d, %v", s, threshold, err)
	}
	if none.Inputs() != nil || none.Nodes() != nil || none.String() != "" || none.Drawing(0).Source != nil {
		t.Error("want no inputs, no nodes, no name and no drawing")
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
		t.Errorf("got %v, %d, %v", s, threshold, err)
	}
	if in, nodes := f.Inputs(), f.Nodes(); len(in) != 1 || in[0].Of != op.Step || len(nodes) != 1 || nodes[0] != f.Step() {
		t.Errorf("got %v, %v", in, nodes)
	}
	if d := f.Drawing(draw.Output); d.Source != f.Source || d.Rate != schedule.Constant(0.5) || d.Dropped != draw.Output || !d.Drops {
		t.Errorf("got %v", d)
	}
	if got := f.String(); got != " p=0.5 seed=7 layer=3 mode=auto" {
		t.Errorf("got %q", got)
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
