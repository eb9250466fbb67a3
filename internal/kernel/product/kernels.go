package product

import (
	"sync"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// kernels are the loops of one instruction set and type of element.
type kernels[F Float] struct {
	set    isa.Set
	rows   int  // of a tile at most
	lanes  int  // elements of a vector; a tile has one or two vectors of columns
	masked bool // tile leaves what is beyond its columns alone
	depth  int  // how much of k is packed at a time
	packed int  // bytes of a that are packed at a time: they should stay in the second-level cache
	grain  int  // multiply-adds that pay for a goroutine

	tile      tileFunc[F]
	transpose transposeFunc[F]
	copyRows  copyRowsFunc[F]
	prefetch  prefetchFunc[F] // nil if there is none

	// These take n elements side by side: sums a multiple of the number of chains, to
	// chain i modulo that number, and the others a multiple of the lanes.
	dot      func(sums, x, y *F, n int)
	absolute func(sums, x *F, n int)
	axpy     func(alpha F, x, y *F, n int) // y += alpha*x, fused
	scale    func(alpha F, x *F, n int)

	sparse *sparse[F] // nil if there are none

	jobs    sync.Pool // of *job[F]
	teams   parallel.Team[*job[F]]
	workers sync.Pool // of *worker[F]
}

// tileFunc computes c += a*b, or c = a*b unless add is 1, for a tile of at most so many
// rows and one or two vectors of columns. The elements (i, p) of a are at a[p*aStep+i],
// the rows of b at b[p*bStep] and those of c at c[i*cStep]. The last vector has as many
// columns as cols leaves for it. Loops that are not masked take it for whole.
type tileFunc[F Float] func(rows, vectors, k int, a *F, aStep int, b *F, bStep int, c *F, cStep, cols, add int)

// transposeFunc sets a vector at dst[p*step] to the elements p of rows, one a lane, for
// all p below k.
type transposeFunc[F Float] func(dst *F, step int, rows **F, k int)

// copyRowsFunc sets one vector, or two where cols needs them, at dst[p*step] to the first
// cols elements at src[p*ld], for all p below k. The other lanes are unspecified.
type copyRowsFunc[F Float] func(dst *F, step int, src *F, ld, k, cols int)

// prefetchFunc asks for the first cols elements at src[p*ld], for all p below rows.
type prefetchFunc[F Float] func(src *F, ld, rows, cols int)

// maxLanes is the most lanes of all vectors.
const maxLanes = 16

// size is that of an element.
func (*kernels[F]) size() int { return int(unsafe.Sizeof(*new(F))) }

// columns is the number of columns of a whole tile.
func (k *kernels[F]) columns() int { return 2 * k.lanes }

// vectors is how many vectors hold so many columns.
func (k *kernels[F]) vectors(cols int) int { return (cols + k.lanes - 1) / k.lanes }

// Kernels of the sets of this machine, the best last, and those in use.
var (
	sets32   = kernels32()
	sets64   = kernels64()
	active32 = sync.OnceValue(func() *kernels[float32] { return pick(sets32, isa.Active()) })
	active64 = sync.OnceValue(func() *kernels[float64] { return pick(sets64, isa.Active()) })
)

// Name returns the name of the instruction set in use: "generic", "avx2", "avx512" or
// "neon".
func Name() string { return active32().set.String() }

// pick returns the kernels of an instruction set, those in Go where there are none.
func pick[F Float](all []*kernels[F], set isa.Set) *kernels[F] {
	for _, k := range all {
		if k.set == set {
			return k
		}
	}
	return all[0]
}

// active returns the kernels in use.
func active[F Float]() *kernels[F] {
	if unsafe.Sizeof(*new(F)) == 8 {
		k, _ := any(active64()).(*kernels[F])
		return k
	}
	k, _ := any(active32()).(*kernels[F])
	return k
}
