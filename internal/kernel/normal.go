package kernel

import "github.com/gorgonia-dropout/dropout/internal/portable"

// The words of the middle part of the normal distribution, where portable.Normal is
// a quotient of polynomials alone: |q| is at most 0.425.
const (
	middleFirst = 322122547
	middleLast  = 1<<32 - 1 - middleFirst
)

// Normals sets dst to portable.Normal of the words.
func Normals(dst []float64, words []uint32) { normals(active, dst, words) }

func normals(p path, dst []float64, words []uint32) {
	dst = dst[:len(words)]
	done := p.normals(dst, words)
	for i, w := range words[:done] {
		if w-middleFirst > middleLast-middleFirst {
			dst[i] = portable.Normal(w)
		}
	}
	for i, w := range words[done:] {
		dst[done+i] = portable.Normal(w)
	}
}
