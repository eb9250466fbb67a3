package nn_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func embedding(ids *tensor.Dense) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return nn.Embedding(in[0], gorgonia.NodeFromAny(in[0].Graph(), ids, gorgonia.WithName("ids")))
	}
}

func TestEmbedding(t *testing.T) {
	for _, ids := range []*tensor.Dense{
		testkit.Labels([]int{2, 3}, 0, 3, 3, 1, 0, 3), testkit.Labels([]int{4}, 1, 1, 1, 2), testkit.Labels([]int{1, 2, 2}, 0, 1, 2, 3),
	} {
		t.Run(fmt.Sprint(ids.Shape()), func(t *testing.T) { testkit.CheckFunction(t, embedding(ids), []int{4, 5}) })
	}
}

func TestEmbeddingValues(t *testing.T) {
	got := testkit.Differentiate(t, false, embedding(testkit.Labels([]int{2, 2}, 2, 0, 2, 1)), testkit.Ramp(tensor.Float64, 4, 2))
	testkit.Near(t, "rows", got.Y, []float64{5, 6, 1, 2, 5, 6, 3, 4}, 0)
	testkit.Near(t, "gradient", got.Grads[0], []float64{2, 4, 6, 8, 20, 24, 0, 0}, 0)
}

// Ids that lie in memory in another order.
func TestEmbeddingStridedIDs(t *testing.T) {
	ids := testkit.Labels([]int{2, 3}, 0, 1, 2, 3, 0, 1)
	if err := ids.T(); err != nil {
		t.Fatal(err)
	}
	got := testkit.Differentiate(t, false, embedding(ids), testkit.Ramp(tensor.Float64, 4, 1))
	testkit.Near(t, "rows", got.Y, []float64{1, 4, 2, 1, 3, 2}, 0)
}

// Whole numbers of the type of the weights are ids too.
func TestEmbeddingFloatIDs(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		g := gorgonia.NewGraph()
		w := gorgonia.NodeFromAny(g, testkit.Ramp(dt, 4, 2), gorgonia.WithName("w"))
		ids := gorgonia.NewVector(g, dt, gorgonia.WithShape(3), gorgonia.WithName("ids"))
		y := gorgonia.Must(nn.Embedding(w, ids))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), w)
		if err != nil {
			t.Fatal(err)
		}
		if err := gorgonia.Let(ids, testkit.Ramp(dt, 3)); err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		testkit.Run(t, m)
		testkit.Near(t, "rows", testkit.Floats(t, y.Value()), []float64{3, 4, 5, 6, 7, 8}, 0)
		testkit.Near(t, "gradient", testkit.Floats(t, grads[0].Value()), []float64{0, 0, 1, 1, 1, 1, 1, 1}, 0)
		m.Close()
		for _, bad := range []float64{0.5, math.NaN(), math.Inf(1), -1, 4, 1e300} {
			x := tensor.New(tensor.WithBacking([]float64{0, 0, bad}))
			if dt == tensor.Float32 {
				x = tensor.New(tensor.WithBacking([]float32{0, 0, float32(bad)}))
			}
			_, err := y.Op().Do(testkit.Ramp(dt, 4, 2), x)
			testkit.Rejects(t, err, "nn: Embedding: example 2: id must be ")
		}
	}
}

func TestEmbeddingRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	w := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(4, 2), gorgonia.WithName("w"))
	ids := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(3), gorgonia.WithName("ids"))
	scalar := gorgonia.NewScalar(g, tensor.Int, gorgonia.WithName("scalar"))
	for _, tt := range []struct {
		w, ids *gorgonia.Node
		want   string
	}{
		{nil, ids, "nn: Embedding: weights must be a node of a graph, got none"},
		{w, nil, "nn: Embedding: ids must be a node of a graph, got none"},
		{w, gorgonia.NewVector(g, tensor.Int64, gorgonia.WithShape(3), gorgonia.WithName("long")), "nn: Embedding: ids must be of int, got int64"},
		{w, gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("narrow")), "nn: Embedding: ids must be of float64 as the inputs before it, got float32"},
		{ids, ids, "nn: Embedding: weights must be of float32 or float64, got int"},
		{w, scalar, "nn: Embedding: ids must have rank 1 or more, got shape ()"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := nn.Embedding(tt.w, tt.ids)
			testkit.Rejects(t, err, tt.want)
		})
	}
	op := gorgonia.Must(nn.Embedding(w, ids)).Op()
	for _, bad := range []int{-1, 4} {
		_, err := op.Do(testkit.Ramp(tensor.Float64, 4, 2), testkit.Labels([]int{3}, 0, 1, bad))
		testkit.Rejects(t, err, fmt.Sprintf("nn: Embedding: example 2: id must be in [0, 4), got %d", bad))
	}
	_, err := op.Do(testkit.Ramp(tensor.Float64, 4, 2), testkit.Ramp(tensor.Float64, 3))
	testkit.Rejects(t, err, "nn: Embedding: ids must be a dense tensor of int")
}
