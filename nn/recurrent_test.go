package nn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

type recurrentOp func(x, wih, whh, bih, bhh *gorgonia.Node, noise nn.RecurrentNoise, opts ...ops.StreamOption) (*gorgonia.Node, error)

func (f recurrentOp) graph(noise nn.RecurrentNoise, opts ...ops.StreamOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return f(in[0], in[1], in[2], in[3], in[4], noise, opts...)
	}
}

// recurrentShapes are those of x and the parameters.
func recurrentShapes(gates, n, times, depth, units int) [][]int {
	return [][]int{{n, times, depth}, {gates * units, depth}, {gates * units, units}, {gates * units}, {gates * units}}
}

// Gradients hold under every noise, in training and at inference.
func TestRecurrentNoiseGradients(t *testing.T) {
	all := nn.RecurrentNoise{Dropout: 0.5, ZoneoutCell: 0.5, ZoneoutHidden: 0.25}
	for name, noise := range map[string]nn.RecurrentNoise{
		"dropout": {Dropout: 0.5}, "cells": {ZoneoutCell: 0.5}, "hidden": {ZoneoutHidden: 0.25}, "all": all,
		"certain": {Dropout: 1, ZoneoutHidden: 1},
	} {
		for _, step := range []int64{4, -1} {
			if step < 0 && name != "all" {
				continue
			}
			t.Run(fmt.Sprint(name, " at ", step), func(t *testing.T) {
				opts := []ops.StreamOption{ops.WithSeed(3), ops.WithFixedStep(step)}
				testkit.CheckFunction(t, recurrentOp(nn.LSTM).graph(noise, opts...), recurrentShapes(4, 2, 3, 2, 4)...)
				noise := noise
				noise.ZoneoutCell = 0
				testkit.CheckFunction(t, recurrentOp(nn.GRU).graph(noise, opts...), recurrentShapes(3, 2, 3, 2, 4)...)
			})
		}
	}
}

