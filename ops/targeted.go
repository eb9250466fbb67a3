package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// TargetedDropout drops weights that will hardly be missed, so that a network
// learns to do without them and they can be pruned after training: of each
// output of a layer the given share of the weights with the smallest magnitudes
// are candidates, and each candidate is zeroed with probability p. All others
// pass unchanged, and nothing is rescaled. Use it in place of the weights w of
// shape (inputs, outputs), as [DropConnect]:
//
//	dropped, err := ops.TargetedDropout(w, 0.75, 0.5)
//	...
//	h, err := gorgonia.Mul(x, dropped)
//
// At inference w passes unchanged, to be used as it is or pruned first;
// models.PruneTargeted does that. [WithShare] and [WithRate] let both settings
// grow during training, as in the authors' experiments:
//
//	ops.WithShare(schedule.Linear{To: 0.75, End: 20000})
//
// w is a float32 or float64 matrix. The candidates of each of its columns are
// chosen anew in each run: their number is the share of the column's length,
// rounded half up (the authors' code rounds down); of two equal magnitudes the
// one of the first row counts as smaller, and NaN as larger than all others. p
// is rounded to a multiple of 1/65536. With p = 0 or a share of 0 w passes
// unchanged, with p = 1 all candidates are zero. It is an error if p or share is
// outside [0, 1] or NaN, or w of another rank than 2.
//
// The mask is that of [DropConnect], which [MaskAt] returns: a candidate is
// dropped where DropConnect would drop it. Gradients pass through the weights
// that were kept; the choice of candidates has none. The op can be
// differentiated any number of times. A solver updates w itself: a dropped
// weight can grow, and cease to be a candidate.
//
// Source: Gomez, Zhang, Kamalakara, Madaan, Swersky, Gal and Hinton, "Learning
// Sparse Networks Using Targeted Dropout", 2019 (arXiv 1905.13678), and the
// authors' code: their gamma is share, their alpha p.
func TargetedDropout(w *gorgonia.Node, share, p float64, opts ...TargetedOption) (*gorgonia.Node, error) {
	return newTargeted("TargetedDropout", false, w, share, p, opts)
}

// TargetedUnitDropout is [TargetedDropout] of whole units: of the columns of w
// the given share with the smallest Euclidean norms are candidates, and each
// candidate is zeroed as a whole with probability p. A bias is left alone. The
// mask is that of [Dropout] for the shape (1, outputs). (The authors' code drops
// the weights of candidates one by one.)
func TargetedUnitDropout(w *gorgonia.Node, share, p float64, opts ...TargetedOption) (*gorgonia.Node, error) {
	return newTargeted("TargetedUnitDropout", true, w, share, p, opts)
}

func newTargeted(name string, units bool, w *gorgonia.Node, share, p float64, opts []TargetedOption) (*gorgonia.Node, error) {
	if err := checkFloats(w); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	if w.Dims() != 2 {
		return nil, errors.Errorf("ops: %s: x must have shape (inputs, outputs), got %v", name, w.Shape())
	}
	f := targeted{name: name, units: units}
	settings := draw.Collect(opts)
	var err error
	if f.share, err = settings.Share(share); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	if f.mask, err = settings.Mask(w, p, draw.CheckRate, func(axis int) bool { return units && axis == 0 }); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	return apply(f, append(gorgonia.Nodes{w, w}, f.mask.Nodes()...)...)
}

// targeted :: Matrix f → Matrix f → Int64 → Matrix f
//
// The inputs are what is dropped, the weights by whose magnitudes it is, and the
// step. The op is linear in the first: its derivative is the same op of the
// gradient.
type targeted struct {
	op.Elementwise
	name  string
	units bool
	share schedule.Schedule
	mask  draw.Mask
}

func (f targeted) Name() string { return f.name }
func (f targeted) Rank() int    { return 2 }

func (f targeted) String() string {
	return fmt.Sprintf("%s{%s %v}", f.name, draw.Identify("share", f.share), f.mask)
}

func (f targeted) Inputs() []op.Input {
	return append([]op.Input{{Name: "x", Rank: 2}, {Name: "weights", Rank: 2, Of: op.Constants}}, f.mask.Inputs()...)
}

func (f targeted) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return sameShapes(in, "x and weights")
}

func (f targeted) SetTraining(training bool) { f.mask.SetTraining(training) }
func (f targeted) Draws() draw.Drawing       { return f.mask.Drawing(0) }
func (f targeted) Loops() op.Loops           { return op.Bind(f, dropTargets, dropTargets) }
func (f targeted) Role() op.Role             { return op.RoleDropout }

// Copy returns the function with another source.
func (f targeted) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.mask, err = f.mask.Copy(source)
	return f, err
}

func dropTargets[F op.Float](f targeted, y []F, in op.Args[F]) error {
	x, w := in.Floats[0], in.Floats[1]
	if !f.mask.Active(in.Step) {
		copy(y, x)
		return nil
	}
	p, err := f.mask.RateAt(in.Step, in.Scalar)
	if err != nil {
		return err
	}
	share := f.share.At(in.Step)
	if err := draw.CheckShare(share); err != nil {
		return errors.Wrapf(err, "share at step %d", in.Step)
	}
	targets := smallest(w, in.Shapes[1], share, f.units)
	l := f.mask.Layout(in.Shapes[0])
	kept := mask.Draw(l, f.mask.Stream(in.Step), drop.Threshold(p))
	for i, t := range targets {
		kept[i] |= ^t
	}
	mask.Apply(mask.Bits{Layout: l, Kept: kept, Form: mask.Scaled(1)}, y, x)
	return nil
}

// smallest returns the bits of the weights of a matrix, or of its columns if
// units is true, that a share of it has as candidates.
func smallest[F op.Float](w []F, shape tensor.Shape, share float64, units bool) []uint64 {
	rows, cols := shape[0], shape[1]
	if units {
		return mask.SmallestColumns(w, cols, cols-KeptCount(cols, share))
	}
	return mask.Smallest(w, cols, rows-KeptCount(rows, share))
}

// Derive returns the gradient of x.
func (f targeted) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(f, append([]op.Operand{dy}, x[1:]...)...)
	return grads
}
