// Package pool has the loops of 2×2 max pooling.
package pool

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../pool_amd64.s -stubs ../stubs_amd64.go -pkg pool

// MaxPairs sets y, an image of the width half, to the maxima of the 2×2 blocks of x, an image
// of a width of at least twice that, or to NaN where one of a block is.
func MaxPairs[F float32 | float64](y, x []F, half, width int) {
	if y, ok := any(y).([]float32); ok {
		x, set := any(x).([]float32), isa.Active() // once: rows may be short
		for ; len(y) > 0; x, y = x[2*width:], y[half:] {
			maxPairsWith(set, y[:half], x[:width+2*half], width)
		}
		return
	}
	for ; len(y) > 0; x, y = x[2*width:], y[half:] {
		maxPairs(y[:half], x, width)
	}
}

// MaxPairsBack is the backward pass of [MaxPairs]: in each block of dx it sets to dy the place
// where x has the maximum y, the first of several, or the first NaN, and what is left of dx to
// 0. dx overlaps nothing else.
func MaxPairsBack[F float32 | float64](dx, x, y, dy []F, half, width int) {
	rows := len(y) / half
	if dx32, ok := any(dx).([]float32); ok {
		x, y, dy, set := any(x).([]float32), any(y).([]float32), any(dy).([]float32), isa.Active()
		for r := range rows {
			at := r * 2 * width
			maxPairsBackWith(set, dx32[at:][:width+2*half], x[at:][:width+2*half], y[r*half:][:half], dy[r*half:][:half], width)
		}
	} else {
		for r := range rows {
			at := r * 2 * width
			maxPairsBack(dx[at:][:width+2*half], x[at:], y[r*half:][:half], dy[r*half:], width)
		}
	}
	for r := 0; r < 2*rows && width > 2*half; r++ {
		dx[r*width+width-1] = 0
	}
	clear(dx[rows*2*width:])
}

// maxPairs sets y[i] to the largest of x[2i], x[2i+1], x[width+2i] and x[width+2i+1], a row of
// blocks.
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
