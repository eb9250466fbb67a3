package models_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// wiringSeed is the seed of all models here.
const wiringSeed = 11

// A site is a place in a graph of ops for what a layer documents: its inputs, its
// parameters and what its dropouts are told.
type site struct {
	t      testing.TB
	x      *gorgonia.Node
	params map[string]*gorgonia.Node
	mode   ops.Mode
}

// w returns the node of a parameter.
func (s *site) w(name string) *gorgonia.Node {
	n, ok := s.params[name]
	if !ok {
		s.t.Fatalf("there is no parameter %q", name)
	}
	return n
}

// at returns the options of the dropout that has a layer's id.
func (s *site) at(layer uint32) ops.StreamOption {
	return ops.WithStream(ops.WithSeed(wiringSeed), ops.WithLayer(layer), ops.WithMode(s.mode))
}

// must returns the node of an op that has to succeed.
func (s *site) must(y *gorgonia.Node, err error) *gorgonia.Node {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return y
}

// A wiring is a layer and the ops that it documents.
type wiring struct {
	name  string
	layer models.Layer
	input []int
	ops   func(s *site) *gorgonia.Node
	ids   int // where they are ids of so many tokens, without a gradient
}

// reading is the output and all gradients of a graph, bit by bit.
func reading(t testing.TB, g *gorgonia.ExprGraph, y *gorgonia.Node, wrt gorgonia.Nodes, step int64) map[string][]uint32 {
	t.Helper()
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y))))
	var value gorgonia.Value
	gorgonia.Read(y, &value)
	grads, err := gorgonia.Grad(cost, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := ops.FindStep(g); ok {
		s.Set(step)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	read := map[string][]uint32{"output": bitsOf(value)}
	for i, d := range grads {
		read["gradient of "+wrt[i].Name()] = bitsOf(d.Value())
	}
	return read
}

func bitsOf(v gorgonia.Value) []uint32 {
	var bits []uint32
	for _, x := range v.Data().([]float32) {
		bits = append(bits, math.Float32bits(x))
	}
	return bits
}

// check compares the layer with its ops in a mode at a step.
func (w wiring) check(t *testing.T, mode models.Mode, step int64) {
	t.Helper()
	const examples = 3
	m, err := models.New(w.layer, w.input, models.WithSeed(wiringSeed))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() { // zeros would hide what is done with them
		for i := range p.Value().Float32s() {
			p.Value().Float32s()[i] += float32(0.1 * math.Sin(float64(3*i)))
		}
	}
	x := batch(append([]int{examples}, w.input...)...)
	if w.ids > 0 {
		x = ids(w.ids, append([]int{examples}, w.input...)...)
	}

	g, err := m.Build(mode, examples)
	if err != nil {
		t.Fatal(err)
	}
	if err := gorgonia.Let(g.Input, x.Clone()); err != nil {
		t.Fatal(err)
	}
	wrt := g.Params()
	if w.ids == 0 {
		wrt = append(wrt, g.Input)
	}
	got := reading(t, g.ExprGraph, g.Output, wrt, step)

	s := &site{t: t, params: make(map[string]*gorgonia.Node), mode: mode}
	graph := gorgonia.NewGraph()
	s.x = gorgonia.NodeFromAny(graph, x.Clone(), gorgonia.WithName("input"))
	wrt = nil
	for _, p := range m.Params() {
		s.params[p.Name()] = gorgonia.NodeFromAny(graph, p.Value().Clone(), gorgonia.WithName(p.Name()))
		wrt = append(wrt, s.params[p.Name()])
	}
	if w.ids == 0 {
		wrt = append(wrt, s.x)
	}
	want := reading(t, graph, w.ops(s), wrt, step)
	for what := range want {
		if !slices.Equal(got[what], want[what]) {
			t.Errorf("%v, step %d: %s is not that of the ops", mode, step, what)
		}
	}
}

// Every layer is, bit for bit and with all gradients, the op that it documents: with
// the model's seed, an id of its own, the mode of the graph, and its options.
func TestLayersAreTheirOps(t *testing.T) {
	for _, w := range slices.Concat(dropoutWirings(), weightWirings(), sequenceWirings(), networkWirings(), languageWirings()) {
		t.Run(w.name, func(t *testing.T) {
			for _, mode := range []models.Mode{models.Train, models.Sample, models.Eval} {
				for _, step := range []int64{0, 5} {
					w.check(t, mode, step)
				}
			}
		})
	}
}

// An opOf is a dropout of package ops, and a layerOf that of package models.
type (
	opOf    = func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error)
	layerOf = func(p float64, opts ...ops.Option) models.Layer
)

