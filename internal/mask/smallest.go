package mask

import (
	"math"
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Smallest returns the bits of a matrix of the given number of columns, in
// row-major order, that are set at the k smallest magnitudes of each column; of
// two that are equal, the first counts as smaller, and NaN is the largest. k is
// in [0, rows].
func Smallest[F float32 | float64](w []F, cols, k int) []uint64 {
	chosen := NewBits(len(w))
	if k == 0 {
		return chosen
	}
	rows := len(w) / cols
	borders := make([]uint64, cols) // the largest key that is chosen
	last := make([]int, cols)       // its last row that is
	// So many columns fit into a cache line.
	const strip = 16
	parallel.Each((cols+strip-1)/strip, strip*rows, func(i int) {
		from, to := i*strip, min((i+1)*strip, cols)
		keys := make([]uint64, (to-from)*rows)
		for r := range rows {
			for c, x := range w[r*cols+from : r*cols+to] {
				keys[c*rows+r] = magnitude(float64(x))
			}
		}
		for c := from; c < to; c++ {
			key, before, equal := nth(keys[(c-from)*rows:][:rows], k-1)
			borders[c], last[c] = key, rows
			for r := 0; before+1 < equal && last[c] == rows; r++ {
				if magnitude(float64(w[r*cols+c])) == key {
					if before == 0 {
						last[c] = r
					}
					before--
				}
			}
		}
	})
	parallel.Ranges(len(chosen), drop.GroupSize, func(from, to int) {
		c := from * drop.GroupSize % cols
		for i := from; i < to; i++ {
			var word uint64
			for e, x := range w[i*drop.GroupSize : min((i+1)*drop.GroupSize, len(w))] {
				// No branch, which would depend on random numbers.
				var bit uint64
				if magnitude(float64(x)) <= borders[c] {
					bit = 1
				}
				word |= bit << (e & 63)
				if c++; c == cols {
					c = 0
				}
			}
			chosen[i] = word
		}
	})
	for c, r := range last {
		for r++; r < rows; r++ {
			if i := r*cols + c; magnitude(float64(w[i])) == borders[c] {
				chosen[i/drop.GroupSize] &^= 1 << (i % drop.GroupSize)
			}
		}
	}
	return chosen
}

// SmallestColumns returns the bits of the columns of a matrix, in row-major
// order, that are set for the k whose Euclidean norms are smallest, in the order
// of [Smallest]. k is in [0, cols].
func SmallestColumns[F float32 | float64](w []F, cols, k int) []uint64 {
	// Squares sort as norms do. They are summed row by row and each operation is
	// rounded on its own, so that all machines choose alike.
	sums := make([]float64, cols)
	for row := range slices.Chunk(w, max(cols, 1)) {
		for c, x := range row {
			sums[c] += float64(float64(x) * float64(x))
		}
	}
	return Smallest(sums, 1, k)
}

// magnitude returns a key that sorts as the magnitude of x does, NaN last.
func magnitude(x float64) uint64 {
	const infinity = 0x7ff << 52
	if x != x {
		return infinity + 1
	}
	return math.Float64bits(math.Abs(x))
}

// nth returns the key that would be at index n if the keys were sorted, how many
// equal ones would be before it, and how many there are with it. It reorders the
// keys.
func nth(keys []uint64, n int) (key uint64, before, equal int) {
	// By digits of the key: counting needs no branch that depends on it.
	const digit, digits = 11, 1 << 11
	var counts [digits]int32
	for shift := 63 - digit; len(keys) > 32; shift = max(shift-digit, 0) {
		clear(counts[:])
		for _, key := range keys {
			counts[key>>(shift&63)%digits]++
		}
		d := 0
		for n >= int(counts[d]) {
			n -= int(counts[d])
			d++
		}
		left := 0
		for _, key := range keys {
			keys[left] = key
			if key>>(shift&63)%digits == uint64(d) {
				left++
			}
		}
		keys = keys[:left]
		if shift == 0 {
			break
		}
	}
	slices.Sort(keys)
	first, _ := slices.BinarySearch(keys, keys[n])
	last, _ := slices.BinarySearch(keys, keys[n]+1)
	return keys[n], n - first, last - first
}
