package nn_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// maskOf returns a mask of n rows in the graph and the type of x.
func maskOf(x *gorgonia.Node, mask []float64, n int) *gorgonia.Node {
	var v *tensor.Dense
	if x.Dtype() == tensor.Float32 {
		narrow := make([]float32, len(mask))
		for i, m := range mask {
			narrow[i] = float32(m)
		}
		v = tensor.New(tensor.WithShape(n, len(mask)/n), tensor.WithBacking(narrow))
	} else {
		v = tensor.New(tensor.WithShape(n, len(mask)/n), tensor.WithBacking(append([]float64(nil), mask...)))
	}
	return gorgonia.NodeFromAny(x.Graph(), v, gorgonia.WithName("mask"))
}

// masks of three sequences of four: behind, within, before, everywhere, nowhere.
var masks = map[string][]float64{
	"behind": {1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0},
	"within": {1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1},
	"all":    {0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0},
	"none":   {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
}

func TestPaddedGradients(t *testing.T) {
	noise := nn.RecurrentNoise{Dropout: 0.5, ZoneoutHidden: 0.25}
	fixed := []ops.StreamOption{ops.WithSeed(3), ops.WithFixedStep(4)}
	for name, mask := range masks {
		t.Run(name, func(t *testing.T) {
			for _, p := range []float64{0, 0.5} {
				for _, causal := range []bool{false, true} {
					testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
						a := nn.Attention{Heads: 2, P: p, Causal: causal, Mask: maskOf(in[0], mask, 3)}
						return a.Self(in[0], ops.WithSeed(2), ops.WithFixedStep(3))
					}, []int{3, 4, 12})
				}
				testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
					a := nn.Attention{Heads: 2, P: p, Mask: maskOf(in[0], mask, 3)}
					return a.Cross(in[0], in[1], ops.WithSeed(2), ops.WithFixedStep(3))
				}, []int{3, 2, 4}, []int{3, 4, 8})
			}
			for _, reverse := range []bool{false, true} {
				for _, noise := range []nn.RecurrentNoise{{}, noise} {
					r := func(in []*gorgonia.Node) nn.Recurrence {
						return nn.Recurrence{Mask: maskOf(in[0], mask, 3), Reverse: reverse, Noise: noise}
					}
					testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
						return r(in).LSTM(in[0], in[1], in[2], in[3], in[4], fixed...)
					}, recurrentShapes(4, 3, 4, 2, 3)...)
					testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
						return r(in).GRU(in[0], in[1], in[2], in[3], in[4], fixed...)
					}, recurrentShapes(3, 3, 4, 2, 3)...)
				}
			}
			for _, pool := range []func(x, mask *gorgonia.Node) (*gorgonia.Node, error){nn.LastStep, nn.MeanSteps} {
				testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
					return pool(in[0], maskOf(in[0], mask, 3))
				}, []int{3, 4, 5})
			}
		})
	}
}

// check is testkit.CheckFunction or, where some outputs are not used, which a
// LispMachine refuses, gradcheck.Check.
func check(t *testing.T, which string, f gradcheck.Graph, shapes ...[]int) {
	t.Helper()
	if which == "all" {
		testkit.CheckFunction(t, f, shapes...)
	} else if err := gradcheck.Check(f, 1e-7, testkit.Varied(tensor.Float64, shapes...)...); err != nil {
		t.Error(which, err)
	}
}

// Gradients flow from final states, to initial ones, and past those that nobody uses.
func TestStateGradients(t *testing.T) {
	opts := []ops.StreamOption{ops.WithSeed(3), ops.WithFixedStep(4)}
	for _, noise := range []nn.RecurrentNoise{{}, {Dropout: 0.5, ZoneoutCell: 0.5, ZoneoutHidden: 0.25}} {
		for _, masked := range []string{"", "within", "all"} {
			for _, reverse := range []bool{false, true} {
				t.Run(fmt.Sprint(noise, masked, reverse), func(t *testing.T) {
					states := func(in []*gorgonia.Node) nn.Recurrence {
						r := nn.Recurrence{Noise: noise, Reverse: reverse, H: in[5]}
						if len(in) > 6 {
							r.C = in[6]
						}
						if masked != "" {
							r.Mask = maskOf(in[0], masks[masked], 3)
						}
						return r
					}
					for _, which := range []string{"y", "h", "c", "all"} {
						check(t, which, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
							y, h, c, err := states(in).LSTMStates(in[0], in[1], in[2], in[3], in[4], opts...)
							if err != nil {
								return nil, err
							}
							return pick(which, y, h, c)
						}, append(recurrentShapes(4, 3, 4, 2, 3), []int{3, 3}, []int{3, 3})...)
					}
					gruNoise := noise
					gruNoise.ZoneoutCell = 0
					for _, which := range []string{"y", "h", "all"} {
						check(t, which, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
							r := states(in)
							r.Noise = gruNoise
							y, h, err := r.GRUStates(in[0], in[1], in[2], in[3], in[4], opts...)
							if err != nil {
								return nil, err
							}
							return pick(which, y, h, h)
						}, append(recurrentShapes(3, 3, 4, 2, 3), []int{3, 3})...)
					}
				})
			}
		}
	}
}

