package ops_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A submatrix is linear in the matrix: the derivative of its gradient is the
// submatrix again.
func TestSubmatrixSecondDerivative(t *testing.T) {
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		k, err := ops.KeepColumns(in[0], 0.5, ops.WithFixedStep(1))
		if err != nil {
			return nil, err
		}
		y, err := k.Select(in[0])
		if err != nil {
			return nil, err
		}
		d, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{y, k.Units()}, y, gorgonia.Must(gorgonia.Square(y)))
		if err != nil {
			return nil, err
		}
		s, err := ops.Submatrix(in[0], nil, k)
		if err != nil {
			return nil, err
		}
		back, err := s.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], k.Units()}, s, d[0])
		if err != nil {
			return nil, err
		}
		return back[0], nil
	}, 1e-6, testkit.Sines(3, 8))
	if err != nil {
		t.Error(err)
	}
}

// Submatrix of any shape against plain indexing, and its gradient.
func TestSubmatrixIndexes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 40).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "cols")
		step := gorgonia.I64(rapid.Int64Range(-1, 9).Draw(t, "step"))
		g := gorgonia.NewGraph()
		w := gorgonia.NodeFromAny(g, testkit.Sines(rows, cols), gorgonia.WithName("w"))
		tall := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(1, rows), gorgonia.WithName("tall"))
		keep := func(name string, x *gorgonia.Node, n int) (*ops.Kept, []int, gorgonia.Value) {
			if rapid.Bool().Draw(t, "all "+name) {
				all := make([]int, n)
				for i := range all {
					all[i] = i
				}
				return nil, all, nil
			}
			k, err := ops.KeepColumns(x, rapid.Float64Range(0, 0.99/float64(n)*float64(n-1)).Draw(t, "p of "+name))
			if err != nil {
				t.Fatal(err)
			}
			v, err := k.Units().Op().Do(&step)
			if err != nil {
				t.Fatal(err)
			}
			return k, v.Data().([]int), v
		}
		kr, r, rv := keep("rows", tall, rows)
		kc, c, cv := keep("columns", w, cols)
		y, err := ops.Submatrix(w, kr, kc)
		if err != nil {
			t.Fatal(err)
		}
		in := []gorgonia.Value{w.Value()}
		for _, v := range []gorgonia.Value{rv, cv} {
			if v != nil {
				in = append(in, v)
			}
		}
		got, err := y.Op().Do(in...)
		if err != nil {
			t.Fatal(err)
		}
		all := w.Value().Data().([]float64)
		whole := make([]float64, len(all))
		for i, row := range r {
			for j, col := range c {
				whole[row*cols+col] = all[row*cols+col]
				if v := got.Data().([]float64)[i*len(c)+j]; v != all[row*cols+col] {
					t.Fatalf("(%d, %d) is %v, want %v", i, j, v, all[row*cols+col])
				}
			}
		}
		// The gradient of y that is y puts all back in its place.
		inputs := gorgonia.Nodes{w}
		for _, k := range []*ops.Kept{kr, kc} {
			if k != nil {
				inputs = append(inputs, k.Units())
			}
		}
		d, err := y.Op().(gorgonia.SDOp).SymDiff(inputs, y, y)
		if err != nil {
			t.Fatal(err)
		}
		in[0] = got
		dw, err := d[0].Op().Do(in...)
		if err != nil || !slices.Equal(dw.Data().([]float64), whole) {
			t.Fatalf("the gradient is %v, %v, want %v", dw, err, whole)
		}
	})
}
