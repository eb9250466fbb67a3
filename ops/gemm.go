package ops

import (
	"gonum.org/v1/gonum/blas"
	"gorgonia.org/tensor"
)

// matrix is a row-major matrix in memory, or the transpose of one.
type matrix[F float] struct {
	data       []F
	stride     int // elements from row to row of the memory
	transposed bool
}

func (m matrix[F]) trans() blas.Transpose {
	if m.transposed {
		return blas.Trans
	}
	return blas.NoTrans
}

// gemm sets c, of rows × cols, to a·b + beta·c, where the inner dimension is
// inner. It runs on the BLAS that tensor uses: what was given to gorgonia.Use or
// tensor.Use, else Gonum's. No size may be 0.
func gemm[F float](rows, cols, inner int, a, b matrix[F], beta F, c []F, stride int) {
	switch c := any(c).(type) {
	case []float32:
		x, _ := any(a.data).([]float32)
		y, _ := any(b.data).([]float32)
		tensor.WhichBLAS().Sgemm(a.trans(), b.trans(), rows, cols, inner, 1, x, a.stride, y, b.stride, float32(beta), c, stride)
	case []float64:
		x, _ := any(a.data).([]float64)
		y, _ := any(b.data).([]float64)
		tensor.WhichBLAS().Dgemm(a.trans(), b.trans(), rows, cols, inner, 1, x, a.stride, y, b.stride, float64(beta), c, stride)
	}
}