// pick returns one of the outputs of a layer, or all side by side, of the last time.
func pick(which string, y, h, c *gorgonia.Node) (*gorgonia.Node, error) {
	switch which {
	case "y":
		return y, nil
	case "h":
		return h, nil
	case "c":
		return c, nil
	}
	both, err := nn.Concat(h, c)
	if err != nil {
		return nil, err
	}
	last, err := nn.LastStep(y, nil)
	if err != nil {
		return nil, err
	}
	return nn.Concat(both, last)
}

// A sequence in two parts, the second from the final states of the first, is the
// whole sequence, to the bit.
func TestStatesCarryOn(t *testing.T) {
	const n, times, depth, units = 2, 5, 3, 4
	in := testkit.Varied(tensor.Float64, recurrentShapes(4, n, times, depth, units)...)
	run := func(f func(in gorgonia.Nodes) (*gorgonia.Node, error)) []float64 {
		return testkit.ForwardOnly(t, func(nodes []*gorgonia.Node) (*gorgonia.Node, error) { return f(nodes) }, in...)
	}
	part := func(x *gorgonia.Node, from, to int) *gorgonia.Node {
		return gorgonia.Must(gorgonia.Slice(x, nil, gorgonia.S(from, to)))
	}
	whole := run(func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		_, h, c, err := nn.Recurrence{}.LSTMStates(in[0], in[1], in[2], in[3], in[4])
		if err != nil {
			return nil, err
		}
		return nn.Concat(h, c)
	})
	parts := run(func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		_, h, c, err := nn.Recurrence{}.LSTMStates(part(in[0], 0, 2), in[1], in[2], in[3], in[4])
		if err != nil {
			return nil, err
		}
		_, h, c, err = nn.Recurrence{H: h, C: c}.LSTMStates(part(in[0], 2, times), in[1], in[2], in[3], in[4])
		if err != nil {
			return nil, err
		}
		return nn.Concat(h, c)
	})
	testkit.Near(t, "in two parts", parts, whole, 0)
}

// A padded sequence computes what the sequence alone does, to the bit, whatever the
// padding holds; the padding itself gets 0.
func TestPaddingChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		size := func(name string, most int) int { return rapid.IntRange(1, most).Draw(r, name) }
		times, heads, width := size("times", 9), size("heads", 3), size("width", 4)
		mask := make([]float64, times)
		var real []int
		for i := range mask {
			if rapid.Bool().Draw(r, "real") {
				mask[i] = 1
				real = append(real, i)
			}
		}
		causal, reverse := rapid.Bool().Draw(r, "causal"), rapid.Bool().Draw(r, "reverse")
		garbage := rapid.SampledFrom([]float64{0, 1e300, math.NaN(), math.Inf(-1)}).Draw(r, "padding")
		layers := map[string]struct {
			depth, out int
			build      func(x, mask *gorgonia.Node, rest gorgonia.Nodes) (*gorgonia.Node, error)
			rest       [][]int
		}{
			"attention": {3 * heads * width, heads * width, func(x, mask *gorgonia.Node, _ gorgonia.Nodes) (*gorgonia.Node, error) {
				return nn.Attention{Heads: heads, Causal: causal, Mask: mask}.Self(x)
			}, nil},
			"LSTM": {width, heads, func(x, mask *gorgonia.Node, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return nn.Recurrence{Reverse: reverse, Mask: mask}.LSTM(x, in[0], in[1], in[2], in[3])
			}, recurrentShapes(4, 1, times, width, heads)[1:]},
			"GRU": {width, heads, func(x, mask *gorgonia.Node, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return nn.Recurrence{Reverse: reverse, Mask: mask}.GRU(x, in[0], in[1], in[2], in[3])
			}, recurrentShapes(3, 1, times, width, heads)[1:]},
		}
		for name, l := range layers {
			whole := testkit.Wave(tensor.Float64, 1, 1, times, l.depth)
			alone := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, max(1, len(real)), l.depth))
			for k, i := range real {
				copy(alone.Float64s()[k*l.depth:(k+1)*l.depth], whole.Float64s()[i*l.depth:])
			}
			for i, m := range mask {
				for j := range l.depth {
					if m == 0 {
						whole.Float64s()[i*l.depth+j] = garbage
					}
				}
			}
			rest := testkit.Varied(tensor.Float64, l.rest...)
			padded := testkit.ForwardOnly(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				return l.build(in[0], maskOf(in[0], mask, 1), in[1:])
			}, append([]*tensor.Dense{whole}, rest...)...)
			want := make([]float64, times*l.out)
			if len(real) > 0 {
				y := testkit.ForwardOnly(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) { return l.build(in[0], nil, in[1:]) },
					append([]*tensor.Dense{alone}, rest...)...)
				for k, i := range real {
					copy(want[i*l.out:(i+1)*l.out], y[k*l.out:])
				}
			}
			if !testkit.SameBits(padded, want) {
				r.Fatalf("%s: mask %v, padding of %v: want %v, got %v", name, mask, garbage, want, padded)
			}
		}
	})
}

