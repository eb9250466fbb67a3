package nn

import (
	"sync"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"gonum.org/v1/gonum/blas"
	"gorgonia.org/tensor"
)

// matrix is a row-major matrix in memory, or the transpose of one.
type matrix[F op.Float] struct {
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

// gemm sets c, of rows × cols, to a·b + beta·c, where inner is the inner
// dimension. It runs on the BLAS of package tensor: the one given to
// gorgonia.Use or tensor.Use, or else Gonum's. No size may be 0.
func gemm[F op.Float](rows, cols, inner int, a, b matrix[F], beta F, c []F, stride int) {
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

// callers are goroutines that need products at the same time. With a BLAS that
// divides large products among its own threads they take turns: two such calls
// at a time would have more threads than cores, waiting for each other.
type callers struct {
	threaded bool
	mu       sync.Mutex
}

// threadedSize is the number of multiplications up to which OpenBLAS computes a
// product in the thread of the caller.
const threadedSize = 1 << 18

func newCallers() *callers {
	lib, ok := tensor.WhichBLAS().(interface {
		Library() string
		Threads() int
	})
	return &callers{threaded: ok && lib.Library() != "" && lib.Threads() > 1}
}

// gemmAmong is gemm for one of several callers.
func gemmAmong[F op.Float](among *callers, rows, cols, inner int, a, b matrix[F], beta F, c []F, stride int) {
	if among.threaded && rows*cols*inner > threadedSize {
		among.mu.Lock()
		defer among.mu.Unlock()
	}
	gemm(rows, cols, inner, a, b, beta, c, stride)
}
