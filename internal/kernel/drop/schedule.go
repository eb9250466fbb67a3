package drop

import (
	"math/bits"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/philox"
)

// Mask holds what all groups of a mask share.
type Mask struct {
	schedule  schedule
	threshold uint32
	scale     float64
}

// New returns the mask of stream s under threshold t, which is neither 0 nor Always.
func New(s Stream, t uint32) Mask {
	return Mask{schedule: newSchedule(s), threshold: t, scale: Scale(t)}
}

// Bits does what the function [Bits] does, for this mask and on one core.
func (m *Mask) Bits(dst []uint64, first uint64) { m.bits(isa.Active(), dst, first) }

// schedule is what Philox4x32-10 adds in its rounds. The blocks of a mask
// differ only in the first word of the counter, which takes three rounds to
// reach all four words of the state, so much of these rounds can be done once.
type schedule = [19]uint32

// Words of a schedule. Those of the first three rounds are what is added to the
// high half of the product (in round 2, to the word itself) that becomes word
// c0 or c2 of the state; the others are the keys of rounds 4 to 10, two each.
const (
	c2Round1 = iota
	c0Round2
	c2Round2
	c0Round3
	c2Round3
	round4
)

func newSchedule(s Stream) (k schedule) {
	key := philox.KeyOf(s.Seed)
	c1, c2, c3 := s.Layer, uint32(s.Step), uint32(s.Step>>32)

	hi, lo := bits.Mul32(philox.M1, c2)
	c0 := hi ^ c1 ^ key[0] // after round 1, as c1 = lo
	k[c2Round1] = c3 ^ key[1]

	next := func() {
		key[0] += philox.W0
		key[1] += philox.W1
	}
	next()
	k[c0Round2] = lo ^ key[0]
	hi, lo = bits.Mul32(philox.M0, c0)
	k[c2Round2] = hi ^ key[1] // and c3 = lo after round 2

	next()
	k[c0Round3] = key[0]
	k[c2Round3] = lo ^ key[1]
	for i := round4; i < len(k); i += 2 {
		next()
		k[i], k[i+1] = key[0], key[1]
	}
	return k
}

// bitsInGo is bitsGeneric with the schedule, comparing two words at a time.
func (m *Mask) bitsInGo(dst []uint64, first uint64) {
	const (
		low = 0x0000_ffff_0000_ffff
		top = 0x0001_0000_0001_0000
	)
	t := uint64(m.threshold) * 0x0000_0001_0000_0001
	block := uint32(8 * first)
	for k := range dst {
		var kept uint64
		for lane := range 8 {
			// Words 0 and 2, and 1 and 3: 32 bits apart, as their mask bits
			// are.
			c0, c1, c2, c3 := philoxBlock(block, &m.schedule)
			even, odd := uint64(c0)|uint64(c2)<<32, uint64(c1)|uint64(c3)<<32
			// u + 65536 - t has bit 16 set exactly where u >= t.
			bits := ((even&low|top)-t)&top>>16 | ((even>>16&low|top)-t)&top>>8 |
				((odd&low|top)-t)&top | ((odd>>16&low|top)-t)&top<<8
			kept |= bits << lane
			block++
		}
		dst[k] = kept
	}
}

// philoxBlock is philox.Block by a schedule.
func philoxBlock(block uint32, k *schedule) (c0, c1, c2, c3 uint32) {
	p := uint64(block) * philox.M0
	c2 = uint32(p>>32) ^ k[c2Round1]

	q := uint64(c2) * philox.M1
	c0, c1 = uint32(q>>32)^k[c0Round2], uint32(q)
	c2 = uint32(p) ^ k[c2Round2]

	p, q = uint64(c0)*philox.M0, uint64(c2)*philox.M1
	c0, c1 = uint32(q>>32)^c1^k[c0Round3], uint32(q)
	c2, c3 = uint32(p>>32)^k[c2Round3], uint32(p)

	for i := round4; i < len(k)-1; i += 2 {
		p, q = uint64(c0)*philox.M0, uint64(c2)*philox.M1
		c0, c1 = uint32(q>>32)^c1^k[i], uint32(q)
		c2, c3 = uint32(p>>32)^c3^k[i+1], uint32(p)
	}
	return c0, c1, c2, c3
}