// layerFrom is the constructor of a layer without its type.
func layerFrom[L models.Layer](make func(p float64, opts ...ops.Option) L) layerOf {
	return func(p float64, opts ...ops.Option) models.Layer { return make(p, opts...) }
}

func dropoutWirings() []wiring {
	units, lines, images, volumes := []int{12}, []int{6, 5}, []int{6, 5, 4}, []int{6, 2, 3, 2}
	var all []wiring
	for _, d := range []struct {
		name  string
		layer layerOf
		op    opOf
		input []int
	}{
		{"Dropout", layerFrom(models.Dropout), ops.Dropout, units},
		{"Dropout1d", layerFrom(models.Dropout1d), ops.Dropout1d, lines},
		{"Dropout2d", layerFrom(models.Dropout2d), ops.Dropout2d, images},
		{"Dropout3d", layerFrom(models.Dropout3d), ops.Dropout3d, volumes},
		{"AlphaDropout", layerFrom(models.AlphaDropout), ops.AlphaDropout, lines},
		{"FeatureAlphaDropout", layerFrom(models.FeatureAlphaDropout), ops.FeatureAlphaDropout, lines},
		{"GaussianDropout", layerFrom(models.GaussianDropout), ops.GaussianDropout, lines},
		{"GaussianNoise", layerFrom(models.GaussianNoise), ops.GaussianNoise, lines},
		{"DropPath", layerFrom(models.DropPath), ops.DropPath, lines},
		{"Batchwise", layerFrom(models.Batchwise), ops.Batchwise, units},
		{"ExactK", layerFrom(models.ExactK), ops.ExactK, units},
		{"TokenDropout", layerFrom(models.TokenDropout), ops.TokenDropout, lines},
		{"AttentionDropout", layerFrom(models.AttentionDropout), ops.AttentionDropout, images},
		{"WeightScalingDropout", func(p float64, _ ...ops.Option) models.Layer { return models.WeightScalingDropout(p) },
			func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
				own := make([]ops.MixOption, len(opts))
				for i, o := range opts {
					own[i] = o.(ops.MixOption) // of the stream
				}
				return ops.WeightScalingDropout(x, p, own...)
			}, lines},
		{"LockedDropout", layerFrom(models.LockedDropout), func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
			return ops.LockedDropout(x, p, 1, opts...)
		}, lines},
		{"DropBlock2d", func(p float64, opts ...ops.Option) models.Layer { return models.DropBlock2d(p, 2, opts...) },
			func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
				return ops.DropBlock2d(x, p, 2, opts...)
			}, images},
		{"Submatrix alone", func(p float64, _ ...ops.Option) models.Layer { return models.Submatrix(p) }, ops.ExactK, units},
	} {
		for _, p := range []float64{0.5, 0.3} {
			all = append(all, wiring{name: fmt.Sprintf("%s p=%v", d.name, p), input: d.input,
				// A dropout in front that does nothing has an id.
				layer: models.Sequential{models.Dropout(0), d.layer(p)},
				ops:   func(s *site) *gorgonia.Node { return s.must(d.op(s.x, p, s.at(2))) }})
		}
		if d.name == "Submatrix alone" || d.name == "WeightScalingDropout" {
			continue
		}
		all = append(all, wiring{name: d.name + " with options", input: d.input,
			layer: d.layer(0.5, ops.WithSeed(8), ops.WithRate(schedule.Late{P: 0.4, Cutoff: 3})),
			ops: func(s *site) *gorgonia.Node {
				return s.must(d.op(s.x, 0.5, s.at(1), ops.WithSeed(8), ops.WithRate(schedule.Late{P: 0.4, Cutoff: 3})))
			}})
	}
	return all
}

