package drop

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/internal/philox"
)

// Bits sets dst[k] to the mask bits of group first+k under threshold t: bit e
// is set if element 64*(first+k)+e is kept.
func Bits(dst []uint64, first uint64, s Stream, t uint32) { draw(isa.Active(), dst, first, s, t) }

func draw(set isa.Set, dst []uint64, first uint64, s Stream, t uint32) {
	switch {
	case t == 0:
		for k := range dst {
			dst[k] = ^uint64(0)
		}
	case t >= Always:
		clear(dst)
	default:
		m := New(s, t)
		cores, parts := Share(set, len(dst)*GroupSize, 0)
		if cores == 1 {
			m.bits(set, dst, first)
			return
		}
		draws.Run(cores, parts, drawing{set, dst, first, m})
	}
}

// drawing is the work of a call of draw.
type drawing struct {
	set   isa.Set
	dst   []uint64
	first uint64
	mask  Mask
}

// draws keeps memory that calls leave to the next one.
var draws parallel.Split[drawing, *drawing]

// Part draws the groups of elements [from, to).
func (d *drawing) Part(from, to int) {
	from, to = from/GroupSize, to/GroupSize
	d.mask.bits(d.set, d.dst[from:to], d.first+uint64(from))
}

// bitsGeneric is the readable form of the contract for 0 < t < 65536, which the
// tests compare with every path.
func bitsGeneric(dst []uint64, first uint64, s Stream, t uint32) {
	key := philox.KeyOf(s.Seed)
	counter := philox.Counter{0, s.Layer, uint32(s.Step), uint32(s.Step >> 32)}
	for k := range dst {
		counter[0] = uint32(8 * (first + uint64(k)))
		var kept uint64
		for lane := range 8 {
			for j, word := range philox.Block(counter, key) {
				// (t-1-u)>>31 is 1 exactly where u >= t, without a branch.
				low := uint64((t - 1 - word&0xffff) >> 31)
				high := uint64((t - 1 - word>>16) >> 31)
				kept |= (low | high<<8) << (16*j + lane)
			}
			counter[0]++
		}
		dst[k] = kept
	}
}
