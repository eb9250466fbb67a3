package nn

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Embedding returns the rows of weights, of shape (V, D) and float32 or
// float64, that ids select. ids is an int node of rank 1 or more; for shape (N,
// T) the result has shape (N, T, D). An id outside [0, V) is an [ExampleError]
// when the graph runs. The gradient of a row is the sum of the gradients where
// it was used, added in that order; it is zero for rows that were not used.
//
// ids may also have the type of weights and hold whole numbers, for models that
// are fed only floats.
func Embedding(weights, ids *gorgonia.Node) (*gorgonia.Node, error) {
	f := embedding{ids: op.IDs}
	if ids != nil && ids.Graph() != nil {
		f.dims = ids.Dims()
		if f.dims < 1 {
			return nil, errors.Errorf("nn: Embedding: ids must have rank 1 or more, got shape %v", ids.Shape())
		}
		if dt, err := op.DtypeOf(ids); err == nil && (dt == tensor.Float32 || dt == tensor.Float64) {
			f.ids = op.Constants
		}
	}
	return apply(f, weights, ids)
}

// embedding :: weights → ids → y
type embedding struct {
	dims int // of the ids
	ids  op.Content
}

func (f embedding) Name() string   { return "Embedding" }
func (f embedding) String() string { return "Embedding" }
func (f embedding) Rank() int      { return f.dims + 1 }

func (f embedding) Inputs() []op.Input {
	return []op.Input{{Name: "weights", Rank: 2}, {Name: "ids", Rank: f.dims, Of: f.ids}}
}

func (f embedding) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return append(in[1].Clone(), in[0][1]), op.NotEmpty("weights", in[0])
}

func (embedding) Role() op.Role { return op.RoleEmbedding }

func (f embedding) Loops() op.Loops { return op.LoopsOf(lookUp, lookUp) }

// ids returns the ids of input i, or an error unless all are below the number
// of rows.
func ids[F op.Float](in op.Args[F], i, rows int) ([]int, error) {
	var ids []int
	if in.IDs != nil {
		ids = in.IDs[i]
	}
	perExample := max(1, in.Shapes[i].TotalSize()/max(1, in.Shapes[i][0]))
	for n, x := range in.Floats[i] {
		if x != F(int(x)) {
			return nil, exampleError(n, perExample, "id", "must be a whole number, got %v", x)
		}
		ids = append(ids, int(x))
	}
	for n, id := range ids {
		if id < 0 || id >= rows {
			return nil, exampleError(n, perExample, "id", "must be in [0, %d), got %d", rows, id)
		}
	}
	return ids, nil
}

func lookUp[F op.Float](y []F, in op.Args[F]) error {
	rows, width := in.Shapes[0][0], in.Shapes[0][1]
	ids, err := ids(in, 1, rows)
	if err != nil {
		return err
	}
	parallel.Ranges(len(ids), width, func(from, to int) {
		for i, id := range ids[from:to] {
			copy(y[(from+i)*width:(from+i+1)*width], in.Floats[0][id*width:])
		}
	})
	return nil
}

func (f embedding) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 2 {
		return c.Stop()
	}
	return []op.Operand{c.Of(embeddingDiff{f, s[0]}, x[1], dy), nil}
}

// embeddingDiff computes the gradient of the weights, with the given number of
// rows, from the ids and the gradient of y.
type embeddingDiff struct {
	embedding
	rows int
}

func (f embeddingDiff) String() string { return fmt.Sprintf("Embedding'{rows=%d}", f.rows) }
func (f embeddingDiff) Rank() int      { return 2 }

func (f embeddingDiff) Inputs() []op.Input {
	return []op.Input{{Name: "ids", Rank: f.dims, Of: f.ids}, {Name: "gradient of y", Rank: f.dims + 1}}
}

func (f embeddingDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	width := in[1][f.dims]
	return tensor.Shape{f.rows, width}, op.SameShape(in[1], append(in[0].Clone(), width), nil)
}

func (f embeddingDiff) Loops() op.Loops { return op.Bind(f, scatterRows, scatterRows) }

func scatterRows[F op.Float](f embeddingDiff, dw []F, in op.Args[F]) error {
	ids, err := ids(in, 0, f.rows)
	if err != nil {
		return err
	}
	clear(dw)
	width := in.Shapes[1][f.dims]
	for i, id := range ids {
		row := dw[id*width : (id+1)*width]
		for j, g := range in.Floats[1][i*width : (i+1)*width] {
			row[j] += g
		}
	}
	return nil
}

func (f embeddingDiff) Derive(c *op.Calculus, x []op.Operand, _, ddw op.Operand) []op.Operand {
	return []op.Operand{nil, c.Of(f.embedding, ddw, x[0])}
}

func (embeddingDiff) Role() op.Role { return op.RoleOther }
