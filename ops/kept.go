package ops

import (
	"fmt"
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Kept are the units out of n that exact-k dropout keeps, drawn anew at each
// step. Instead of zeroing the others a network may leave them out: its
// matrices then consist only of the rows and columns of kept units, and at p =
// 0.5 a product between two thinned layers is a quarter of the work (Graham,
// Reizenstein and Robinson, "Efficient batchwise dropout training using
// submatrices", 2015).
//
// If dropout is not active, as in machines made with gorgonia.EvalMode and at a
// negative step, all units are kept, and values have the shapes of the whole
// network although nodes have those of the thinned one. Use a TapeMachine: a
// LispMachine cannot run the node of the units.
type Kept struct {
	thinning *thinning
	units    *gorgonia.Node
}

// KeepColumns returns the columns of x, of shape (N, n), that exact-k dropout
// keeps at rate p: k = [KeptCount](n, p) of n. x is a batch whose inputs are
// dropped, or the weights of a layer whose outputs are dropped. The units are
// those that [ExactK] keeps with the same options. It is an error if no unit is
// kept.
func KeepColumns(x *gorgonia.Node, p float64, opts ...StreamOption) (*Kept, error) {
	const name = "ops: KeepColumns"
	if err := checkFloats(x); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if err := draw.CheckRate(p); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if x.Dims() != 2 {
		return nil, errors.Errorf("%s: x must have shape (N, n), got %v", name, x.Shape())
	}
	f := &thinning{n: x.Shape()[1], rate: schedule.Constant(p)}
	if f.k = KeptCount(f.n, p); f.k == 0 {
		return nil, errors.Errorf("%s: one unit at least must be kept, got p = %v of %d", name, p, f.n)
	}
	var err error
	if f.Source, err = draw.Collect(opts).Source(x); err != nil {
		return nil, errors.Wrap(err, name)
	}
	units, err := apply(f, f.Step())
	if err != nil {
		return nil, err
	}
	return &Kept{f, units}, nil
}

// Units returns the node of the kept units' indices, an ascending vector of
// int.
func (k *Kept) Units() *gorgonia.Node { return k.units }

// Len returns how many units are kept, and of how many.
func (k *Kept) Len() (kept, of int) { return k.thinning.k, k.thinning.n }

// Scale multiplies the activations y of kept units, of shape (N, k), by n/k,
// which preserves the mean of the next layer's sums. Each Kept scales one y,
// here or inside a fused op such as ThinnedDense of package nn.
func (k *Kept) Scale(y *gorgonia.Node) (*gorgonia.Node, error) {
	return apply(scaled{k.thinning}, y, k.units)
}

// Factor returns the factor for the given number of kept units.
func (k *Kept) Factor(kept int) float64 { return k.thinning.factor(kept) }

// Draws describes to audits an op that scales the kept units of its output.
func (k *Kept) Draws() draw.Drawing { return scaled{k.thinning}.Draws() }

// String distinguishes the units from others.
func (k *Kept) String() string { return k.thinning.String() }

// Select returns the columns of x, of shape (N, n), that are kept, multiplied
// by n/k, as a node of shape (N, k): what [ExactK] leaves of x.
func (k *Kept) Select(x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := Submatrix(x, nil, k)
	if err != nil {
		return nil, err
	}
	return k.Scale(y)
}

// thinning :: Int64 → Vector Int
//
// The input is the step. Since the units are values of the graph and not drawn
// by each op, all parts of a run agree on them.
type thinning struct {
	op.NoGradient
	*draw.Source
	rate     schedule.Schedule
	n, k     int
	choosers sync.Pool // of *chooser
	columns  sync.Pool // of *units.Units: those kept, as loops over columns take them
}

// chooser draws masks into its own memory.
type chooser struct {
	mask.Chooser
	bits []uint64
}

func (f *thinning) Name() string       { return "KeepColumns" }
func (f *thinning) Rank() int          { return 1 }
func (f *thinning) Inputs() []op.Input { return []op.Input{draw.StepInput()} }
func (f *thinning) Loops() op.Loops    { return op.Loops{IDs: f.choose} }

func (f *thinning) String() string {
	return fmt.Sprintf("KeepColumns{k=%d n=%d %v}", f.k, f.n, f.Source)
}

func (f *thinning) Shape([]tensor.Shape) (tensor.Shape, error) { return tensor.Shape{f.k}, nil }

// Draws describes the drawing for graphs in which no op scales what is kept.
func (f *thinning) Draws() draw.Drawing {
	return draw.Drawing{Source: f.Source, Rate: f.rate, Dropped: draw.Elsewhere, Drops: true}
}

// RunShape returns the shape of all units if dropout is not active.
func (f *thinning) RunShape(step int64) tensor.Shape {
	if f.Active(step) {
		return tensor.Shape{f.k}
	}
	return tensor.Shape{f.n}
}

// factor returns what k kept units are multiplied by.
func (f *thinning) factor(k int) float64 { return float64(f.n) / float64(k) }

// choose sets units to the indices of the kept units.
func (f *thinning) choose(units []int, in op.Args[float32]) error {
	c, ok := f.choosers.Get().(*chooser)
	if !ok {
		c = &chooser{bits: mask.NewBits(f.n)}
	}
	defer f.choosers.Put(c)
	c.ExactK(c.bits, f.n, len(units), f.Stream(in.Step))
	mask.AppendIndices(units[:0], c.bits)
	return nil
}

// scaled :: (N, k) a → Vector Int → (N, k) a
//
// For audits, it represents the dropout in its graph.
type scaled struct{ kept *thinning }

// Draws describes the dropout that the op represents.
func (f scaled) Draws() draw.Drawing {
	return draw.Drawing{Source: f.kept.Source, Rate: f.kept.rate, Shared: []bool{true, false}, Dropped: draw.Output, Drops: true}
}

func (scaled) Role() op.Role    { return op.RoleDropout }
func (f scaled) Name() string   { return "Kept.Scale" }
func (f scaled) String() string { return "Scale{" + f.kept.String() + "}" }
func (f scaled) Rank() int      { return 2 }
func (f scaled) Inputs() []op.Input {
	return []op.Input{{Name: "y", Rank: 2}, {Name: "units", Rank: 1, Of: op.IDs}}
}

func (f scaled) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][1] != in[1][0] {
		return nil, errors.Errorf("y must have shape (N, %d), got %v", in[1][0], in[0])
	}
	return in[0].Clone(), nil
}

func (f scaled) Loops() op.Loops { return op.Bind(f, scale, scale) }

func scale[F op.Float](f scaled, y []F, in op.Args[F]) error {
	by := F(f.kept.factor(len(in.IDs[1])))
	x := in.Floats[0][:len(y)]
	// Products in the cache are quick: another core pays only for many of them.
	const run = 64
	parallel.Ranges((len(y)+run-1)/run, run/8, func(from, to int) {
		from, to = from*run, min(to*run, len(y))
		y := y[from:to]
		for i, v := range x[from:to] {
			y[i] = by * v
		}
	})
	return nil
}

func (f scaled) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(f, dy, x[1]), nil}
}