// Gradients at what is no padding are those of the sequence alone, to the bit, and 0
// at padding.
func TestPaddingChangesNoGradient(t *testing.T) {
	mask := []float64{1, 1, 1, 0, 0}
	for name, layer := range map[string]struct {
		depth int
		build func(x, mask *gorgonia.Node, rest gorgonia.Nodes) (*gorgonia.Node, error)
		rest  [][]int
	}{
		"attention": {12, func(x, mask *gorgonia.Node, _ gorgonia.Nodes) (*gorgonia.Node, error) {
			return nn.Attention{Heads: 2, Mask: mask}.Self(x)
		}, nil},
		"LSTM": {3, func(x, mask *gorgonia.Node, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return nn.Recurrence{Mask: mask}.LSTM(x, in[0], in[1], in[2], in[3])
		}, recurrentShapes(4, 1, 5, 3, 4)[1:]},
		"GRU backwards": {3, func(x, mask *gorgonia.Node, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return nn.Recurrence{Mask: mask, Reverse: true}.GRU(x, in[0], in[1], in[2], in[3])
		}, recurrentShapes(3, 1, 5, 3, 4)[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			whole := testkit.Wave(tensor.Float64, 1, 1, 5, layer.depth)
			alone := tensor.New(tensor.WithShape(1, 3, layer.depth), tensor.WithBacking(append([]float64(nil), whole.Float64s()[:3*layer.depth]...)))
			rest := testkit.Varied(tensor.Float64, layer.rest...)
			of := func(x *tensor.Dense, mask []float64) [][]float64 {
				_, grads := outcomes(t, func(in gorgonia.Nodes) (gorgonia.Nodes, error) {
					var m *gorgonia.Node
					if mask != nil {
						m = maskOf(in[0], mask, 1)
					}
					y, err := layer.build(in[0], m, in[1:])
					return gorgonia.Nodes{y}, err
				}, append([]*tensor.Dense{x}, rest...))
				return grads
			}
			got, want := of(whole, mask), of(alone, nil)
			want[0] = append(want[0], make([]float64, 2*layer.depth)...)
			for i := range want {
				testkit.Near(t, fmt.Sprint("gradient ", i), got[i], want[i], 0)
			}
		})
	}
}

