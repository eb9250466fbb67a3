// Package dense ends a dense layer: bias, ReLU and dropout, and their backward pass, in one
// pass over memory each.
package dense

import (
	"math"
	"math/bits"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

//go:generate go -C gen run . -out ../dense_amd64.s -stubs ../stubs_amd64.go -pkg dense

// BiasReLUDrop is a layer's end in one pass. src is a matrix of cols
// columns in row-major order and bias has an element for each; dst[i] is
// max(src[i]+bias[i%cols], 0) times the scale where element offset+i of the mask
// is kept, else +0. A kept NaN stays NaN, and the maximum of zeros is +0. With
// t = 0 that is the bias and ReLU alone. cols is positive; dst and src are as in
// [drop.Apply].
func BiasReLUDrop[F float32 | float64](dst, src, bias []F, cols int, offset uint64, s drop.Stream, t uint32) {
	biasReLU(isa.Active(), dst, src, bias[:cols], offset, s, t)
}

// BiasReLU is BiasReLUDrop with nothing dropped: dst[i] is
// max(src[i]+bias[i%cols], 0) times the scale.
func BiasReLU[F float32 | float64](dst, src, bias []F, cols int, scale float64) {
	scaled(isa.Active(), dst[:len(src)], src, bias[:cols], 0, nil, scale)
}

// BiasReLUDropBack is the backward pass of BiasReLUDrop. It needs
// no mask, only y, the output of the forward pass, which is greater than zero
// exactly where the gradient passes: dx[i] is dy[i] times the scale where
// y[i] > 0, else +0 (also where y is NaN). dbias, of cols elements, is set to the
// sums of the columns of dx, added from the first row to the last. dy and y have
// whole rows; dx may be either of them, else nothing overlaps.
func BiasReLUDropBack[F float32 | float64](dx, dbias, dy, y []F, cols int, t uint32) {
	biasReLUBack(isa.Active(), dx, dbias[:cols], dy, y, t)
}

// BiasReLUBack is the backward pass of BiasReLU: see BiasReLUDropBack.
func BiasReLUBack[F float32 | float64](dx, dbias, dy, y []F, cols int, scale float64) {
	biasReLUScaledBack(isa.Active(), dx, dbias[:cols], dy, y, scale)
}

func biasReLU[F float32 | float64](set isa.Set, dst, src, bias []F, offset uint64, s drop.Stream, t uint32) {
	dst = dst[:len(src)]
	switch {
	case t >= drop.Always:
		clear(dst)
	case t == 0:
		scaled(set, dst, src, bias, offset, nil, 1)
	default:
		m := drop.New(s, t)
		scaled(set, dst, src, bias, offset, &m, drop.Scale(t))
	}
}

// scaled is the forward pass with a mask, nil for none, and a scale.
func scaled[F float32 | float64](set isa.Set, dst, src, bias []F, offset uint64, m *drop.Mask, scale float64) {
	l := layer[F]{set: set, dst: dst, src: src, bias: bias, offset: offset, scale: scale}
	if m != nil {
		l.mask, l.masked = *m, true
	}
	cores, parts := drop.Share(set, len(src), offset)
	if cores == 1 {
		l.Part(0, len(src))
		return
	}
	layers[F]().Run(cores, parts, l)
}

// layer is a call of the forward pass.
type layer[F float32 | float64] struct {
	set            isa.Set
	dst, src, bias []F
	offset         uint64
	mask           drop.Mask
	masked         bool
	scale          float64
}

// What calls leave to the next.
var (
	layers32 parallel.Split[layer[float32], *layer[float32]]
	layers64 parallel.Split[layer[float64], *layer[float64]]
	backs32  parallel.Split[back[float32], *back[float32]]
	backs64  parallel.Split[back[float64], *back[float64]]
)

func layers[F float32 | float64]() *parallel.Split[layer[F], *layer[F]] {
	if s, ok := any(&layers32).(*parallel.Split[layer[F], *layer[F]]); ok {
		return s
	}
	s, _ := any(&layers64).(*parallel.Split[layer[F], *layer[F]])
	return s
}

func backs[F float32 | float64]() *parallel.Split[back[F], *back[F]] {
	if s, ok := any(&backs32).(*parallel.Split[back[F], *back[F]]); ok {
		return s
	}
	s, _ := any(&backs64).(*parallel.Split[back[F], *back[F]])
	return s
}

// chunk is the number of groups whose bits are drawn at a time: few enough to
// stay on the stack and in the first-level cache.
const chunk = 64

// Part computes the elements [lo, hi) on one core, a chunk of the mask
// at a time and row by row in that.
func (l *layer[F]) Part(lo, hi int) {
	var kept [chunk + 1]uint64
	for i := range kept {
		kept[i] = math.MaxUint64
	}
	for lo < hi {
		at := l.offset + uint64(lo)
		skip := int(at % drop.GroupSize)
		end := min(lo+chunk*drop.GroupSize-skip, hi)
		if l.masked {
			l.mask.Bits(kept[:(skip+end-lo+drop.GroupSize-1)/drop.GroupSize], at/drop.GroupSize)
		}
		for first := skip; lo < end; {
			col := lo % len(l.bias)
			n := min(len(l.bias)-col, end-lo)
			src, bias := l.src[lo:lo+n], l.bias[col:col+n]
			switch dst := any(l.dst[lo : lo+n]).(type) {
			case []float32:
				biasReLU32(l.set, dst, any(src).([]float32), any(bias).([]float32), kept[:], first, l.scale)
			case []float64:
				biasReLU64(l.set, dst, any(src).([]float64), any(bias).([]float64), kept[:], first, l.scale)
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
		drop.Select(dst[:n], dst[:n], bits, scale)
		dst = dst[n:]
		first += n
	}
}

func biasReLUBack[F float32 | float64](set isa.Set, dx, dbias, dy, y []F, t uint32) {
	biasReLUScaledBack(set, dx, dbias, dy, y, drop.Scale(t))
}

// biasReLUScaledBack shares the columns out over cores, not the rows: so every sum
// is of one core, in the order of the rows.
func biasReLUScaledBack[F float32 | float64](set isa.Set, dx, dbias, dy, y []F, scale float64) {
	clear(dbias)
	b := back[F]{set, dx[:len(dy)], dbias, dy, y[:len(dy)], scale}
	cols := len(dbias)
	cores, _ := drop.Share(set, len(dy), 0)
	if cores == 1 {
		b.Part(0, cols)
		return
	}
	const line = 64 // a multiple of the elements of a cache line
	width := (cols/cores + line - 1) / line * line
	backs[F]().Run(cores, parallel.Parts{N: cols, Size: max(line, width)}, b)
}

// back is a call of the backward pass.
type back[F float32 | float64] struct {
	set              isa.Set
	dx, dbias, dy, y []F
	scale            float64
}

// Part does the columns [lo, hi).
func (b *back[F]) Part(lo, hi int) {
	dbias, cols := b.dbias[lo:hi], len(b.dbias)
	for row := 0; row < len(b.dy); row += cols {
		dy, y := b.dy[row+lo:row+hi], b.y[row+lo:row+hi]
		switch dx := any(b.dx[row+lo : row+hi]).(type) {
		case []float32:
			biasReLUBack32(b.set, dx, any(dbias).([]float32), any(dy).([]float32), any(y).([]float32), b.scale)
		case []float64:
			biasReLUBack64(b.set, dx, any(dbias).([]float64), any(dy).([]float64), any(y).([]float64), b.scale)
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
