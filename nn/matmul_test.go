package nn_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func matMul(opts ...nn.MatMulOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.MatMul(in[0], in[1], opts...) }
}

// transpositions is the four ways to transpose, with their options.
func transpositions(f func(a, b bool, opts []nn.MatMulOption)) {
	for i := range 4 {
		a, b := i&1 != 0, i&2 != 0
		var opts []nn.MatMulOption
		if a {
			opts = append(opts, nn.WithTransposedA())
		}
		if b {
			opts = append(opts, nn.WithTransposedB())
		}
		f(a, b, opts)
	}
}

// shaped is batch axes followed by (rows, cols), or (cols, rows) if transposed.
func shaped(batch []int, rows, cols int, transposed bool) []int {
	if transposed {
		rows, cols = cols, rows
	}
	return append(append([]int{}, batch...), rows, cols)
}

func TestMatMul(t *testing.T) {
	transpositions(func(ta, tb bool, opts []nn.MatMulOption) {
		for _, batch := range [][]int{nil, {3}, {2, 3}} {
			t.Run(fmt.Sprint(ta, tb, batch), func(t *testing.T) {
				testkit.CheckFunction(t, matMul(opts...), shaped(batch, 2, 3, ta), shaped(batch, 3, 4, tb))
			})
		}
		if !ta {
			t.Run(fmt.Sprint(tb, "one matrix"), func(t *testing.T) {
				testkit.CheckFunction(t, matMul(opts...), []int{2, 3, 4}, shaped(nil, 4, 2, tb))
				testkit.CheckFunction(t, matMul(opts...), []int{2, 1, 2, 4}, shaped(nil, 4, 3, tb))
			})
		}
	})
}

func TestMatMulDefinition(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string) int { return rapid.IntRange(1, 5).Draw(r, name) }
		n, rows, inner, cols := draw("n"), draw("rows"), draw("inner"), draw("cols")
		transpositions(func(ta, tb bool, opts []nn.MatMulOption) {
			a := testkit.Wave(tensor.Float64, 0, shaped([]int{n}, rows, inner, ta)...)
			b := testkit.Wave(tensor.Float64, 1, shaped([]int{n}, inner, cols, tb)...)
			at := func(x *tensor.Dense, i, r, c, height, width int, transposed bool) float64 {
				if transposed {
					return x.Float64s()[i*height*width+c*height+r]
				}
				return x.Float64s()[i*height*width+r*width+c]
			}
			var want []float64
			for i := range n {
				for r := range rows {
					for c := range cols {
						var sum float64
						for k := range inner {
							sum += at(a, i, r, k, rows, inner, ta) * at(b, i, k, c, inner, cols, tb)
						}
						want = append(want, sum)
					}
				}
			}
			testkit.Near(t, "product", testkit.ForwardOnly(t, matMul(opts...), a, b), want, 1e-12)
		})
	})
}

// Gradients of gradients, through all the functions that products differentiate
// to.
func TestMatMulSecondDerivative(t *testing.T) {
	transpositions(func(ta, tb bool, opts []nn.MatMulOption) {
		shapes := [][]int{shaped([]int{2}, 2, 3, ta), shaped([]int{2}, 3, 4, tb), {2, 2, 4}}
		checkSecond(t, opts, shapes)
		if !ta {
			checkSecond(t, opts, [][]int{{2, 2, 3}, shaped(nil, 3, 4, tb), {2, 2, 4}})
		}
	})
}

func checkSecond(t *testing.T, opts []nn.MatMulOption, shapes [][]int) {
	t.Helper()
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		y, err := nn.MatMul(in[0], in[1], opts...)
		if err != nil {
			return nil, err
		}
		grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], in[1]}, y, in[2])
		if err != nil {
			return nil, err
		}
		a, err := gorgonia.Sum(gorgonia.Must(gorgonia.Square(grads[0])))
		if err != nil {
			return nil, err
		}
		b, err := gorgonia.Sum(gorgonia.Must(gorgonia.Square(grads[1])))
		if err != nil {
			return nil, err
		}
		return gorgonia.Add(a, b)
	}, 1e-6, testkit.Varied(tensor.Float64, shapes...)...)
	if err != nil {
		t.Error(err)
	}
}

func TestMatMulRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	a, m := node("a", 2, 3, 4), node("m", 4, 5)
	for _, tt := range []struct {
		a, b *gorgonia.Node
		opts []nn.MatMulOption
		want string
	}{
		{nil, m, nil, "nn: MatMul: a and b must be nodes, got none"},
		{node("v", 4), m, nil, "nn: MatMul: a must have rank 2 or more and b the same or 2, got shapes (4) and (4, 5)"},
		{m, a, nil, "a must have rank 2 or more and b the same or 2, got shapes (4, 5) and (2, 3, 4)"},
		{a, m, []nn.MatMulOption{nn.WithTransposedA()}, "nn: MatMul: a must not be transposed where b is one matrix"},
		{a, m, []nn.MatMulOption{nn.WithTransposedB()}, "nn: MatMul: b must have 4 rows for a of shape (2, 3, 4), got shape (4, 5)"},
		{a, node("c", 3, 4, 5), nil, "nn: MatMul: b must have as many matrices as a, of shape (2, 3, 4), got shape (3, 4, 5)"},
		{a, node("d", 2, 3, 5), nil, "nn: MatMul: b must have matrices of 4 rows for a of shape (2, 3, 4), got shape (2, 3, 5)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := nn.MatMul(tt.a, tt.b, tt.opts...)
			testkit.Rejects(t, err, tt.want)
		})
	}
}

// BenchmarkMatMul is the scores of attention, forward and backward: 8 heads of 16
// sequences of 64 by 64.
func BenchmarkMatMul(b *testing.B) {
	for name, build := range map[string]func(x, y *gorgonia.Node) (*gorgonia.Node, error){
		"ours": func(x, y *gorgonia.Node) (*gorgonia.Node, error) { return nn.MatMul(x, y, nn.WithTransposedB()) },
		"gorgonia": func(x, y *gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.BatchedMatMul(x, y, false, true)
		},
	} {
		b.Run(name, func(b *testing.B) {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 0, 128, 64, 64), gorgonia.WithName("x"))
			y := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 1, 128, 64, 64), gorgonia.WithName("y"))
			z, err := build(x, y)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(z)), x, y); err != nil {
				b.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			b.ReportAllocs()
			for b.Loop() {
				testkit.Run(b, m)
			}
		})
	}
}
