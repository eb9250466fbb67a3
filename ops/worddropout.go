package ops

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// WordDropout replaces words before their embedding: each of ids becomes the id
// unknown with probability p and else stays what it is. At inference ids pass
// unchanged.
//
// ids is a node of int of rank 1 or more, usually (N, T), and so is the result;
// there is nothing to rescale and no gradient. p is rounded to a multiple of
// 1/65536; at p = 0 ids pass unchanged, at p = 1 all are unknown. It is an error
// if p is outside [0, 1] or NaN. Modes, masks and options are those of Dropout.
// Ids that mark the start or the padding of a sentence are replaced too: where
// that matters, drop before they are added.
//
// Source: Bowman et al., "Generating Sentences from a Continuous Space", CoNLL
// 2016, section 3.1, in terms of the drop instead of the keep rate.
func WordDropout(ids *gorgonia.Node, p float64, unknown int, opts ...Option) (*gorgonia.Node, error) {
	const name = "ops: WordDropout"
	if ids == nil || ids.Graph() == nil {
		return nil, errors.Errorf("%s: ids must be a node of a graph, got none", name)
	}
	if dt, err := dtypeOf(ids); err != nil || dt != tensor.Int || ids.Dims() == 0 {
		return nil, errors.Errorf("%s: ids must be of int and rank 1 or more, got %v", name, ids.Type())
	}
	// The mask is dropout of ones. Ones of one shape may well merge: they are the
	// same.
	shape := ids.Shape()
	ones := gorgonia.NewTensor(ids.Graph(), tensor.Float32, len(shape), gorgonia.WithShape(shape...),
		gorgonia.WithName(fmt.Sprintf("ones %v", shape)), gorgonia.WithValue(tensor.Ones(tensor.Float32, shape...)))
	kept, err := newMasked(variant{name: "WordDropout", kind: bernoulli{}}, ones, p, opts)
	if err != nil {
		return nil, err
	}
	y, err := gorgonia.ApplyOp(&replaceOp{len(shape), unknown}, ids, kept)
	return y, errors.Wrap(err, name)
}

// replaceOp :: Tensor-d Int → Tensor-d Float32 → Tensor-d Int
//
// The output is the first tensor with unknown in place of what is dropped: zero
// in the second. It has no derivative.
type replaceOp struct{ dims, unknown int }

func (op *replaceOp) Arity() int { return 2 }

func (op *replaceOp) Type() hm.Type {
	ids := gorgonia.TensorType{Dims: op.dims, Of: tensor.Int}
	return hm.NewFnType(ids, gorgonia.TensorType{Dims: op.dims, Of: tensor.Float32}, ids)
}

func (op *replaceOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: WordDropout: want the shape of ids, got %T", in[0])
	}
	return s.Clone(), nil
}

func (op *replaceOp) ReturnsPtr() bool     { return false }
func (op *replaceOp) OverwritesInput() int { return -1 }
func (op *replaceOp) CallsExtern() bool    { return false }
func (op *replaceOp) String() string       { return fmt.Sprintf("WordDropout{unknown=%d}", op.unknown) }

func (op *replaceOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String(), op.dims) }
func (op *replaceOp) Hashcode() uint32      { return hashOf(op) }

func (op *replaceOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 2 {
		return nil, errors.Errorf("ops: WordDropout: want ids and mask, got %d inputs", len(in))
	}
	ids, ok := in[0].(*tensor.Dense)
	if !ok || ids.Dtype() != tensor.Int {
		return nil, errors.Errorf("ops: WordDropout: ids must be a dense tensor of int, got %s", describe(in[0]))
	}
	kept, err := values[float32](in[1])
	if err != nil || len(kept) != size(ids.Shape()) {
		return nil, errors.Errorf("ops: WordDropout: mask must be of ids' shape %v, got %s", ids.Shape(), describe(in[1]))
	}
	words := ids.Ints()
	if !rowMajor(ids) {
		if words, err = gather(words, ids.Shape(), ids.Strides()); err != nil {
			return nil, errors.Wrap(err, "ops: WordDropout")
		}
	}
	out := make([]int, len(kept))
	for i, k := range kept {
		if out[i] = words[i]; k == 0 {
			out[i] = op.unknown
		}
	}
	return tensor.New(tensor.WithShape(ids.Shape().Clone()...), tensor.WithBacking(out)), nil
}

// DiffWRT says that the op is differentiable in nothing.
func (op *replaceOp) DiffWRT(inputs int) []bool { return make([]bool, inputs) }

// SymDiff returns no gradients. It is there because Gorgonia differentiates no
// graph with an op that has none.
func (op *replaceOp) SymDiff(inputs gorgonia.Nodes, _, _ *gorgonia.Node) (gorgonia.Nodes, error) {
	return make(gorgonia.Nodes, len(inputs)), nil
}

var _ gorgonia.SDOp = (*replaceOp)(nil)