// recurrentSlowly follows the definitions unit by unit.
func recurrentSlowly(lstm bool, in []*tensor.Dense, units int, noise nn.RecurrentNoise, keep func(layer uint32, shape []int, p float64) []bool) []float64 {
	s := in[0].Shape()
	n, times, depth := s[0], s[1], s[2]
	x, wih, whh, bih, bhh := in[0].Float64s(), in[1].Float64s(), in[2].Float64s(), in[3].Float64s(), in[4].Float64s()
	dropped := keep(5, []int{n, units}, noise.Dropout)
	cells := keep(6, []int{n, times, units}, noise.ZoneoutCell)
	hidden := keep(7, []int{n, times, units}, noise.ZoneoutHidden)
	zoned := func(kept []bool, i int, p, old, new float64) float64 {
		switch {
		case kept == nil:
			return p*old + (1-p)*new
		case kept[i]:
			return new
		}
		return old
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	y := make([]float64, n*times*units)
	for b := range n {
		h, c := make([]float64, units), make([]float64, units)
		for at := range times {
			into := func(j int) float64 {
				sum := bih[j]
				for k := range depth {
					sum += wih[j*depth+k] * x[(b*times+at)*depth+k]
				}
				return sum
			}
			again := func(j int) float64 {
				sum := bhh[j]
				for k, v := range h {
					switch {
					case dropped == nil:
					case dropped[b*units+k]:
						v /= 1 - noise.Dropout
					default:
						v = 0
					}
					sum += whh[j*units+k] * v
				}
				return sum
			}
			nh, nc := make([]float64, units), make([]float64, units)
			for u := range units {
				i := (b*times+at)*units + u
				gate := func(k int) float64 { return into(k*units+u) + again(k*units+u) }
				if lstm {
					cell := sigmoid(gate(1))*c[u] + sigmoid(gate(0))*math.Tanh(gate(2))
					nh[u] = zoned(hidden, i, noise.ZoneoutHidden, h[u], sigmoid(gate(3))*math.Tanh(cell))
					nc[u] = zoned(cells, i, noise.ZoneoutCell, c[u], cell)
					continue
				}
				r, z := sigmoid(gate(0)), sigmoid(gate(1))
				new := math.Tanh(into(2*units+u) + r*again(2*units+u))
				nh[u] = zoned(hidden, i, noise.ZoneoutHidden, h[u], (1-z)*new+z*h[u])
			}
			h, c = nh, nc
			copy(y[(b*times+at)*units:], h)
		}
	}
	return y
}

// The ops agree with the definitions, by the masks that MaskAt tells of.
func TestRecurrentDefinition(t *testing.T) {
	const seed, layer, step = 9, 5, 11
	rapid.Check(t, func(r *rapid.T) {
		size := func(name string) int { return rapid.IntRange(1, 5).Draw(r, name) }
		rate := func(name string) float64 { return rapid.SampledFrom([]float64{0, 0.25, 0.5}).Draw(r, name) }
		n, times, depth, units := size("n"), size("times"), size("depth"), size("units")
		noise := nn.RecurrentNoise{Dropout: rate("dropout"), ZoneoutHidden: rate("hidden")}
		lstm, active := rapid.Bool().Draw(r, "lstm"), rapid.Bool().Draw(r, "active")
		f, gates := recurrentOp(nn.GRU), 3
		if lstm {
			f, gates = nn.LSTM, 4
			noise.ZoneoutCell = rate("cell")
		}
		opts := []ops.StreamOption{ops.WithSeed(seed), ops.WithLayer(layer), ops.WithFixedStep(step)}
		if !active {
			opts = append(opts, ops.WithMode(ops.Eval))
		}
		in := testkit.Varied(tensor.Float64, recurrentShapes(gates, n, times, depth, units)...)
		want := recurrentSlowly(lstm, in, units, noise, func(layer uint32, shape []int, p float64) []bool {
			if !active {
				return nil
			}
			kept, err := ops.MaskAt(seed, layer, step, shape, p)
			if err != nil {
				r.Fatal(err)
			}
			return kept
		})
		testkit.Near(t, "hidden states", testkit.Differentiate(t, false, f.graph(noise, opts...), in...).Y, want, 1e-12)
	})
}

// A machine for evaluation drops nothing, and the ops tell it apart from training;
// a layer after the noise gets other masks; noise that does nothing adds no step.
func TestRecurrentModes(t *testing.T) {
	in := testkit.Varied(tensor.Float64, recurrentShapes(4, 2, 3, 2, 70)...)
	noise := nn.RecurrentNoise{Dropout: 0.5, ZoneoutCell: 0.5, ZoneoutHidden: 0.5}
	result := func(opts []ops.StreamOption, vm ...gorgonia.VMOpt) []float64 {
		g := gorgonia.NewGraph()
		var nodes gorgonia.Nodes
		for i, v := range in {
			nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
		}
		y, err := recurrentOp(nn.LSTM).graph(noise, opts...)(nodes)
		if err != nil {
			t.Fatal(err)
		}
		ops.ReuseMemory(g)
		m := gorgonia.NewTapeMachine(g, vm...)
		defer m.Close()
		testkit.Run(t, m)
		return testkit.Floats(t, y.Value())
	}
	train := result(nil)
	testkit.Near(t, "repeated", result(nil), train, 0)
	if testkit.SameBits(train, result(nil, gorgonia.EvalMode())) {
		t.Error("a machine for evaluation draws")
	}
	testkit.Near(t, "evaluation", result(nil, gorgonia.EvalMode()), result([]ops.StreamOption{ops.WithMode(ops.Eval)}), 0)
	testkit.Near(t, "sampling", result([]ops.StreamOption{ops.WithMode(ops.Sample)}, gorgonia.EvalMode()), train, 0)

	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	for i, v := range in {
		nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
	}
	if _, err := recurrentOp(nn.LSTM).graph(nn.RecurrentNoise{})(nodes); err != nil {
		t.Fatal(err)
	}
	if _, ok := ops.FindStep(g); ok {
		t.Error("an LSTM without noise has a step")
	}
	y := gorgonia.Must(recurrentOp(nn.LSTM).graph(noise)(nodes))
	if z := gorgonia.Must(ops.Dropout(y, 0.5)); z.Op().String() != "Dropout{p=0.5 seed=0 layer=4 mode=train}" {
		t.Errorf("a dropout behind the noise is %v, want layer 4", z.Op())
	}
}

// Noise at inference is the mean of that in training: of one time, where all is
// linear in the masks.
func TestZoneoutMean(t *testing.T) {
	in := testkit.Varied(tensor.Float64, recurrentShapes(4, 1, 1, 2, 40)...)
	noise := nn.RecurrentNoise{ZoneoutHidden: 0.25}
	const runs = 400
	mean := make([]float64, 40)
	for step := range int64(runs) {
		op := recurrentOp(nn.LSTM).graph(noise, ops.WithFixedStep(step))
		g := gorgonia.NewGraph()
		var nodes gorgonia.Nodes
		for i, v := range in {
			nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
		}
		y := gorgonia.Must(op(nodes))
		m := gorgonia.NewTapeMachine(g)
		testkit.Run(t, m)
		for i, v := range testkit.Floats(t, y.Value()) {
			mean[i] += v / runs
		}
		m.Close()
	}
	want := testkit.Differentiate(t, false, recurrentOp(nn.LSTM).graph(noise, ops.WithMode(ops.Eval)), in...).Y
	testkit.Near(t, "mean", mean, want, 5*math.Sqrt(0.25*0.75/runs))
}

func TestRecurrentRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	x, wih, whh, b := node("x", 2, 3, 4), node("wih", 20, 4), node("whh", 20, 5), node("b", 20)
	with := func(noise nn.RecurrentNoise, opts ...ops.StreamOption) error {
		_, err := nn.LSTM(x, wih, whh, b, b, noise, opts...)
		return err
	}
	dropped := nn.RecurrentNoise{Dropout: 0.5}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{with(nn.RecurrentNoise{Dropout: 1.5}), "nn: LSTM: Dropout must be in [0, 1], got 1.5"},
		{with(nn.RecurrentNoise{ZoneoutCell: -1}), "nn: LSTM: ZoneoutCell must be in [0, 1], got -1"},
		{with(nn.RecurrentNoise{ZoneoutHidden: math.NaN()}), "nn: LSTM: ZoneoutHidden must be in [0, 1], got NaN"},
		{with(dropped, ops.WithLayer(math.MaxUint32)), "nn: LSTM: 3 layers must fit in 32 bits from layer 4294967295 on"},
		{with(dropped, ops.WithMode(9)), "nn: LSTM: mode must be Train, Eval or Sample, got 9"},
		{func() error { _, err := nn.LSTM(x, wih, whh, b, nil, nn.RecurrentNoise{}); return err }(), "nn: LSTM: recurrent bias must be a node of a graph, got none"},
		{func() error { _, err := nn.LSTM(x, whh, whh, b, b, nn.RecurrentNoise{}); return err }(), "nn: LSTM: input weights must have shape (20, 4) for 5 units and x of shape (2, 3, 4), got (20, 5)"},
		{func() error { _, err := nn.GRU(x, wih, whh, b, b, nn.RecurrentNoise{}); return err }(), "nn: GRU: input weights must have shape (15, 4) for 5 units"},
		{func() error {
			_, err := nn.GRU(x, wih, whh, b, b, nn.RecurrentNoise{ZoneoutCell: 0.5})
			return err
		}(), "nn: GRU: ZoneoutCell must be 0, since there are no cells, got 0.5"},
		{func() error { _, err := nn.LSTM(b, wih, whh, b, b, nn.RecurrentNoise{}); return err }(), "nn: LSTM: x must have rank 3, got shape (20)"},
		{func() error { _, err := nn.LSTM(nil, wih, whh, b, b, dropped); return err }(), "nn: LSTM: x must be a node of a graph, got none"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			testkit.Rejects(t, tt.err, tt.want)
		})
	}
}

