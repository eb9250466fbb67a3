package ops_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// The ids of two sentences; 0 is the unknown word.
func ExampleWordDropout() {
	g := gorgonia.NewGraph()
	ids := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 5), tensor.WithBacking([]int{11, 12, 13, 14, 15, 21, 22, 23, 24, 25})), gorgonia.WithName("ids"))
	words, err := ops.WordDropout(ids, 0.3, 0)
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(words.Value().Data())
	// Output:
	// [11 0 13 14 15 21 22 23 24 25]
}

// sentence is a tensor of the ids 100, 101, 102, ...
func sentence(shape ...int) *tensor.Dense {
	ids := make([]int, tensor.Shape(shape).TotalSize())
	for i := range ids {
		ids[i] = 100 + i
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(ids))
}

func TestWordDropout(t *testing.T) {
	for _, p := range []float64{0, 0.3, 0.5, 1} {
		t.Run(fmt.Sprint("p=", p), func(t *testing.T) {
			g := gorgonia.NewGraph()
			ids := gorgonia.NodeFromAny(g, sentence(6, 9), gorgonia.WithName("ids"))
			y, err := ops.WordDropout(ids, p, -7, ops.WithSeed(3), ops.WithLayer(5))
			if err != nil {
				t.Fatal(err)
			}
			for _, opts := range [][]gorgonia.VMOpt{nil, {gorgonia.EvalMode()}} {
				m := gorgonia.NewTapeMachine(g, opts...)
				for _, step := range []int64{0, 1, 8, -1} {
					ops.StepOf(g).Set(step)
					testkit.Run(t, m)
					rate := p
					if step < 0 || opts != nil {
						rate = 0
					}
					kept, err := ops.MaskAt(3, 5, max(step, 0), []int{6, 9}, rate)
					if err != nil {
						t.Fatal(err)
					}
					for i, id := range y.Value().(*tensor.Dense).Ints() {
						if want := map[bool]int{true: 100 + i, false: -7}[kept[i]]; id != want {
							t.Fatalf("p=%v, step %d: id %d must be %d, got %d", p, step, i, want, id)
						}
					}
				}
				m.Close()
			}
		})
	}
}

// The share of unknown words is p within five standard errors, and each word has
// the same chance.
func TestWordDropoutStatistics(t *testing.T) {
	const steps = 2000
	for _, p := range []float64{0.1, 0.5} {
		g := gorgonia.NewGraph()
		ids := gorgonia.NodeFromAny(g, sentence(4, 5), gorgonia.WithName("ids"))
		y := gorgonia.Must(ops.WordDropout(ids, p, 0))
		m := gorgonia.NewTapeMachine(g)
		element := make([]moments, 20)
		for range steps {
			testkit.Run(t, m)
			for i, id := range y.Value().(*tensor.Dense).Ints() {
				if id == 0 {
					element[i].add(1)
				} else {
					element[i].add(0)
				}
			}
		}
		for i := range element {
			element[i].check(t, "share of unknown words", p, 5, 1e-4)
		}
		m.Close()
	}
}

// Words are dropped before an embedding that learns: the row of the unknown word
// gets the gradient of those that it replaces.
func TestWordDropoutBeforeEmbedding(t *testing.T) {
	g := gorgonia.NewGraph()
	ids := gorgonia.NodeFromAny(g, testkit.Labels([]int{6}, 1, 2, 3, 1, 2, 3), gorgonia.WithName("ids"))
	table := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 4, 2), gorgonia.WithName("table"))
	words := gorgonia.Must(ops.WordDropout(ids, 0.5, 0, ops.WithSeed(1)))
	embedded, err := gorgonia.ByIndices(table, words, 0)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(embedded)), table)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	want := make([]float64, 8)
	for _, id := range words.Value().(*tensor.Dense).Ints() {
		want[2*id]++
		want[2*id+1]++
	}
	if got := testkit.Floats(t, grads[0].Value()); !slices.Equal(got, want) || want[0] == 0 || want[0] == 6 {
		t.Errorf("gradient of the table must be %v, got %v", want, got)
	}
}

func TestWordDropoutStrides(t *testing.T) {
	g := gorgonia.NewGraph()
	ids := gorgonia.NewMatrix(g, tensor.Int, gorgonia.WithShape(3, 4), gorgonia.WithName("ids"))
	op := gorgonia.Must(ops.WordDropout(ids, 0.5, 0)).Op()
	strided := sentence(4, 3)
	if err := strided.T(); err != nil {
		t.Fatal(err)
	}
	at := func(ids *tensor.Dense, step int64) []int {
		t.Helper()
		y, err := op.Do(ids, tensor.New(tensor.FromScalar(step)))
		if err != nil {
			t.Fatal(err)
		}
		return y.(*tensor.Dense).Ints()
	}
	whole := []int{100, 103, 106, 109, 101, 104, 107, 110, 102, 105, 108, 111}
	if got := at(strided, -1); !slices.Equal(got, whole) {
		t.Errorf("at inference: want %v, got %v", whole, got)
	}
	want := at(tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(slices.Clone(whole))), 3)
	if got := at(strided, 3); !slices.Equal(got, want) || slices.Equal(got, whole) {
		t.Errorf("in training: want %v, got %v", want, got)
	}
}

func TestWordDropoutHashesAndRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	ids := gorgonia.NewMatrix(g, tensor.Int, gorgonia.WithShape(2, 3), gorgonia.WithName("ids"))
	real := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("real"))
	scalar := gorgonia.NewScalar(g, tensor.Int, gorgonia.WithName("scalar"))
	seen := make(map[uint32]bool)
	for _, unknown := range []int{0, 1} {
		for _, p := range []float64{0.2, 0.5} {
			for _, layer := range []uint32{1, 2} {
				seen[gorgonia.Must(ops.WordDropout(ids, p, unknown, ops.WithLayer(layer))).Hashcode()] = true
			}
		}
	}
	if len(seen) != 8 {
		t.Errorf("8 dropouts became %d", len(seen))
	}
	for _, tt := range []struct {
		ids  *gorgonia.Node
		p    float64
		opts []ops.Option
		want string
	}{
		{nil, 0.5, nil, "ops: WordDropout: ids must be a node of a graph, got none"},
		{real, 0.5, nil, "ops: WordDropout: ids must be of int and rank 1 or more, got Matrix float64"},
		{scalar, 0.5, nil, "ops: WordDropout: ids must be of int and rank 1 or more, got int"},
		{ids, 1.5, nil, "ops: WordDropout: p must be in [0, 1], got 1.5"},
		{ids, math.NaN(), nil, "ops: WordDropout: p must be in [0, 1], got NaN"},
		{ids, 0.5, []ops.Option{ops.WithMode(9)}, "ops: WordDropout: mode must be Train, Eval or Sample, got 9"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := ops.WordDropout(tt.ids, tt.p, 0, tt.opts...); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
	op := gorgonia.Must(ops.WordDropout(ids, 0.5, 0)).Op()
	mask := tensor.Ones(tensor.Float32, 2, 3)
	for _, bad := range [][]gorgonia.Value{
		nil, {sentence(2, 3)}, {nil, mask}, {testkit.Ramp(tensor.Float64, 2, 3), mask}, {sentence(2, 3), testkit.Ramp(tensor.Float32, 7)}, {sentence(2, 3), nil},
	} {
		if _, err := op.Do(bad...); err == nil || !strings.HasPrefix(err.Error(), "ops: WordDropout: ") {
			t.Errorf("Do(%v): want an error, got %v", bad, err)
		}
	}
}
