package nn

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// attentionDiff computes the gradient of a source from the sources, the mask,
// the weights, the gradient of y and the step.
type attentionDiff struct {
	*attention
	op.NotDifferentiable
	source int
}

func (f attentionDiff) String() string {
	if f.sources == 1 {
		return f.describe("'")
	}
	return f.describe(fmt.Sprintf("' %d", f.source))
}

func (f attentionDiff) Rank() int { return 3 }

func (f attentionDiff) Inputs() []op.Input {
	return slices.Concat(f.inputs(op.Floats), []op.Input{{Name: "weights", Rank: 4}, {Name: "gradient of y", Rank: 3}}, f.drop.Inputs())
}

func (f attentionDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	given := f.given()
	want, err := attentionOutput{f.attention}.Shape(in[:given+1])
	return in[f.source].Clone(), op.SameShape(in[given+1], want, err)
}

func (f attentionDiff) Loops() op.Loops { return op.Bind(f, attentionBack, attentionBack) }

func attentionBack[F op.Float](f attentionDiff, d []F, in op.Args[F]) error {
	s, threshold, err := f.drop.At(in.Step)
	if err != nil {
		return err
	}
	present, err := presentKeys(f.attention, in)
	if err != nil {
		return err
	}
	weights, upstream := in.Floats[f.given()], in.Floats[f.given()+1]
	area := in.Shapes[0][1] * f.keys(in.Shapes)
	pool := parallel.ScratchOf[F](&f.mem)
	// The gradients of the sources have their form.
	of := op.Args[F]{Floats: slices.Clone(in.Floats), Shapes: in.Shapes}
	of.Floats[f.source] = d
	parallel.Each(len(weights)/area, 16*area, func(i int) {
		h := headOf(f.attention, in, i)
		dh := headOf(f.attention, of, i)
		dh.wanted = wantedGradients{queries: f.source == 0, keys: f.source == f.sources-1}
		w := weights[i*area : (i+1)*area]
		dy := matrix[F]{data: upstream[h.place:], stride: h.stride}
		memory := pool.Take(area)
		defer pool.Give(memory)
		dropped := func(to, from []F) {
			if threshold > 0 {
				drop.Apply(to, from, uint64(i*area), s, threshold)
			}
		}
		kept := w
		if threshold > 0 {
			dropped(memory, w)
			kept = memory
		}
		if !f.masked {
			h.back(dh, w, kept, memory, dy, func(dw []F) { dropped(dw, dw) })
			return
		}
		dh.clear()
		some := compactionOf(present, f.attention, h, i)
		if len(some.keys) == 0 {
			return
		}
		compact := pool.Take(2*some.size() + 2*some.area() + some.rows()*h.width)
		defer pool.Give(compact)
		c, rest := some.head(compact)
		someKept, rest := rest[:some.area()], rest[some.area():]
		some.gather(someKept, kept)
		dc, rest := some.in(rest, dh)
		someWeights, rest := rest[:some.area()], rest[some.area():]
		some.gather(someWeights, w)
		someDy := dy
		if some.queries != nil {
			someDy = matrix[F]{data: rest, stride: h.width}
			someDy.take(some.queries, dy, h.width)
		}
		c.back(dc, someWeights, someKept, someKept, someDy, func(dw []F) {
			if threshold > 0 {
				// The mask is that of all keys.
				clear(memory)
				some.spread(memory, dw)
				dropped(memory, memory)
				some.gather(dw, memory)
			}
		})
		some.spreadHead(dh, dc)
	})
	return nil
}
