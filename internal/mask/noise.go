package mask

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/normal"
)

// Noise multiplies the elements of a tensor by random numbers, or adds these to
// them. Each number is a function of a random word (see [drop.Words]),
// computed in float64 and rounded to the tensor's type before the product or
// the sum.
type Noise struct {
	Layout Layout
	Stream drop.Stream
	Added  bool // instead of multiplied by

	// The function, one that the compiler knows, so that numbers can be on the stack:
	// normal numbers of standard deviation sigma, or the factors of concrete.
	sigma    float64
	pure     bool // the normal numbers alone, without a mean of 1
	concrete *concrete
}

// Gaussian returns multiplicative noise of mean 1 and standard deviation sigma:
// the factors are 1 + sigma*portable.Normal(word).
func Gaussian(l Layout, s drop.Stream, sigma float64) Noise {
	return Noise{Layout: l, Stream: s, sigma: sigma}
}

// Normal returns multiplicative noise of mean 0 and standard deviation 1: the
// factors are portable.Normal(word).
func Normal(l Layout, s drop.Stream) Noise { return Noise{Layout: l, Stream: s, sigma: 1, pure: true} }

// AddedGaussian returns additive noise of mean 0 and standard deviation sigma:
// sigma*portable.Normal(word).
func AddedGaussian(l Layout, s drop.Stream, sigma float64) Noise {
	return Noise{Layout: l, Stream: s, sigma: sigma, Added: true}
}

// Float32 applies the noise.
func (m Noise) Float32(dst, src []float32) { apply(dst, src, m) }

// Float64 applies the noise.
func (m Noise) Float64(dst, src []float64) { apply(dst, src, m) }

// piece is the number of words drawn at a time: a multiple of drop.WordGroup, few
// enough for the stack and the first-level cache.
const piece = 512

func apply[F float32 | float64](dst, src []F, m Noise) {
	if m.Layout.Dense() {
		var numbers [piece]F
		for at := 0; at < len(src); at += piece {
			n := min(piece, len(src)-at)
			draw(numbers[:n], at, m)
			combine(dst[at:at+n], src[at:at+n], numbers[:n], 1, m.Added)
		}
		return
	}
	numbers := make([]F, m.Layout.Size())
	for at := 0; at < len(numbers); at += piece {
		draw(numbers[at:min(at+piece, len(numbers))], at, m)
	}
	m.Layout.runs(func(at, k, n int, shared bool) {
		step := 1
		if shared {
			step = 0
		}
		combine(dst[at:at+n], src[at:at+n], numbers[k:], step, m.Added)
	})
}

// draw sets numbers, at most piece of them, to those of the mask's elements
// from at on.
func draw[F float32 | float64](numbers []F, at int, m Noise) {
	var buffer [piece]uint32
	words := buffer[:len(numbers)]
	drop.Words(words, uint64(at/drop.WordGroup), m.Stream)
	var drawn [piece]float64
	z := drawn[:len(numbers)]
	if m.concrete != nil {
		m.concrete.factors(z, words)
		for i, z := range z {
			numbers[i] = F(z)
		}
		return
	}
	normal.Quantiles(z, words)
	if m.Added || m.pure {
		for i, z := range z {
			numbers[i] = F(m.sigma * z)
		}
		return
	}
	for i, z := range z {
		numbers[i] = F(1 + float64(m.sigma*z))
	}
}

// combine takes every step-th number, 0 for the first one throughout.
func combine[F float32 | float64](dst, src, numbers []F, step int, added bool) {
	if added {
		for i, x := range src {
			dst[i] = x + numbers[i*step]
		}
		return
	}
	for i, x := range src {
		dst[i] = x * numbers[i*step]
	}
}