func weightWirings() []wiring {
	dense := func(s *site, w *gorgonia.Node) *gorgonia.Node {
		return s.must(nn.Dense(s.x, w, s.w("1.bias"), nn.ActivationNone))
	}
	return []wiring{
		{name: "DropConnect", input: []int{6}, layer: models.Sequential{models.Dropout(0), models.DropConnect(6, 4, 0.5)},
			ops: func(s *site) *gorgonia.Node {
				return dense(s, s.must(ops.DropConnect(s.w("1.weight"), 0.5, s.at(2))))
			}},
		{name: "Shakeout", input: []int{6}, layer: models.Sequential{models.Dropout(0), models.Shakeout(6, 4, 0.5, 0.2)},
			ops: func(s *site) *gorgonia.Node {
				return dense(s, s.must(ops.Shakeout(s.w("1.weight"), 0.5, 0.2, s.at(2))))
			}},
		{name: "Shakeout with options", input: []int{6}, layer: models.Sequential{models.Dropout(0), models.Shakeout(6, 4, 0.5, 0.2, ops.WithSeed(3))},
			ops: func(s *site) *gorgonia.Node {
				return dense(s, s.must(ops.Shakeout(s.w("1.weight"), 0.5, 0.2, s.at(2), ops.WithSeed(3))))
			}},
		{name: "Standout", input: []int{6}, layer: models.Sequential{models.Dropout(0), models.Standout(6, 4, 2, -0.5)},
			ops: func(s *site) *gorgonia.Node {
				z := dense(s, s.w("1.weight"))
				return s.must(ops.Standout(s.must(nn.ReLU(z)), z, 2, -0.5, s.at(2)))
			}},
		{name: "Standout with options", input: []int{6},
			layer: models.Sequential{models.Dropout(0), models.StandoutLayer{
				Linear: models.Linear(6, 4), Activation: models.Tanh(), Beta: 1, Options: []ops.StreamOption{ops.WithSeed(3)},
			}},
			ops: func(s *site) *gorgonia.Node {
				z := dense(s, s.w("1.weight"))
				return s.must(ops.Standout(s.must(gorgonia.Tanh(z)), z, 0, 1, s.at(2), ops.WithSeed(3)))
			}},
		{name: "TargetedDropout", input: []int{6}, layer: models.Sequential{models.Dropout(0), models.TargetedDropout(6, 4, 0.5, 0.7)},
			ops: func(s *site) *gorgonia.Node {
				return dense(s, s.must(ops.TargetedDropout(s.w("1.weight"), 0.5, 0.7, s.at(2))))
			}},
		{name: "TargetedUnitDropout with options", input: []int{6},
			layer: models.Sequential{models.Dropout(0), models.TargetedUnitDropout(6, 4, 0, 0, ops.WithSeed(3), ops.WithShare(schedule.Late{P: 0.5, Cutoff: 3}), ops.WithRate(schedule.Constant(0.7)))},
			ops: func(s *site) *gorgonia.Node {
				return dense(s, s.must(ops.TargetedUnitDropout(s.w("1.weight"), 0, 0, s.at(2), ops.WithSeed(3), ops.WithShare(schedule.Late{P: 0.5, Cutoff: 3}), ops.WithRate(schedule.Constant(0.7)))))
			}},
		{name: "LayerDrop", input: []int{4},
			layer: models.Sequential{models.Dropout(0), models.LayerDropLayer{P: 0, Layers: models.Sequential{models.Linear(4, 4), models.Dropout(0.5)},
				Options: []ops.FusedOption{ops.WithRate(schedule.Late{P: 1, Cutoff: 3})}}},
			ops: func(s *site) *gorgonia.Node {
				y := s.must(ops.Dropout(s.must(nn.Dense(s.x, s.w("1.0.weight"), s.w("1.0.bias"), nn.ActivationNone)), 0.5, s.at(2)))
				return s.must(ops.LayerDrop(s.x, y, 0, s.at(3), ops.WithRate(schedule.Late{P: 1, Cutoff: 3})))
			}},
		{name: "Sigmoid", input: []int{3, 4}, layer: models.Sigmoid(), ops: func(s *site) *gorgonia.Node { return s.must(nn.Sigmoid(s.x)) }},
		{name: "EmbeddingDropout", input: []int{5}, ids: 6, layer: models.EmbeddingDropout(6, 4, 0.5),
			ops: func(s *site) *gorgonia.Node {
				return s.must(nn.Embedding(s.must(ops.EmbeddingDropout(s.w("weight"), 0.5, s.at(1))), s.x))
			}},
	}
}
