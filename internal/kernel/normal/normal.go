// Package normal turns random words into normally distributed numbers, many at
// a time and with the same bits on every machine.
package normal

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

//go:generate go -C gen run . -out ../normal_amd64.s -stubs ../stubs_amd64.go -pkg normal

// The words of the middle part of the normal distribution, where
// portable.Normal is just a quotient of polynomials: |q| is at most 0.425.
const (
	middleFirst = 322122547
	middleLast  = 1<<32 - 1 - middleFirst
)

// Quantiles sets dst to portable.Normal of each word.
func Quantiles(dst []float64, words []uint32) { quantiles(isa.Active(), dst, words) }

func quantiles(set isa.Set, dst []float64, words []uint32) {
	dst = dst[:len(words)]
	done := middle(set, dst, words)
	for i, w := range words[:done] {
		if w-middleFirst > middleLast-middleFirst {
			dst[i] = portable.Normal(w)
		}
	}
	for i, w := range words[done:] {
		dst[done+i] = portable.Normal(w)
	}
}
