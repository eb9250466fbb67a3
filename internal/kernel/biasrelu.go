package kernel

import (
	"math"
	"math/bits"
	"runtime"
)

// BiasReLUDrop is a layer's end in one pass. src is a matrix of cols
// columns in row-major order and bias has an element for each; dst[i] is
// max(src[i]+bias[i%cols], 0) times the scale where element offset+i of the mask
// is kept, else +0. A kept NaN stays NaN, and the maximum of zeros is +0. With
// t = 0 that is the bias and ReLU alone. cols is positive; dst and src are as in
// Apply.
func BiasReLUDrop[F float32 | float64](dst, src, bias []F, cols int, offset uint64, s Stream, t uint32) {
	biasReLU(active, dst, src, bias[:cols], offset, s, t)
}

// BiasReLU is BiasReLUDrop with nothing dropped: dst[i] is
// max(src[i]+bias[i%cols], 0) times the scale.
func BiasReLU[F float32 | float64](dst, src, bias []F, cols int, scale float64) {
	biasReLUMasked(active, dst[:len(src)], src, bias[:cols], 0, mask{scale: scale})
}

// BiasReLUDropBack is the backward pass of BiasReLUDrop. It needs
// no mask, only y, the output of the forward pass, which is greater than zero
// exactly where the gradient passes: dx[i] is dy[i] times the scale where
// y[i] > 0, else +0 (also where y is NaN). dbias, of cols elements, is set to the
// sums of the columns of dx, added from the first row to the last. dy and y have
// whole rows; dx may be either of them, else nothing overlaps.
func BiasReLUDropBack[F float32 | float64](dx, dbias, dy, y []F, cols int, t uint32) {
	biasReLUBack(active, dx, dbias[:cols], dy, y, t)
}

// BiasReLUBack is the backward pass of BiasReLU: see BiasReLUDropBack.
func BiasReLUBack[F float32 | float64](dx, dbias, dy, y []F, cols int, scale float64) {
	biasReLUScaledBack(active, dx, dbias[:cols], dy, y, scale)
}

func biasReLU[F float32 | float64](p path, dst, src, bias []F, offset uint64, s Stream, t uint32) {
	dst = dst[:len(src)]
	if t >= Always {
		clear(dst)
		return
	}
	biasReLUMasked(p, dst, src, bias, offset, newMask(s, t))
}

func biasReLUMasked[F float32 | float64](p path, dst, src, bias []F, offset uint64, m mask) {
	if len(src) < 2*p.piece() {
		biasReLUPiece(p, dst, src, bias, 0, len(src), offset, &m)
		return
	}
	shared := m // goroutines share what is on the heap, and only they need it there
	p.split(len(src), offset, func(lo, hi int) {
		biasReLUPiece(p, dst, src, bias, lo, hi, offset, &shared)
	})
}

// biasReLUPiece computes the elements [lo, hi) on one core, a chunk of the mask
// at a time and row by row in that.
func biasReLUPiece[F float32 | float64](p path, dst, src, bias []F, lo, hi int, offset uint64, m *mask) {
	var kept [chunk + 1]uint64
	for i := range kept {
		kept[i] = math.MaxUint64
	}
	for lo < hi {
		at := offset + uint64(lo)
		skip := int(at % GroupSize)
		end := min(lo+chunk*GroupSize-skip, hi)
		if m.threshold > 0 {
			p.bits(kept[:(skip+end-lo+GroupSize-1)/GroupSize], at/GroupSize, m)
		}
		for first := skip; lo < end; {
			col := lo % len(bias)
			n := min(len(bias)-col, end-lo)
			dst, src, bias := dst[lo:lo+n], src[lo:lo+n], bias[col:col+n]
			switch dst := any(dst).(type) {
			case []float32:
				p.biasReLU32(dst, any(src).([]float32), any(bias).([]float32), kept[:], first, m.scale)
			case []float64:
				p.biasReLU64(dst, any(src).([]float64), any(bias).([]float64), kept[:], first, m.scale)
			}
			first += n
			lo += n
		}
	}
}

// biasReLURow is a row of the forward pass in Go: bit first+i of kept is that of
// element i. kept has a word more than it needs.
func biasReLURow[F float32 | float64](dst, src, bias []F, kept []uint64, first int, scale float64) {
	dst, bias = dst[:len(src)], bias[:len(src)]
	for i, x := range src {
		dst[i] = max(x+bias[i], 0)
	}
	for len(dst) > 0 {
		word, skip := first/64, first%64
		bits := kept[word]>>skip | kept[word+1]<<(64-skip)
		n := min(64, len(dst))
		selectKept(dst[:n], dst[:n], bits, scale)
		dst = dst[n:]
		first += n
	}
}

func biasReLUBack[F float32 | float64](p path, dx, dbias, dy, y []F, t uint32) {
	biasReLUScaledBack(p, dx, dbias, dy, y, Scale(t))
}

// biasReLUScaledBack shares the columns out over cores, not the rows: so every sum
// is of one core, in the order of the rows.
func biasReLUScaledBack[F float32 | float64](p path, dx, dbias, dy, y []F, scale float64) {
	clear(dbias)
	cols := len(dbias)
	dx, y = dx[:len(dy)], y[:len(dy)]
	if len(dy) < 2*p.piece() {
		biasReLUBackColumns(p, dx, dbias, dy, y, 0, cols, scale)
		return
	}
	const line = 64 // a multiple of the elements of a cache line
	width := (cols/runtime.GOMAXPROCS(0) + line - 1) / line * line
	split(cols, max(line, width), 0, func(lo, hi int) {
		biasReLUBackColumns(p, dx, dbias, dy, y, lo, hi, scale)
	})
}

func biasReLUBackColumns[F float32 | float64](p path, dx, dbias, dy, y []F, lo, hi int, scale float64) {
	cols := len(dbias)
	dbias = dbias[lo:hi]
	for row := 0; row < len(dy); row += cols {
		dx, dy, y := dx[row+lo:row+hi], dy[row+lo:row+hi], y[row+lo:row+hi]
		switch dx := any(dx).(type) {
		case []float32:
			p.biasReLUBack32(dx, any(dbias).([]float32), any(dy).([]float32), any(y).([]float32), scale)
		case []float64:
			p.biasReLUBack64(dx, any(dbias).([]float64), any(dy).([]float64), any(y).([]float64), scale)
		}
	}
}

// biasReLUBackRow32 and biasReLUBackRow64 add a row in Go. The conversions keep
// the compiler from fusing the product and the sum, so that all machines round
// alike.
func biasReLUBackRow32(dx, dbias, dy, y []float32, scale float32) {
	const infinity = 0xff << 23
	dx, dbias, y = dx[:len(dy)], dbias[:len(dy)], y[:len(dy)]
	for i, g := range dy {
		// Numbers above zero are those of +0 < bits <= infinity.
		_, positive := bits.Sub64(uint64(math.Float32bits(y[i])-1), infinity, 0)
		dx[i] = math.Float32frombits(math.Float32bits(float32(g*scale)) & -uint32(positive))
		dbias[i] += dx[i]
	}
}

func biasReLUBackRow64(dx, dbias, dy, y []float64, scale float64) {
	const infinity = 0x7ff << 52
	dx, dbias, y = dx[:len(dy)], dbias[:len(dy)], y[:len(dy)]
	for i, g := range dy {
		_, positive := bits.Sub64(math.Float64bits(y[i])-1, infinity, 0)
		dx[i] = math.Float64frombits(math.Float64bits(float64(g*scale)) & -positive)
		dbias[i] += dx[i]
	}
}
