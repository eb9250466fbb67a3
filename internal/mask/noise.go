package mask

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Noise multiplies the elements of a tensor by factors, each a function of a
// random word (see Words). The factors are float64, rounded to the type of the
// tensor before the product.
type Noise struct {
	Layout Layout
	Stream kernel.Stream
	Factor func(word uint32) float64
}

// Gaussian returns noise of mean 1 and standard deviation sigma: the factors
// are 1 + sigma*portable.Normal(word).
func Gaussian(l Layout, s kernel.Stream, sigma float64) Noise {
	return Noise{l, s, func(word uint32) float64 { return 1 + float64(sigma*portable.Normal(word)) }}
}

// Float32 applies the noise.
func (m Noise) Float32(dst, src []float32) { multiply(dst, src, m) }

// Float64 applies the noise.
func (m Noise) Float64(dst, src []float64) { multiply(dst, src, m) }

// piece is the number of factors drawn at a time: a multiple of WordGroup, few
// enough for the stack and the first-level cache.
const piece = 512

func multiply[F float32 | float64](dst, src []F, m Noise) {
	var buf [piece]uint32
	if m.Layout.Dense() {
		for at := 0; at < len(src); at += piece {
			n := min(piece, len(src)-at)
			Words(buf[:n], uint64(at/WordGroup), m.Stream)
			to, from := dst[at:at+n], src[at:at+n]
			for i, word := range buf[:n] {
				to[i] = from[i] * F(m.Factor(word))
			}
		}
		return
	}
	factors := make([]F, m.Layout.Size())
	for at := 0; at < len(factors); at += piece {
		n := min(piece, len(factors)-at)
		Words(buf[:n], uint64(at/WordGroup), m.Stream)
		for i, word := range buf[:n] {
			factors[at+i] = F(m.Factor(word))
		}
	}
	m.Layout.runs(func(at, k, n int, shared bool) {
		to, from := dst[at:at+n], src[at:at+n]
		for i, x := range from {
			if !shared {
				to[i] = x * factors[k+i]
			} else {
				to[i] = x * factors[k]
			}
		}
	})
}
