package ops

import (
	"fmt"
	"hash"
	"sync"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// Kept are the units that exact-k dropout keeps, of n units and anew at each
// step. Instead of zeroing the others a network may leave them out: its matrices
// then consist of the rows and columns of kept units alone, and at p = 0.5 a
// product of two thinned layers is a quarter of the work (Graham, Reizenstein and
// Robinson, "Efficient batchwise dropout training using submatrices", 2015).
//
// Where dropout is not active, as in machines made with gorgonia.EvalMode and at
// a negative step, all units are kept and values have the shapes of the whole
// network, though nodes have those of the thinned one. Use a TapeMachine: a
// LispMachine cannot run the node of the units.
type Kept struct {
	op    *keptOp
	units *gorgonia.Node
}

// KeepColumns returns the columns of x, of shape (N, n), that exact-k dropout
// keeps at rate p: k = KeptCount(n, p) of n. x is a batch whose inputs are to be
// dropped, or the weights of the layer whose outputs are. The units are those of
// ExactK with the same options, of which WithRate, WithRateNode, WithNoiseShape
// and WithBroadcastAxes are errors. It is an error if no unit is kept.
func KeepColumns(x *gorgonia.Node, p float64, opts ...Option) (*Kept, error) {
	const name = "KeepColumns"
	c, err := configure(name, x, opts, false)
	if err != nil {
		return nil, err
	}
	if err := checkRate(p); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	if c.rate != nil || c.hasRateNode || c.hasNoiseShape || c.broadcast != nil {
		return nil, errors.Errorf("ops: %s: p must be the rate and columns the units, got WithRate, WithRateNode, WithNoiseShape or WithBroadcastAxes", name)
	}
	if x.Dims() != 2 {
		return nil, errors.Errorf("ops: %s: x must have shape (N, n), got %v", name, x.Shape())
	}
	op := &keptOp{config: *c, n: x.Shape()[1], training: new(atomic.Bool), memory: new(keptMemory)}
	op.rate = Constant(p) // for Audit
	if op.k = KeptCount(op.n, p); op.k == 0 {
		return nil, errors.Errorf("ops: %s: one unit at least must be kept, got p = %v of %d", name, p, op.n)
	}
	op.training.Store(true)
	units, err := gorgonia.ApplyOp(op, op.step)
	if err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	return &Kept{op, units}, nil
}

// Units returns the node of the kept units' indices, ascending: a vector of int.
func (k *Kept) Units() *gorgonia.Node { return k.units }

// Len returns the numbers of units that are kept and that there are.
func (k *Kept) Len() (kept, of int) { return k.op.k, k.op.n }

// Scale multiplies the activations y of kept units, of shape (N, k), by n/k, which
// keeps the means of the sums of the next layer. Each Kept scales one y, here or in
// Dense.
func (k *Kept) Scale(y *gorgonia.Node) (*gorgonia.Node, error) {
	return applyFunction(scaled{k.op}, y, k.units)
}

// Dense returns k.Scale(Dense(x, w, b, act)) as one op, that scales in the pass of
// the activation. w leads to the kept units: it has k columns, and b k elements.
func (k *Kept) Dense(x, w, b *gorgonia.Node, act Activation) (*gorgonia.Node, error) {
	l := &linear{act: act, bias: b != nil, kept: k.op}
	return l.apply(x, w, b, k.units)
}

// Select returns the columns of kept units of x, from (N, n) to (N, k), multiplied
// by n/k: what ExactK leaves of x.
func (k *Kept) Select(x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := Submatrix(x, nil, k)
	if err != nil {
		return nil, err
	}
	return k.Scale(y)
}

// keptOp :: Int64 → Vector Int
//
// The input is the step. That the units are values of the graph, and not drawn by
// each op anew, makes all parts of a run agree on them.
type keptOp struct {
	config
	n, k     int
	training *atomic.Bool
	memory   *keptMemory
}

// keptMemory is memory that is kept from run to run: the choosers always, the
// result where that is wanted.
type keptMemory struct {
	reused
	choosers sync.Pool
}

// chooser draws masks into memory of its own.
type chooser struct {
	mask.Chooser
	bits []uint64
}

func (op *keptOp) Arity() int    { return 1 }
func (op *keptOp) Type() hm.Type { return hm.NewFnType(tensor.Int64, typeOfRank(1, tensor.Int)) }

func (op *keptOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.Shape{op.k}, op.count(len(in))
}

func (op *keptOp) count(n int) error {
	if n != 1 {
		return errors.Errorf("ops: KeepColumns: want the step, got %d inputs", n)
	}
	return nil
}

func (op *keptOp) ReturnsPtr() bool     { return false }
func (op *keptOp) CallsExtern() bool    { return false }
func (op *keptOp) OverwritesInput() int { return -1 }

func (op *keptOp) String() string {
	return fmt.Sprintf("KeepColumns{k=%d n=%d seed=%d layer=%d mode=%v}", op.k, op.n, op.seed, op.layer, op.mode)
}

func (op *keptOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String()) }
func (op *keptOp) Hashcode() uint32      { return hashOf(op) }

