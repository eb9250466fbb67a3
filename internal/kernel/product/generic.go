package product

import (
	"math"
	"unsafe"
)

// The kernels in Go have vectors of genericLanes elements.
const genericLanes = 4

func generic32() *kernels[float32] {
	return &kernels[float32]{
		rows: 4, lanes: genericLanes, masked: true, depth: 256, packed: 1 << 20, grain: 1 << 15,
		tile: tileGeneric32, transpose: transposeGeneric[float32](genericLanes), copyRows: copyRowsGeneric[float32],
		dot: dotGeneric32, absolute: absoluteGeneric[float32], axpy: axpyGeneric32, scale: scaleGeneric[float32],
		sparse: sparseGeneric(axpyGeneric32),
	}
}

func generic64() *kernels[float64] {
	return &kernels[float64]{
		rows: 4, lanes: genericLanes, masked: true, depth: 256, packed: 1 << 20, grain: 1 << 15,
		tile: tileGeneric64, transpose: transposeGeneric[float64](genericLanes), copyRows: copyRowsGeneric[float64],
		dot: dotGeneric64, absolute: absoluteGeneric[float64], axpy: axpyGeneric64, scale: scaleGeneric[float64],
		sparse: sparseGeneric(axpyGeneric64),
	}
}

// at returns n elements from element i after a pointer on.
func at[F Float](p *F, i, n int) []F {
	return unsafe.Slice((*F)(unsafe.Add(unsafe.Pointer(p), uintptr(i)*unsafe.Sizeof(*p))), n)
}

// tileGeneric32 has fma32 written out, since it is too long for the compiler to do so.
func tileGeneric32(rows, _, k int, a *float32, aStep int, b *float32, bStep int, c *float32, cStep, cols, add int) {
	for i := range rows {
		var sums [2 * genericLanes]float32
		row := at(c, i*cStep, cols)
		if add == 1 {
			copy(sums[:], row)
		}
		for p := range k {
			x := at(a, p*aStep+i, 1)[0]
			wide := float64(x)
			for j, y := range at(b, p*bStep, cols) {
				to := &sums[j%len(sums)]
				sum := float64(wide*float64(y)) + float64(*to)
				if doubtful(sum) {
					*to = fma32Exact(x, y, *to)
				} else {
					*to = float32(sum)
				}
			}
		}
		copy(row, sums[:])
	}
}

func tileGeneric64(rows, _, k int, a *float64, aStep int, b *float64, bStep int, c *float64, cStep, cols, add int) {
	for i := range rows {
		var sums [2 * genericLanes]float64
		row := at(c, i*cStep, cols)
		if add == 1 {
			copy(sums[:], row)
		}
		for p := range k {
			x := at(a, p*aStep+i, 1)[0]
			for j, y := range at(b, p*bStep, cols) {
				to := &sums[j%len(sums)]
				*to = math.FMA(x, y, *to)
			}
		}
		copy(row, sums[:])
	}
}

// transposeGeneric is the transposeFunc of vectors of so many lanes.
func transposeGeneric[F Float](lanes int) transposeFunc[F] {
	return func(dst *F, step int, rows **F, k int) {
		heads := unsafe.Slice(rows, lanes)
		for p := range k {
			to := at(dst, p*step, lanes)
			for i := range to {
				to[i] = at(heads[i], p, 1)[0]
			}
		}
	}
}

func copyRowsGeneric[F Float](dst *F, step int, src *F, ld, k, cols int) {
	for p := range k {
		copy(at(dst, p*step, cols), at(src, p*ld, cols))
	}
}

func dotGeneric32(sums, x, y *float32, n int) {
	chains, xs, ys := at(sums, 0, chainBytes/4), at(x, 0, n), at(y, 0, n)
	for i := range xs {
		c := &chains[i%len(chains)]
		*c = fma32(xs[i], ys[i], *c)
	}
}

func dotGeneric64(sums, x, y *float64, n int) {
	chains, xs, ys := at(sums, 0, chainBytes/8), at(x, 0, n), at(y, 0, n)
	for i := range xs {
		c := &chains[i%len(chains)]
		*c = math.FMA(xs[i], ys[i], *c)
	}
}

func absoluteGeneric[F Float](sums, x *F, n int) {
	chains := at(sums, 0, chainBytes/int(unsafe.Sizeof(*x)))
	for i, x := range at(x, 0, n) {
		chains[i%len(chains)] += F(math.Abs(float64(x)))
	}
}

func axpyGeneric32(alpha float32, x, y *float32, n int) {
	ys := at(y, 0, n)
	for i, x := range at(x, 0, n) {
		ys[i] = fma32(alpha, x, ys[i])
	}
}

func axpyGeneric64(alpha float64, x, y *float64, n int) {
	ys := at(y, 0, n)
	for i, x := range at(x, 0, n) {
		ys[i] = math.FMA(alpha, x, ys[i])
	}
}

func scaleGeneric[F Float](alpha F, x *F, n int) {
	xs := at(x, 0, n)
	for i := range xs {
		xs[i] *= alpha
	}
}

// sparseGeneric has the sums of a row in c.
func sparseGeneric[F Float](axpy func(alpha F, x, y *F, n int)) *sparse[F] {
	compute := func(rows, vectors int, counts *uint32, values *F, offsets *uint32, b, c *F, cStep, add, last int) (minusZero int) {
		cols, done := vectors*genericLanes, 0
		for i, count := range unsafe.Slice(counts, rows) {
			row, n := at(c, i*cStep, cols), int(count)
			if add != 1 {
				clear(row)
			}
			for e, x := range at(values, done, n) {
				from := (*F)(unsafe.Add(unsafe.Pointer(b), unsafe.Slice(offsets, done+n)[done+e]))
				axpy(x, from, &row[0], cols)
			}
			done += n
			for _, x := range row {
				if last == 1 && x == 0 && math.Signbit(float64(x)) {
					minusZero = 1
				}
			}
		}
		return minusZero
	}
	list := func(rows, n int, src *F, ld int, step uint32, counts *uint32, values *F, offsets *uint32) (total int) {
		for i := range rows {
			before := total
			for p, x := range at(src, i*ld, n) {
				if x != 0 {
					at(values, total, 1)[0] = x
					unsafe.Slice(offsets, total+1)[total] = uint32(p) * step
					total++
				}
			}
			unsafe.Slice(counts, rows)[i] = uint32(total - before)
		}
		return total
	}
	return &sparse[F]{lanes: genericLanes, compute: compute, list: list, dense: 0.7}
}
