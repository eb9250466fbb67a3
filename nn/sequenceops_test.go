package nn_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestConcat(t *testing.T) {
	f := gradcheck.Graph(func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.Concat(in[0], in[1]) })
	testkit.CheckFunction(t, f, []int{3, 2}, []int{3, 4})
	testkit.CheckFunction(t, f, []int{2, 3, 1}, []int{2, 3, 2})
	got := testkit.ForwardOnly(t, f, tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]float64{1, 4})),
		tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{2, 3, 5, 6})))
	testkit.Near(t, "joined", got, []float64{1, 2, 3, 4, 5, 6}, 0)
}

func TestCrossAttention(t *testing.T) {
	for _, p := range []float64{0, 0.5} {
		testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.CrossAttention(in[0], in[1], 2, p, ops.WithSeed(2), ops.WithFixedStep(3))
		}, []int{2, 3, 4}, []int{2, 5, 8})
	}
	// Of its own keys and values it is self-attention.
	x := testkit.Wave(tensor.Float64, 1, 2, 4, 18)
	self := testkit.ForwardOnly(t, attentionOp(nn.SelfAttention).graph(3, 0), x)
	cross := testkit.ForwardOnly(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		part := func(from, to int) *gorgonia.Node {
			return gorgonia.Must(gorgonia.Slice(in[0], nil, nil, gorgonia.S(from, to)))
		}
		return nn.CrossAttention(part(0, 6), part(6, 18), 3, 0)
	}, x)
	testkit.Near(t, "of itself", cross, self, 0)
}

func TestAddSinusoids(t *testing.T) {
	testkit.CheckFunction(t, nnAddSinusoids, []int{2, 4, 5})
	testkit.CheckFunction(t, nnAddSinusoids, []int{1, 1, 1})
	const times, width = 1000, 7
	y := testkit.ForwardOnly(t, nnAddSinusoids, tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, times, width)))
	for at := range times {
		for i := range width {
			angle := float64(at) / math.Pow(10000, float64(i-i%2)/width)
			want := math.Sin(angle)
			if i%2 == 1 {
				want = math.Cos(angle)
			}
			if got := y[at*width+i]; math.Abs(got-want) > 1e-12 {
				t.Fatalf("time %d, feature %d: want %v, got %v", at, i, want, got)
			}
		}
	}
}

func nnAddSinusoids(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.AddSinusoids(in[0]) }
