package ops

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Submatrix returns the rows and columns of w, of shape (I, O), that belong to
// kept units, where nil stands for all units: the weights from the kept units
// of one layer, of I units, to those of the next. With the [Subvector] of the
// bias,
//
//	y = nn.ThinnedDense(x, Submatrix(w, in, out), Subvector(b, out), act, out)
//
// goes from the kept units of a layer to those of the next one, and gives, up
// to rounding, the columns that [ExactK] of the whole layer does not zero.
//
// The gradient of w has the shape of w and is 0 outside these rows and columns.
// The gradient of the result has the same information; taking only that one
// avoids writing the zeros.
func Submatrix(w *gorgonia.Node, rows, cols *Kept) (*gorgonia.Node, error) {
	return submatrix{dims: 2, rows: rows, cols: cols}.apply(w)
}

// Subvector returns the elements of b, of shape (O), that belong to kept units.
// See [Submatrix].
func Subvector(b *gorgonia.Node, units *Kept) (*gorgonia.Node, error) {
	return submatrix{dims: 1, cols: units}.apply(b)
}

// submatrix :: w → [Vector Int] → [Vector Int] → submatrix of w
//
// A vector counts as a row.
type submatrix struct {
	dims       int   // of w
	rows, cols *Kept // nil: all
}

func (f submatrix) apply(w *gorgonia.Node) (*gorgonia.Node, error) {
	in := gorgonia.Nodes{w}
	for _, k := range []*Kept{f.rows, f.cols} {
		if k != nil {
			in = append(in, k.units)
		}
	}
	return apply(f, in...)
}

func (f submatrix) Name() string {
	if f.dims == 1 {
		return "Subvector"
	}
	return "Submatrix"
}

func (f submatrix) String() string {
	return fmt.Sprintf("%s{rows=%v cols=%v}", f.Name(), f.rows != nil, f.cols != nil)
}

func (f submatrix) Rank() int { return f.dims }

func (f submatrix) Inputs() []op.Input {
	in := []op.Input{{Name: "w", Rank: f.dims}}
	if f.dims == 1 {
		in[0].Name = "b"
	}
	if f.rows != nil {
		in = append(in, op.Input{Name: "rows", Rank: 1, Of: op.IDs})
	}
	if f.cols != nil {
		in = append(in, op.Input{Name: "columns", Rank: 1, Of: op.IDs})
	}
	return in
}

// whole returns the shape of w if a submatrix of it, or w itself, has shape s.
func (f submatrix) whole(s tensor.Shape) tensor.Shape {
	s = s.Clone()
	if f.rows != nil {
		s[0] = f.rows.thinning.n
	}
	if f.cols != nil {
		s[f.dims-1] = f.cols.thinning.n
	}
	return s
}

// chosen returns the shape of the submatrix for inputs of the shapes in.
func (f submatrix) chosen(in []tensor.Shape) tensor.Shape {
	s := in[0].Clone()
	if f.rows != nil {
		s[0] = in[1][0]
	}
	if f.cols != nil {
		s[f.dims-1] = in[len(in)-1][0]
	}
	return s
}

func (f submatrix) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := f.whole(in[0]); !in[0].Eq(want) {
		return nil, errors.Errorf("%s must have shape %v for the units it is thinned by, got %v", f.Inputs()[0].Name, want, in[0])
	}
	return f.chosen(in), op.NotEmpty(f.Inputs()[0].Name, in[0])
}

func (f submatrix) Loops() op.Loops { return op.Bind(f, extract, extract) }

// units returns the indices of the rows and columns, nil for all.
func (f submatrix) units(ints [][]int) (rows, cols []int) {
	if f.rows != nil {
		rows = ints[1]
	}
	if f.cols != nil {
		cols = ints[len(ints)-1]
	}
	return rows, cols
}

// extent returns the numbers of rows and columns.
func extent(s tensor.Shape) (rows, cols int) {
	if len(s) == 1 {
		return 1, s[0]
	}
	return s[0], s[1]
}

func extract[F op.Float](f submatrix, y []F, in op.Args[F]) error {
	w := in.Floats[0]
	rows, cols := f.units(in.IDs)
	_, width := extent(in.Shapes[0])
	height, count := extent(f.chosen(in.Shapes))
	var chosen *units.Units
	if cols != nil {
		pool := &f.cols.thinning.columns
		chosen, _ = pool.Get().(*units.Units)
		if chosen == nil {
			chosen = new(units.Units)
		}
		defer pool.Put(chosen)
		if err := chosen.Set(cols, width); err != nil {
			return err
		}
	}
	if err := within(rows, len(w)/width); err != nil {
		return err
	}
	parallel.Ranges(height, count, func(from, to int) {
		for r := from; r < to; r++ {
			dst, src := y[r*count:(r+1)*count], row(w, rows, r, width)
			if cols == nil {
				copy(dst, src)
				continue
			}
			ahead := width
			if rows != nil && r+1 < height {
				ahead *= rows[r+1] - rows[r]
			}
			units.Choose(dst, src, chosen, ahead)
		}
	})
	return nil
}

// row returns row r of the chosen rows of w.
func row[F op.Float](w []F, rows []int, r, width int) []F {
	if rows != nil {
		r = rows[r]
	}
	return w[r*width : (r+1)*width]
}

// within returns an error unless ascending units are in [0, n).
func within(units []int, n int) error {
	if k := len(units); k > 0 && (units[0] < 0 || units[k-1] >= n) {
		return errors.Errorf("units must be in [0, %d), got %d to %d", n, units[0], units[k-1])
	}
	return nil
}

func (f submatrix) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(submatrixDiff{f}, append([]op.Operand{dy}, x[1:]...)...)
	return grads
}

// submatrixDiff computes the gradient of w from that of a submatrix. The
// derivative of each is the other.
type submatrixDiff struct{ submatrix }

func (f submatrixDiff) String() string { return f.submatrix.String() + "'" }

func (f submatrixDiff) Inputs() []op.Input {
	in := f.submatrix.Inputs()
	in[0].Name = "gradient of y"
	return in
}

func (f submatrixDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return f.whole(in[0]), op.SameShape(in[0], f.chosen(in), nil)
}

func (f submatrixDiff) Loops() op.Loops { return op.Bind(f, embed, embed) }

func embed[F op.Float](f submatrixDiff, dw []F, in op.Args[F]) error {
	dy := in.Floats[0]
	rows, cols := f.units(in.IDs)
	height, count := extent(in.Shapes[0])
	whole, width := extent(f.whole(in.Shapes[0]))
	if err := within(cols, width); err != nil {
		return err
	}
	if err := within(rows, whole); err != nil {
		return err
	}
	clear(dw)
	parallel.Ranges(height, count, func(from, to int) {
		for r := from; r < to; r++ {
			dst, src := row(dw, rows, r, width), dy[r*count:(r+1)*count]
			if cols == nil {
				copy(dst, src)
				continue
			}
			for i, c := range cols[:len(src)] {
				dst[c] = src[i]
			}
		}
	})
	return nil
}

func (f submatrixDiff) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(f.submatrix, append([]op.Operand{dy}, x[1:]...)...)
	return grads
}
