package mask

import (
	"math/bits"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
)

// Masks of any layout are, element by element, what their definitions say.
func FuzzMasks(f *testing.F) {
	f.Add(uint64(1), uint32(2), uint64(3), byte(3), byte(5), byte(7), byte(0b010), uint32(30000), byte(2), uint16(9))
	f.Add(uint64(1)<<63, ^uint32(0), ^uint64(0), byte(0), byte(1), byte(255), byte(0b101), uint32(1), byte(1), uint16(0))
	f.Add(uint64(0), uint32(0), uint64(0), byte(16), byte(4), byte(1), byte(0b111), uint32(65536), byte(9), uint16(700))
	f.Fuzz(func(t *testing.T, seed uint64, layer uint32, step uint64, a, b, c, over byte, threshold uint32, side byte, k uint16) {
		shape := []int{int(a % 20), int(b % 20), int(c % 40)}
		shared := []bool{over&1 == 1, over&2 == 2, over&4 == 4}
		s := drop.Stream{Seed: seed, Layer: layer, Step: step}
		threshold %= drop.Always + 1
		l := NewLayout(shape, shared)
		kept := Draw(l, s, threshold)
		size := shape[0] * shape[1] * shape[2]
		x, y := make([]float32, size), make([]float32, size)
		for i := range x {
			x[i] = float32(i + 1)
		}
		Bits{Layout: l, Kept: kept, Form: Form{Scale: 2, Shift: 1, Dropped: -3}}.Float32(y, x)
		for i := range y {
			want := float32(-3)
			if m := index(shape, shared, i); kept[m/64]>>(m%64)&1 == 1 {
				want = 2*x[i] + 1
			}
			if y[i] != want {
				t.Fatalf("%v shared over %v: element %d is %v, want %v", shape, shared, i, y[i], want)
			}
		}
		if l.Dense() {
			// The bits that are stored are those that are drawn on the way.
			PerElement{s, threshold}.Float32(y, x)
			for i := range y {
				if got, want := y[i] != 0, kept[i/64]>>(i%64)&1 == 1; got != want && size > 0 {
					t.Fatalf("element %d is kept: %v on the way, %v in the bits", i, got, want)
				}
			}
		}

		units := size % 1000
		n := int(k) % (units + 1)
		count := 0
		for _, w := range ExactK(units, n, s) {
			count += bits.OnesCount64(w)
		}
		if count != n {
			t.Fatalf("%d of %d units are kept, want %d", count, units, n)
		}

		h, w := shape[1], shape[2]
		if limit := min(h, w); limit > 0 {
			edge := int(side)%limit + 1
			checkBlocks(t, shape[0], h, w, edge, s, threshold)
		}
	})
}

// checkBlocks compares Blocks with its definition.
func checkBlocks(t *testing.T, planes, h, w, side int, s drop.Stream, threshold uint32) {
	kept, count := Blocks(planes, h, w, side, s, threshold)
	rows, cols := h-side+1, w-side+1
	corners := Draw(NewLayout([]int{planes, rows, cols}, nil), s, threshold)
	want := make([]bool, planes*h*w)
	for i := range want {
		want[i] = true
	}
	for corner := range planes * rows * cols {
		if corners[corner/64]>>(corner%64)&1 == 1 {
			continue
		}
		p, r, c := corner/(rows*cols), corner/cols%rows, corner%cols
		for dr := range side {
			for dc := range side {
				want[(p*h+r+dr)*w+c+dc] = false
			}
		}
	}
	n := 0
	for i, k := range want {
		if k {
			n++
		}
		if got := kept[i/64]>>(i%64)&1 == 1; got != k {
			t.Fatalf("%d planes of %d x %d, side %d: element %d kept %v, want %v", planes, h, w, side, i, got, k)
		}
	}
	if n != count {
		t.Fatalf("count is %d, want %d", count, n)
	}
}
