package mask

import (
	"math/bits"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
)

// Blocks returns the bits of planes of height x width from which square blocks
// of the given side are dropped, and the number of bits kept. The upper left
// corners of the blocks are the dropped elements of the contract's mask of
// shape (planes, height-side+1, width-side+1) under a threshold, so that every
// block lies inside its plane; blocks may overlap. side is at most height and
// width.
func Blocks(planes, height, width, side int, s drop.Stream, threshold uint32) (kept []uint64, count int) {
	n := planes * height * width
	kept = NewBits(n)
	for i := range kept {
		kept[i] = ^uint64(0)
	}
	if tail := n % 64; tail != 0 {
		kept[len(kept)-1] = 1<<tail - 1
	}
	rows, cols := height-side+1, width-side+1
	corners := planes * rows * cols
	seeds := NewBits(corners)
	drop.Bits(seeds, 0, s, threshold)
	for k, w := range seeds {
		for w = ^w; w != 0; w &= w - 1 {
			corner := 64*k + bits.TrailingZeros64(w)
			if corner >= corners {
				break
			}
			plane, row, col := corner/(rows*cols), corner/cols%rows, corner%cols
			for r := range side {
				clearRange(kept, (plane*height+row+r)*width+col, side)
			}
		}
	}
	for _, w := range kept {
		count += bits.OnesCount64(w)
	}
	return kept, count
}

// clearRange clears n bits from bit at on.
func clearRange(b []uint64, at, n int) {
	for n > 0 {
		skip := at % 64
		m := min(64-skip, n)
		b[at/64] &^= (1<<m - 1) << skip
		at += m
		n -= m
	}
}
