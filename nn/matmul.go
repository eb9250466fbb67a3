package nn

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A MatMulOption describes the factors of [MatMul].
type MatMulOption func(*matMul)

// WithTransposedA takes the matrices of a as transposed, of shape (..., K, M).
func WithTransposedA() MatMulOption { return func(f *matMul) { f.transA = true } }

// WithTransposedB takes the matrices of b as transposed, of shape (..., N, K),
// as for the scores of attention.
func WithTransposedB() MatMulOption { return func(f *matMul) { f.transB = true } }

// MatMul returns the products of the matrices of a, of shape (..., M, K), with
// those of b, of shape (..., K, N), as shape (..., M, N). The axes before the
// last two count the matrices and must agree. If b is a single matrix, every
// matrix of a is multiplied by it; a must then not be transposed. Both are
// float32, or both float64. Products run on the BLAS given to gorgonia.Use,
// several at a time. The op can be differentiated any number of times.
func MatMul(a, b *gorgonia.Node, opts ...MatMulOption) (*gorgonia.Node, error) {
	var f matMul
	for _, opt := range opts {
		opt(&f)
	}
	if a == nil || b == nil {
		return nil, errors.New("nn: MatMul: a and b must be nodes, got none")
	}
	f.dims = a.Dims()
	if f.dims < 2 || b.Dims() != f.dims && b.Dims() != 2 {
		return nil, errors.Errorf("nn: MatMul: a must have rank 2 or more and b the same or 2, got shapes %v and %v", a.Shape(), b.Shape())
	}
	if f.dims > 2 && b.Dims() == 2 {
		if f.transA {
			return nil, errors.New("nn: MatMul: a must not be transposed where b is one matrix, got WithTransposedA")
		}
		return apply(rowsMatMul{f.dims, f.transB}, a, b)
	}
	return apply(f, a, b)
}

// matMul multiplies matrices pairwise; both inputs have rank dims.
type matMul struct {
	dims           int
	transA, transB bool
}

func (f matMul) Name() string   { return "MatMul" }
func (f matMul) String() string { return fmt.Sprintf("MatMul{%v %v}", f.transA, f.transB) }
func (f matMul) Rank() int      { return f.dims }
func (f matMul) Inputs() []op.Input {
	return []op.Input{{Name: "a", Rank: f.dims}, {Name: "b", Rank: f.dims}}
}

// swapped returns a pair, in reverse order if swap.
func swapped(x, y int, swap bool) (int, int) {
	if swap {
		return y, x
	}
	return x, y
}

// sizes returns the sizes of each product.
func (f matMul) sizes(in []tensor.Shape) (m, n, k int) {
	m, k = swapped(in[0][f.dims-2], in[0][f.dims-1], f.transA)
	_, n = swapped(in[1][f.dims-2], in[1][f.dims-1], f.transB)
	return m, n, k
}

func (f matMul) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if a, b := in[0][:f.dims-2], in[1][:f.dims-2]; f.dims > 2 && !a.Eq(b) {
		return nil, errors.Errorf("b must have as many matrices as a, of shape %v, got shape %v", in[0], in[1])
	}
	m, n, k := f.sizes(in)
	if rows, _ := swapped(in[1][f.dims-2], in[1][f.dims-1], f.transB); rows != k {
		return nil, errors.Errorf("b must have matrices of %d rows for a of shape %v, got shape %v", k, in[0], in[1])
	}
	if err := op.NotEmpty("a", in[0]); err != nil {
		return nil, err
	}
	return append(in[0][:f.dims-2].Clone(), m, n), op.NotEmpty("b", in[1])
}

func (matMul) Role() op.Role { return op.RoleWeights }

func (f matMul) Loops() op.Loops { return op.Bind(f, multiply, multiply) }

func multiply[F op.Float](f matMul, y []F, in op.Args[F]) error {
	m, n, k := f.sizes(in.Shapes)
	among := newCallers()
	parallel.Each(len(y)/(m*n), m*n*k, func(i int) {
		a := matrix[F]{in.Floats[0][i*m*k:], in.Shapes[0][f.dims-1], f.transA}
		b := matrix[F]{in.Floats[1][i*k*n:], in.Shapes[1][f.dims-1], f.transB}
		gemmAmong(among, m, n, k, a, b, 0, y[i*m*n:(i+1)*m*n], n)
	})
	return nil
}

