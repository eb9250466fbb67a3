//go:build !noasm

package product

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -neon ../product_arm64.s

// Vectors are pairs of NEON's registers. Packing is in Go: it is a small part of the work.

func kernels32() []*kernels[float32] {
	return []*kernels[float32]{generic32(), {
		set: isa.NEON, rows: 6, lanes: 8, depth: 256, packed: 1 << 20, grain: 1 << 19,
		tile: tile32NEON, transpose: transposeGeneric[float32](8), copyRows: copyRowsGeneric[float32],
		dot: dot32NEON, absolute: absoluteGeneric[float32], axpy: axpy32NEON, scale: scaleGeneric[float32],
	}}
}

func kernels64() []*kernels[float64] {
	return []*kernels[float64]{generic64(), {
		set: isa.NEON, rows: 6, lanes: 4, depth: 256, packed: 1 << 20, grain: 1 << 18,
		tile: tile64NEON, transpose: transposeGeneric[float64](4), copyRows: copyRowsGeneric[float64],
		dot: dot64NEON, absolute: absoluteGeneric[float64], axpy: axpy64NEON, scale: scaleGeneric[float64],
	}}
}

// tile32NEON and tile64NEON compute a tile of c: see tileFunc.

//go:noescape
func tile32NEON(rows, vectors, k int, a *float32, aStep int, b *float32, bStep int, c *float32, cStep, cols, add int)

//go:noescape
func tile64NEON(rows, vectors, k int, a *float64, aStep int, b *float64, bStep int, c *float64, cStep, cols, add int)

// dot32NEON and dot64NEON add x[i]*y[i] to chain i modulo their number.

//go:noescape
func dot32NEON(sums, x, y *float32, n int)

//go:noescape
func dot64NEON(sums, x, y *float64, n int)

// axpy32NEON and axpy64NEON add alpha*x to y.

//go:noescape
func axpy32NEON(alpha float32, x, y *float32, n int)

//go:noescape
func axpy64NEON(alpha float64, x, y *float64, n int)