func (op *keptOp) layerID() uint32 { return op.layer }
func (op *keptOp) reuse()          { op.memory.reuse() }

// SetTraining makes an Auto dropout keep some units or all.
func (op *keptOp) SetTraining(training bool) error {
	op.training.Store(training)
	return nil
}

func (op *keptOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	step, err := stepIn(in[0])
	if err != nil {
		return nil, errors.Wrap(err, "ops: KeepColumns")
	}
	k := op.n
	if op.active(step, op.training.Load()) {
		k = op.k
	}
	y, ok := op.memory.memory(nil).(*tensor.Dense)
	if !ok || y.DataSize() != k {
		y = tensor.New(tensor.WithShape(k), tensor.WithBacking(make([]int, k)))
		op.memory.keep(y)
	}
	op.choose(y.Ints()[:0], k, op.stream(step))
	return y, nil
}

// scale returns what k kept units are multiplied by.
func (op *keptOp) scale(k int) float64 { return float64(op.n) / float64(k) }

// choose appends k units to units.
func (op *keptOp) choose(units []int, k int, s kernel.Stream) {
	c, ok := op.memory.choosers.Get().(*chooser)
	if !ok {
		c = &chooser{bits: mask.NewBits(op.n)}
	}
	defer op.memory.choosers.Put(c)
	c.ExactK(c.bits, op.n, k, s)
	mask.AppendIndices(units, c.bits)
}

// scaled :: (N, k) a → Vector Int → (N, k) a
//
// It stands for the dropout in its graph.
type scaled struct{ kept *keptOp }

func (f scaled) name() string   { return "Kept.Scale" }
func (f scaled) String() string { return "Scale{" + f.kept.String() + "}" }
func (f scaled) rank() int      { return 2 }
func (f scaled) inputs() []slot { return []slot{{"y", 2, floats}, {"units", 1, indices}} }

func (f scaled) shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][1] != in[1][0] {
		return nil, errors.Errorf("y must have shape (N, %d), got %v", in[1][0], in[0])
	}
	return in[0].Clone(), nil
}

func (f scaled) float32s(y []float32, in arguments[float32]) error { return scale(f, y, in) }
func (f scaled) float64s(y []float64, in arguments[float64]) error { return scale(f, y, in) }

func scale[F float](f scaled, y []F, in arguments[F]) error {
	by := F(f.kept.scale(len(in.ints[1])))
	x := in.floats[0][:len(y)]
	// A product in the cache is soon done: another core pays for many of them only.
	const run = 64
	ranges((len(y)+run-1)/run, run/8, func(from, to int) {
		from, to = from*run, min(to*run, len(y))
		y := y[from:to]
		for i, v := range x[from:to] {
			y[i] = by * v
		}
	})
	return nil
}

func (f scaled) derive(c *calculus, x []operand, _, dy operand) []operand {
	return []operand{c.of(f, dy, x[1]), nil}
}

var _ gorgonia.TrainModeOp = (*keptOp)(nil)