func (f matMul) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{
		f.product(c, f.transA, dy, x[1], false, !f.transB),
		f.product(c, f.transB, x[0], dy, !f.transA, false),
	}
}

// product returns a·b with the given transpositions, or the transpose of that.
func (f matMul) product(c *op.Calculus, transposed bool, a, b op.Operand, transA, transB bool) op.Operand {
	if transposed {
		// (AB)' = B'A'
		return c.Of(matMul{f.dims, !transB, !transA}, b, a)
	}
	return c.Of(matMul{f.dims, transA, transB}, a, b)
}

// rowsMatMul multiplies each row of a, of rank dims, by the single matrix b.
type rowsMatMul struct {
	dims   int
	transB bool
}

func (f rowsMatMul) Name() string   { return "MatMul" }
func (f rowsMatMul) String() string { return fmt.Sprintf("MatMul{rows %v}", f.transB) }
func (f rowsMatMul) Rank() int      { return f.dims }
func (f rowsMatMul) Inputs() []op.Input {
	return []op.Input{{Name: "a", Rank: f.dims}, {Name: "b", Rank: 2}}
}

func (f rowsMatMul) Shape(in []tensor.Shape) (tensor.Shape, error) {
	rows, n := swapped(in[1][0], in[1][1], f.transB)
	if k := in[0][f.dims-1]; rows != k {
		return nil, errors.Errorf("b must have %d rows for a of shape %v, got shape %v", k, in[0], in[1])
	}
	if err := op.NotEmpty("a", in[0]); err != nil {
		return nil, err
	}
	return append(in[0][:f.dims-1].Clone(), n), op.NotEmpty("b", in[1])
}

func (rowsMatMul) Role() op.Role { return op.RoleWeights }

func (f rowsMatMul) Loops() op.Loops { return op.Bind(f, multiplyRows, multiplyRows) }

func multiplyRows[F op.Float](f rowsMatMul, y []F, in op.Args[F]) error {
	k, n := swapped(in.Shapes[1][0], in.Shapes[1][1], f.transB)
	gemm(len(y)/n, n, k, matrix[F]{data: in.Floats[0], stride: k}, matrix[F]{in.Floats[1], in.Shapes[1][1], f.transB}, 0, y, n)
	return nil
}

func (f rowsMatMul) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	da := c.Of(rowsMatMul{f.dims, !f.transB}, dy, x[1])
	if f.transB {
		return []op.Operand{da, c.Of(rowSums{f.dims}, dy, x[0])}
	}
	return []op.Operand{da, c.Of(rowSums{f.dims}, x[0], dy)}
}

// rowSums computes the sum of the outer products of the rows of a, of shape
// (..., K), and of b, of shape (..., N): a matrix of shape (K, N).
type rowSums struct{ dims int }

func (f rowSums) Name() string   { return "MatMul" }
func (f rowSums) String() string { return "MatMul{sums}" }
func (f rowSums) Rank() int      { return 2 }
func (f rowSums) Inputs() []op.Input {
	return []op.Input{{Name: "a", Rank: f.dims}, {Name: "b", Rank: f.dims}}
}

func (f rowSums) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0][:f.dims-1].Eq(in[1][:f.dims-1]) {
		return nil, errors.Errorf("b must have as many rows as a, of shape %v, got shape %v", in[0], in[1])
	}
	if err := op.NotEmpty("a", in[0]); err != nil {
		return nil, err
	}
	return tensor.Shape{in[0][f.dims-1], in[1][f.dims-1]}, op.NotEmpty("b", in[1])
}

func (f rowSums) Loops() op.Loops { return op.Bind(f, sumRows, sumRows) }

func sumRows[F op.Float](f rowSums, y []F, in op.Args[F]) error {
	k, n := in.Shapes[0][f.dims-1], in.Shapes[1][f.dims-1]
	gemm(k, n, len(in.Floats[0])/k, matrix[F]{in.Floats[0], k, true}, matrix[F]{data: in.Floats[1], stride: n}, 0, y, n)
	return nil
}

func (f rowSums) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{
		c.Of(rowsMatMul{f.dims, true}, x[1], dy),
		c.Of(rowsMatMul{f.dims, false}, x[0], dy),
	}
}
