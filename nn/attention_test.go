package nn_test

import (
	"fmt"
	"log"
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

type attentionOp func(qkv *gorgonia.Node, heads int, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error)

func (f attentionOp) graph(heads int, p float64, opts ...ops.FusedOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return f(in[0], heads, p, opts...) }
}

func TestSelfAttention(t *testing.T) {
	for name, f := range map[string]attentionOp{"all": nn.SelfAttention, "causal": nn.CausalSelfAttention} {
		for _, p := range []float64{0, 0.5, 1} {
			for _, heads := range []int{1, 2, 3} {
				t.Run(fmt.Sprint(name, p, heads), func(t *testing.T) {
					testkit.CheckFunction(t, f.graph(heads, p, ops.WithSeed(2), ops.WithFixedStep(3)), []int{2, 4, 18})
					testkit.CheckFunction(t, f.graph(heads, p, ops.WithFixedStep(3)), []int{1, 1, 9 * heads})
				})
			}
		}
	}
}

// The op agrees with the definition, by the masks that MaskAt tells of.
func TestSelfAttentionDefinition(t *testing.T) {
	const seed, layer, step = 9, 5, 11
	rapid.Check(t, func(r *rapid.T) {
		size := func(name string) int { return rapid.IntRange(1, 5).Draw(r, name) }
		n, times, heads, width := size("n"), size("times"), size("heads"), size("width")
		p := rapid.SampledFrom([]float64{0, 0.25, 0.5}).Draw(r, "p")
		causal := rapid.Bool().Draw(r, "causal")
		f := attentionOp(nn.SelfAttention)
		if causal {
			f = nn.CausalSelfAttention
		}
		all := heads * width
		qkv := testkit.Wave(tensor.Float64, 1, n, times, 3*all)
		kept, err := ops.MaskAt(seed, layer, step, []int{n, heads, times, times}, p)
		if err != nil {
			r.Fatal(err)
		}
		want := make([]float64, n*times*all)
		for b := range n {
			for h := range heads {
				at := func(kind, time, i int) float64 {
					return qkv.Float64s()[(b*times+time)*3*all+kind*all+h*width+i]
				}
				for t := range times {
					until := times
					if causal {
						until = t + 1
					}
					weights, sum := make([]float64, until), 0.0
					for s := range weights {
						var score float64
						for i := range width {
							score += at(0, t, i) * at(1, s, i)
						}
						weights[s] = math.Exp(score / math.Sqrt(float64(width)))
						sum += weights[s]
					}
					for s, w := range weights {
						if kept[((b*heads+h)*times+t)*times+s] {
							for i := range width {
								want[(b*times+t)*all+h*width+i] += w / sum / (1 - p) * at(2, s, i)
							}
						}
					}
				}
			}
		}
		opts := []ops.FusedOption{ops.WithSeed(seed), ops.WithLayer(layer), ops.WithFixedStep(step)}
		testkit.Near(t, "output", testkit.ForwardOnly(t, f.graph(heads, p, opts...), qkv), want, 1e-12)
	})
}

// A place knows nothing of those behind it.
func TestCausality(t *testing.T) {
	const times, width = 5, 6
	qkv := testkit.Wave(tensor.Float64, 0, 1, times, 3*width)
	before := testkit.ForwardOnly(t, attentionOp(nn.CausalSelfAttention).graph(2, 0), qkv)
	for i := 3 * 3 * width; i < times*3*width; i++ {
		qkv.Float64s()[i] = 1e6
	}
	after := testkit.ForwardOnly(t, attentionOp(nn.CausalSelfAttention).graph(2, 0), qkv)
	testkit.Near(t, "places before", after[:3*width], before[:3*width], 0)
}

func TestAttentionModes(t *testing.T) {
	qkv := testkit.Wave(tensor.Float64, 0, 2, 9, 12)
	result := func(opts []ops.FusedOption, vm ...gorgonia.VMOpt) []float64 {
		g := gorgonia.NewGraph()
		y := gorgonia.Must(nn.SelfAttention(gorgonia.NodeFromAny(g, qkv, gorgonia.WithName("qkv")), 2, 0.5, opts...))
		ops.ReuseMemory(g)
		m := gorgonia.NewTapeMachine(g, vm...)
		defer m.Close()
		testkit.Run(t, m)
		return testkit.Floats(t, y.Value())
	}
	train, plain := result(nil), testkit.Differentiate(t, false, attentionOp(nn.SelfAttention).graph(2, 0), qkv).Y
	if testkit.SameBits(train, plain) {
		t.Error("training drops nothing")
	}
	testkit.Near(t, "repeated", result(nil), train, 0)
	testkit.Near(t, "evaluation", result(nil, gorgonia.EvalMode()), plain, 0)
	testkit.Near(t, "inference", result([]ops.FusedOption{ops.WithMode(ops.Eval)}), plain, 0)
	testkit.Near(t, "sampling", result([]ops.FusedOption{ops.WithMode(ops.Sample)}, gorgonia.EvalMode()), train, 0)
}

func TestAttentionRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	x, m := node("x", 2, 3, 12), node("m", 4, 12)
	try := func(heads int, p float64, opts ...ops.FusedOption) error {
		_, err := nn.SelfAttention(x, heads, p, opts...)
		return err
	}
	failure := func(_ *gorgonia.Node, err error) error { return err }
	for _, tt := range []struct {
		err  error
		want string
	}{
		{try(0, 0), "nn: SelfAttention: heads must be positive, got 0"},
		{try(5, 0), "nn: SelfAttention: qkv must have shape (N, T, 3E) with E a multiple of 5 heads, got (2, 3, 12)"},
		{try(2, 1.5), "nn: SelfAttention: p must be in [0, 1], got 1.5"},
		{try(2, 0.5, ops.WithMode(9)), "nn: SelfAttention: mode must be Train, Eval or Sample, got 9"},
		{failure(nn.CausalSelfAttention(m, 2, 0)), "nn: CausalSelfAttention: qkv must have rank 3, got shape (4, 12)"},
		{failure(nn.CausalSelfAttention(nil, 2, 0.5)), "nn: CausalSelfAttention: qkv must be a node of a graph, got none"},
		{failure(nn.CausalSelfAttention(nil, 2, 0)), "nn: CausalSelfAttention: qkv must be a node of a graph, got none"},
		{failure(nn.Tokens(m)), "nn: Tokens: x must have rank 3, got shape (4, 12)"},
		{failure(nn.Sequences(m, 0)), "nn: Sequences: times must be positive, got 0"},
		{failure(nn.Sequences(m, 3)), "nn: Sequences: x must have a multiple of 3 rows, got shape (4, 12)"},
		{failure(nn.AddPositions(x, node("few", 2, 12))), "nn: AddPositions: positions must have shape (3 or more, 12) for x of shape (2, 3, 12), got (2, 12)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			testkit.Rejects(t, tt.err, tt.want)
		})
	}
}

// The first token can take from itself alone, the second from both: equal keys share
// equally.
func ExampleCausalSelfAttention() {
	g := gorgonia.NewGraph()
	// Queries and keys of zeros, values 1 and 3.
	qkv := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(1, 2, 3),
		tensor.WithBacking([]float64{0, 0, 1, 0, 0, 3})), gorgonia.WithName("qkv"))
	y, err := nn.CausalSelfAttention(qkv, 1, 0)
	if err != nil {
		log.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Value().Data())
	// Output: [1 2]
}
