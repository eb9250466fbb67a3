package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Embedding returns the rows of weights, of shape (V, D) and float32 or float64,
// that ids name: for ids of int and shape (N, T), or any other of rank 1 or more,
// the result has shape (N, T, D). An id outside [0, V) is an error when the graph
// runs. The gradient of a row is the sum of the gradients of its places, added in
// their order; rows that are not named have a gradient of zero.
//
// ids may also be of the type of weights and hold whole numbers, for models that
// are fed nothing but floats.
func Embedding(weights, ids *gorgonia.Node) (*gorgonia.Node, error) {
	f := embedding{ids: indices}
	if ids != nil && ids.Graph() != nil {
		f.dims = ids.Dims()
		if f.dims < 1 {
			return nil, errors.Errorf("ops: Embedding: ids must have rank 1 or more, got shape %v", ids.Shape())
		}
		if dt, err := dtypeOf(ids); err == nil && (dt == tensor.Float32 || dt == tensor.Float64) {
			f.ids = constants
		}
	}
	return applyFunction(f, weights, ids)
}

// embedding :: weights → ids → y
type embedding struct {
	dims int // of the ids
	ids  content
}

func (f embedding) name() string   { return "Embedding" }
func (f embedding) String() string { return "Embedding" }
func (f embedding) rank() int      { return f.dims + 1 }

func (f embedding) inputs() []slot { return []slot{{"weights", 2, floats}, {"ids", f.dims, f.ids}} }

func (f embedding) shape(in []tensor.Shape) (tensor.Shape, error) {
	return append(in[1].Clone(), in[0][1]), positive("weights", in[0])
}

func (f embedding) float32s(y []float32, in arguments[float32]) error { return lookUp(y, in) }
func (f embedding) float64s(y []float64, in arguments[float64]) error { return lookUp(y, in) }

// ids returns the ids of input i, all of which name one of the given number of
// rows.
func ids[F float](in arguments[F], i, rows int) ([]int, error) {
	ids := in.ints[i]
	perExample := max(1, in.shapes[i].TotalSize()/max(1, in.shapes[i][0]))
	for n, x := range in.floats[i] {
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

func lookUp[F float](y []F, in arguments[F]) error {
	rows, width := in.shapes[0][0], in.shapes[0][1]
	ids, err := ids(in, 1, rows)
	if err != nil {
		return err
	}
	ranges(len(ids), width, func(from, to int) {
		for i, id := range ids[from:to] {
			copy(y[(from+i)*width:(from+i+1)*width], in.floats[0][id*width:])
		}
	})
	return nil
}

func (f embedding) derive(c *calculus, x []operand, _, dy operand) []operand {
	s := shapeOf(x[0])
	if len(s) != 2 {
		return c.stop(f)
	}
	return []operand{c.of(embeddingDiff{f, s[0]}, x[1], dy), nil}
}

// embeddingDiff is the gradient of the weights, of the given number of rows, from
// the ids and the gradient of y.
type embeddingDiff struct {
	embedding
	rows int
}

func (f embeddingDiff) String() string { return fmt.Sprintf("Embedding'{rows=%d}", f.rows) }
func (f embeddingDiff) rank() int      { return 2 }

func (f embeddingDiff) inputs() []slot {
	return []slot{{"ids", f.dims, f.ids}, {"gradient of y", f.dims + 1, floats}}
}

func (f embeddingDiff) shape(in []tensor.Shape) (tensor.Shape, error) {
	width := in[1][f.dims]
	return tensor.Shape{f.rows, width}, sameShape(in[1], append(in[0].Clone(), width), nil)
}

func (f embeddingDiff) float32s(dw []float32, in arguments[float32]) error {
	return scatterRows(f, dw, in)
}

func (f embeddingDiff) float64s(dw []float64, in arguments[float64]) error {
	return scatterRows(f, dw, in)
}

func scatterRows[F float](f embeddingDiff, dw []F, in arguments[F]) error {
	ids, err := ids(in, 0, f.rows)
	if err != nil {
		return err
	}
	clear(dw)
	width := in.shapes[1][f.dims]
	for i, id := range ids {
		row := dw[id*width : (id+1)*width]
		for j, g := range in.floats[1][i*width : (i+1)*width] {
			row[j] += g
		}
	}
	return nil
}

func (f embeddingDiff) derive(c *calculus, x []operand, _, ddw operand) []operand {
	return []operand{nil, c.of(f.embedding, ddw, x[0])}
}