// PyTorch's layers of the same weights have the same outputs and gradients.
func TestRecurrentAgreesWithPyTorch(t *testing.T) {
	var cases []torchCase
	for name, f := range map[string]recurrentOp{"LSTM": nn.LSTM, "GRU": nn.GRU} {
		gates := map[string]int{"LSTM": 4, "GRU": 3}[name]
		for _, s := range [][4]int{{3, 7, 5, 9}, {1, 1, 2, 3}, {4, 12, 3, 16}} {
			c := torchCase{Layer: name, graph: f.graph(nn.RecurrentNoise{}), values: testkit.Varied(tensor.Float32, recurrentShapes(gates, s[0], s[1], s[2], s[3])...)}
			// Weights of a usual size, so that rounding does not grow with time.
			for _, v := range c.values {
				for i := range v.Float32s() {
					v.Float32s()[i] /= 2
				}
				c.Inputs = append(c.Inputs, torchInput{v.Shape(), testkit.Floats(t, v)})
			}
			cases = append(cases, c)
		}
	}
	var answers []torchAnswer
	pytorch.Run(t, "testdata/recurrent.py", cases, &answers)
	for i, c := range cases {
		t.Run(fmt.Sprint(c.Layer, c.Inputs[0].Shape), func(t *testing.T) {
			testkit.Differentiate(t, false, c.graph, c.values...).Near(t, fmt.Sprint(c.Layer, c.Inputs[0].Shape), testkit.Outcome{Y: answers[i].Y, Grads: answers[i].Grads}, 1e-5)
		})
	}
}

// Under ReuseMemory results stay where they are from run to run, and a gradient
// has no derivative, which is said.
func TestRecurrentMemory(t *testing.T) {
	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	for i, v := range testkit.Varied(tensor.Float64, recurrentShapes(3, 2, 4, 3, 5)...) {
		nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
	}
	noise := nn.RecurrentNoise{Dropout: 0.5, ZoneoutHidden: 0.5}
	y := gorgonia.Must(recurrentOp(nn.GRU).graph(noise)(nodes))
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y))))
	grads, err := gorgonia.Grad(cost, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = gorgonia.Grad(gorgonia.Must(gorgonia.Sum(grads[2])), nodes[2])
	testkit.Rejects(t, err, "nn: GRU: second derivative is not available")

	g = gorgonia.NewGraph()
	nodes = nil
	for i, v := range testkit.Varied(tensor.Float64, recurrentShapes(3, 2, 4, 3, 5)...) {
		nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
	}
	y = gorgonia.Must(recurrentOp(nn.GRU).graph(noise)(nodes))
	cost = gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y))))
	if grads, err = gorgonia.Grad(cost, nodes...); err != nil {
		t.Fatal(err)
	}
	ops.ReuseMemory(g)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	var places [2][]*float64
	for i := range places {
		testkit.Run(t, m)
		for _, n := range append(gorgonia.Nodes{y}, grads...) {
			places[i] = append(places[i], &n.Value().Data().([]float64)[0])
		}
	}
	if !slices.Equal(places[0], places[1]) {
		t.Error("results have moved")
	}
}
