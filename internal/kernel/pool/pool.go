// Package pool has the loops of 2×2 max pooling.
package pool

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../pool_amd64.s -stubs ../stubs_amd64.go -pkg pool

// MaxPairs sets y to the maxima of the pairs of x in one row and in the next,
// width elements further on: y[i] is the largest of x[2i], x[2i+1], x[width+2i]
// and x[width+2i+1], or NaN if one of them is.
func MaxPairs[F float32 | float64](y, x []F, width int) {
	x = x[:width+2*len(y)]
	if y, ok := any(y).([]float32); ok {
		maxPairsWith(isa.Active(), y, any(x).([]float32), width)
		return
	}
	maxPairs(y, x, width)
}

// MaxPairsBack is the backward pass of [MaxPairs]: in each pair of dx it sets
// to dy the place where x has the maximum y, the first of several, or the first
// NaN, and the others to 0. dx overlaps nothing else.
func MaxPairsBack[F float32 | float64](dx, x, y, dy []F, width int) {
	n := len(y)
	dx, x, dy = dx[:width+2*n], x[:width+2*n], dy[:n]
	if dx, ok := any(dx).([]float32); ok {
		maxPairsBackWith(isa.Active(), dx, any(x).([]float32), any(y).([]float32), any(dy).([]float32), width)
		return
	}
	maxPairsBack(dx, x, y, dy, width)
}

func maxPairs[F float32 | float64](y, x []F, width int) {
	top, bottom := x[:2*len(y)], x[width:][:2*len(y)]
	for i := range y {
		a, b := top[2*i:][:2], bottom[2*i:][:2]
		y[i] = max(max(a[0], a[1]), max(b[0], b[1]))
	}
}

// maxPairsBack chooses the place without branches, since which one of four it
// is cannot be predicted.
func maxPairsBack[F float32 | float64](dx, x, y, dy []F, width int) {
	n := len(y)
	top, bottom := x[:2*n], x[width:][:2*n]
	dx, dy = dx[:width+2*n], dy[:n]
	clear(dx[:2*n])
	clear(dx[width:])
	for i, m := range y {
		a, b := top[2*i:][:2], bottom[2*i:][:2]
		at := width + 1
		if b[0] == m {
			at = width
		}
		if a[1] == m {
			at = 1
		}
		if a[0] == m {
			at = 0
		}
		if m != m {
			at = firstNaN(a[0], a[1], b[0], width)
		}
		dx[2*i+at] = dy[i]
	}
}

// firstNaN returns the place of the first NaN among a pair, a and b, and the
// pair below it, which begins with c. One of them is NaN.
func firstNaN[F float32 | float64](a, b, c F, width int) int {
	switch {
	case a != a:
		return 0
	case b != b:
		return 1
	case c != c:
		return width
	}
	return width + 1
}
