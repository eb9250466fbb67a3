package draw_test

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
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
		t.Run(name, func(t *testing.T) {
			if p, err := tt.m.RateAt(3, 0.125); p != tt.want || err != nil {
				t.Errorf("%s: want %v, got %v, %v", name, tt.want, p, err)
			}
		})
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
		t.Errorf("a mask must take the step alone, got inputs %v of nodes %v", in, nodes)
	}
	in, nodes := fed.Inputs(), fed.Nodes()
	if len(in) != 2 || in[1].Of != op.Scalar || in[1].Dtype != tensor.Float32 || len(nodes) != 2 || nodes[1] != node {
		t.Errorf("a mask with a rate of a node must take the step and that node, got inputs %v of nodes %v", in, nodes)
	}
	if d := plain.Drawing(1); d.Source != plain.Source || d.Rate != schedule.Constant(0.25) || d.Dropped != 1 || !d.Drops {
		t.Errorf("the drawing must have the source, the rate 0.25 and what is dropped, got %v", d)
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
		"p=0.25 seed=0 layer=1 mode=train":                 newMask(t, x, draw.WithLayer(1)),
		"p=node seed=0 layer=1 mode=train":                 newMask(t, x, draw.WithLayer(1), draw.WithRateNode(node)),
		"p=0.25 seed=0 layer=1 mode=train shared=1":        newMask(t, x, draw.WithLayer(1), draw.WithBroadcastAxes(1)),
		"p=draw_test.wild:wild seed=3 layer=2 mode=sample": must(t)(collect(draw.WithLayer(2), draw.WithSeed(3), draw.WithMode(draw.Sample), draw.WithRate(wild{})).Mask(x, 0.5, func(float64) error { return nil }, nil)),
	} {
		t.Run(want, func(t *testing.T) {
			if got := m.String(); got != want {
				t.Errorf("the mask must be called %s, got %s", want, got)
			}
		})
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
	testkit.Rejects(t, err, "mode must be Train, Eval or Sample, got 9")
}

// Layouts follow the axes over which a mask is shared.
func TestLayout(t *testing.T) {
	shared := newMask(t, input(), draw.WithBroadcastAxes(0))
	if s := shared.Shared(); len(s) != 2 || !s[0] || s[1] {
		t.Errorf("the mask must be shared along axis 0 alone, got %v", s)
	}
	shape := tensor.Shape{2, 3}
	if got, all := shared.Layout(shape).Size(), newMask(t, input()).Layout(shape).Size(); got != 3 || all != 6 {
		t.Errorf("want masks of 3 and 6 elements, got %d and %d", got, all)
	}
}