// A mask that is not of 0 and 1, or not of the sequences' shape, is an error that
// says where.
func TestPaddingRejects(t *testing.T) {
	x := testkit.Wave(tensor.Float64, 0, 2, 3, 12)
	w := testkit.Varied(tensor.Float64, recurrentShapes(4, 2, 3, 12, 2)[1:]...)
	run := func(mask []float64, n int, f func(x, mask *gorgonia.Node, w gorgonia.Nodes) (*gorgonia.Node, error)) error {
		g := gorgonia.NewGraph()
		node := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
		var weights gorgonia.Nodes
		for i, v := range w {
			weights = append(weights, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
		}
		if _, err := f(node, maskOf(node, mask, n), weights); err != nil {
			return err
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		return m.RunAll()
	}
	self := func(x, mask *gorgonia.Node, _ gorgonia.Nodes) (*gorgonia.Node, error) {
		return nn.Attention{Heads: 2, Mask: mask}.Self(x)
	}
	cross := func(x, mask *gorgonia.Node, _ gorgonia.Nodes) (*gorgonia.Node, error) {
		return nn.Attention{Heads: 2, Mask: mask}.Cross(gorgonia.Must(gorgonia.Slice(x, nil, nil, gorgonia.S(0, 6))), x)
	}
	lstm := func(x, mask *gorgonia.Node, w gorgonia.Nodes) (*gorgonia.Node, error) {
		return nn.Recurrence{Mask: mask}.LSTM(x, w[0], w[1], w[2], w[3])
	}
	mean := func(x, mask *gorgonia.Node, _ gorgonia.Nodes) (*gorgonia.Node, error) { return nn.MeanSteps(x, mask) }
	half, wide := []float64{1, 1, 0, 1, 0.5, 0}, make([]float64, 8)
	failure := func(_ *gorgonia.Node, err error) error { return err }
	g := gorgonia.NewGraph()
	node := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	s, h := node("s", 2, 3, 4), node("h", 2, 5)
	wih, whh, b := node("wih", 20, 4), node("whh", 20, 5), node("b", 20)
	for _, tt := range []struct {
		err  error
		want string
	}{
		{run(half, 2, self), "nn: SelfAttention: example 1: mask 1 must be 0 or 1, got 0.5"},
		{run(half, 2, cross), "nn: CrossAttention: example 1: mask 1 must be 0 or 1, got 0.5"},
		{run(half, 2, lstm), "nn: LSTM: example 1: mask 1 must be 0 or 1, got 0.5"},
		{run(half, 2, mean), "nn: MeanSteps: example 1: mask 1 must be 0 or 1, got 0.5"},
		{run([]float64{1, 1, math.NaN(), 1, 1, 1}, 2, lstm), "nn: LSTM: example 0: mask 2 must be 0 or 1, got NaN"},
		{run(wide, 2, self), "nn: SelfAttention: mask must have shape (2, 3), got (2, 4)"},
		{run(wide, 2, lstm), "nn: LSTM: mask must have shape (2, 3), got (2, 4)"},
		{run(wide, 2, mean), "nn: MeanSteps: mask must have shape (2, 3), got (2, 4)"},
		{failure(nn.CrossAttention(s, s, 2, 0)), "nn: CrossAttention: queries and keys and values must have shapes (N, T, E) and (N, S, 2E) with E a multiple of 2 heads, got (2, 3, 4) and (2, 3, 4)"},
		{failure(nn.Attention{Heads: 2, Causal: true}.Cross(s, s)), "nn: CrossAttention: Causal must be false"},
		{failure(nn.CrossAttention(nil, s, 2, 0)), "nn: CrossAttention: queries must be a node of a graph, got none"},
		{failure(nn.Recurrence{H: h}.LSTM(s, wih, whh, b, b)), "nn: LSTM: H and C must be given both or not at all, got one"},
		{failure(nn.Recurrence{H: h, C: h}.LSTM(s, wih, whh, b, b)), ""},
		{failure(nn.Recurrence{H: h, C: s}.LSTM(s, wih, whh, b, b)), "nn: LSTM: initial cells must have rank 2, got shape (2, 3, 4)"},
		{failure(nn.Recurrence{H: node("h3", 3, 5), C: h}.LSTM(s, wih, whh, b, b)), "nn: LSTM: initial state must have shape (2, 5), got (3, 5)"},
		{failure(nn.Recurrence{H: h, C: h}.GRU(s, wih, whh, b, b)), "nn: GRU: C must be nil, since there are no cells, got a node"},
		{failure(nn.Concat(s, h)), "nn: Concat: b must have rank 3, got shape (2, 5)"},
		{failure(nn.Concat(b, b)), "nn: Concat: a must have rank 2 or more, got shape (20)"},
		{failure(nn.Concat(wih, h)), "nn: Concat: b must have the shape of a but for the last axis, (20, 4), got (2, 5)"},
		{failure(nn.LastStep(h, nil)), "nn: LastStep: x must have rank 3, got shape (2, 5)"},
		{failure(nn.AddSinusoids(h)), "nn: AddSinusoids: x must have rank 3, got shape (2, 5)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if tt.want == "" {
				if tt.err != nil {
					t.Error(tt.err)
				}
				return
			}
			testkit.Rejects(t, tt.err, tt.want)
		})
	}
}
