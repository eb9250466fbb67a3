package draw_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// A drawer is the identity of x that says how it draws.
type drawer struct {
	op.Elementwise
	op.NoGradient
	drawing draw.Drawing
}

func (d drawer) Name() string { return "drawer" }

func (d drawer) Draws() draw.Drawing { return d.drawing }

func (d drawer) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: op.AnyRank}} }

func (d drawer) Loops() op.Loops { return op.Loops{} }

func (d drawer) String() string {
	if d.drawing.Source == nil {
		return "none"
	}
	return d.drawing.Source.String()
}

// drawn is a node of a drawer on x.
func drawn(t *testing.T, x *gorgonia.Node, d draw.Drawing) *gorgonia.Node {
	t.Helper()
	y, err := op.Apply("test", drawer{drawing: d}, x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// The next op has the layer after the highest, and after all of an op with several.
func TestNextLayer(t *testing.T) {
	x := input()
	next := func() uint32 { return source(t, x).Layer }
	for _, tt := range []struct {
		layer  uint32
		layers int
		want   uint32
	}{{1, 0, 2}, {2, 1, 3}, {3, 3, 6}, {2, 2, 6}, {4, 9, 13}, {math.MaxUint32 - 2, 2, math.MaxUint32}} {
		drawn(t, x, draw.Drawing{Source: source(t, x, draw.WithLayer(tt.layer)), Layers: tt.layers})
		if got := next(); got != tt.want {
			t.Errorf("after layer %d of %d: want %d, got %d", tt.layer, tt.layers, tt.want, got)
		}
	}
	drawn(t, x, draw.Drawing{}) // draws nothing
	drawn(t, x, draw.Drawing{Source: source(t, x)})
	_, err := collect().Source(x)
	testkit.Rejects(t, err, "layer must be set by WithLayer, got none where the last, 4294967295, is in use")
	if s := source(t, x, draw.WithLayer(5)); s.Layer != 5 {
		t.Errorf("a layer that is given must be taken, got %d", s.Layer)
	}
}

func TestDrawingOf(t *testing.T) {
	x := input()
	s := source(t, x)
	if d, ok := draw.DrawingOf(drawn(t, x, draw.Drawing{Source: s, Dropped: 1})); !ok || d.Source != s || d.Dropped != 1 {
		t.Errorf("the drawing must be that of the op, got %v, %v", d, ok)
	}
	for name, n := range map[string]*gorgonia.Node{"x": x, "the step": s.Step(), "a drawer of nothing": drawn(t, x, draw.Drawing{})} {
		t.Run(name, func(t *testing.T) {
			if _, ok := draw.DrawingOf(n); ok {
				t.Errorf("%s must not draw", name)
			}
		})
	}
}

// Drawings overlap where they have a seed, a step and a layer in common.
func TestOverlaps(t *testing.T) {
	x := input()
	at := func(layers int, opts ...draw.StreamOption) draw.Drawing {
		return draw.Drawing{Source: source(t, x, opts...), Layers: layers}
	}
	three := at(3, draw.WithLayer(4))
	for name, tt := range map[string]struct {
		d    draw.Drawing
		want bool
	}{
		"below":        {at(0, draw.WithLayer(3)), false},
		"up to it":     {at(2, draw.WithLayer(3)), true},
		"first":        {at(0, draw.WithLayer(4)), true},
		"last":         {at(1, draw.WithLayer(6)), true},
		"above":        {at(0, draw.WithLayer(7)), false},
		"around":       {at(9, draw.WithLayer(1)), true},
		"another seed": {at(0, draw.WithLayer(5), draw.WithSeed(1)), false},
		"another step": {at(0, draw.WithLayer(5), draw.WithFixedStep(1)), false},
		"the highest":  {at(5, draw.WithLayer(math.MaxUint32)), false},
	} {
		t.Run(name, func(t *testing.T) {
			if three.Overlaps(tt.d) != tt.want || tt.d.Overlaps(three) != tt.want {
				t.Errorf("%s: want %v, either way", name, tt.want)
			}
		})
	}
}

func TestActive(t *testing.T) {
	x := input()
	for name, tt := range map[string]struct {
		mode                        draw.Mode
		training, resting, negative bool
	}{"train": {draw.Train, true, false, false}, "sample": {draw.Sample, true, true, true}, "eval": {draw.Eval, false, false, false}} {
		t.Run(name, func(t *testing.T) {
			s := source(t, x, draw.WithMode(tt.mode))
			if s.Active(3) != tt.training || s.Active(-1) != tt.negative {
				t.Errorf("%s: training, got %v and at step -1 %v", name, s.Active(3), s.Active(-1))
			}
			s.SetTraining(false)
			if s.Active(3) != tt.resting {
				t.Errorf("%s: not training, got %v", name, s.Active(3))
			}
			if s.Mode.String() != name {
				t.Errorf("the mode must be called %s, got %v", name, s.Mode)
			}
		})
	}
	if got := draw.Mode(7).String(); got != "Mode(7)" {
		t.Errorf("mode 7 must be called Mode(7), got %s", got)
	}
}

func TestStream(t *testing.T) {
	s := source(t, input(), draw.WithSeed(7), draw.WithLayer(3))
	if got := s.Stream(5); got != (drop.Stream{Seed: 7, Layer: 3, Step: 5}) {
		t.Errorf("step 5 must have the stream of seed 7 and layer 3, got %v", got)
	}
	if got := s.String(); got != "seed=7 layer=3 mode=train" {
		t.Errorf("the name must have seed, layer and mode, got %s", got)
	}
	s.SetTraining(false)
	if got := s.String(); got != "seed=7 layer=3 mode=train" {
		t.Errorf("a source must keep its name when it rests, got %s", got)
	}
	if in := draw.StepInput(); in.Of != op.Step || in.Name != "step" || in.Dtype != (tensor.Dtype{}) {
		t.Errorf("the input must be a step of that name and of no dtype, got %v", in)
	}
}
