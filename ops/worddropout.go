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
)

// WordDropout replaces words before their embedding: with probability p each of
// ids becomes the id unknown, and otherwise it stays the same. At inference ids
// pass unchanged.
//
// ids is an int node of rank 1 or more, usually (N, T), and so is the result;
// nothing is rescaled and there is no gradient. p is rounded to a multiple of
// 1/65536; at p = 0 ids pass unchanged, and at p = 1 all become unknown. It is
// an error if p is outside [0, 1] or NaN. Modes, masks and options are those of
// [Dropout]. Ids that mark the start or the padding of a sentence are replaced
// too: if that matters, drop before you add them.
//
// Source: Bowman et al., "Generating Sentences from a Continuous Space", CoNLL
// 2016, section 3.1, in terms of the drop instead of the keep rate.
func WordDropout(ids *gorgonia.Node, p float64, unknown int, opts ...Option) (*gorgonia.Node, error) {
	const name = "ops: WordDropout"
	if ids == nil || ids.Graph() == nil {
		return nil, errors.Errorf("%s: ids must be a node of a graph, got none", name)
	}
	if dt, err := op.DtypeOf(ids); err != nil || dt != tensor.Int || ids.Dims() == 0 {
		return nil, errors.Errorf("%s: ids must be of int and rank 1 or more, got %v", name, ids.Type())
	}
	m, err := draw.Collect(opts).Mask(ids, p, draw.CheckRate, nil)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	return apply(words{mask: m, rank: ids.Dims(), unknown: unknown}, append(gorgonia.Nodes{ids}, m.Nodes()...)...)
}

// words :: Tensor Int → Int64 → [f] → Tensor Int
//
// The output is the first tensor with unknown in place of each id that the mask
// drops.
type words struct {
	op.NoGradient
	mask          draw.Mask
	rank, unknown int
}

func (f words) Name() string   { return "WordDropout" }
func (f words) Rank() int      { return f.rank }
func (f words) String() string { return fmt.Sprintf("WordDropout{unknown=%d %v}", f.unknown, f.mask) }

func (f words) Inputs() []op.Input {
	return append([]op.Input{{Name: "ids", Rank: f.rank, Of: op.IDs}}, f.mask.Inputs()...)
}

func (f words) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }
func (f words) SetTraining(training bool)                     { f.mask.SetTraining(training) }
func (words) Role() op.Role                                   { return op.RoleDropout }
func (f words) Draws() draw.Drawing                           { return f.mask.Drawing(0) }
func (f words) Loops() op.Loops                               { return op.Loops{IDs: f.replace} }

// Copy returns the function with another source.
func (f words) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.mask, err = f.mask.Copy(source)
	return f, err
}

func (f words) replace(y []int, in op.Args[float32]) error {
	copy(y, in.IDs[0])
	if !f.mask.Active(in.Step) {
		return nil
	}
	p, err := f.mask.RateAt(in.Step, in.Scalar)
	if err != nil {
		return err
	}
	// The layout tells which bit of the mask belongs to an element.
	l := f.mask.Layout(in.Shapes[0])
	kept := make([]float32, len(y))
	for i := range kept {
		kept[i] = 1
	}
	b := mask.Bits{Layout: l, Kept: mask.Draw(l, f.mask.Stream(in.Step), drop.Threshold(p)), Form: mask.Scaled(1)}
	b.Float32(kept, kept)
	for i, k := range kept {
		if k == 0 {
			y[i] = f.unknown
		}
	}
	return nil
}
