package drop

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/philox"
)

// WordGroup is the number of elements that share a group of eight Philox blocks
// if each takes a word of 32 bits.
const WordGroup = 32

// Words sets dst to the random words of the elements from 32*first on. Element
// i belongs to group g = i/32 and has place e = i%32; its word is word e/8 of
// block 8g + e%8.
func Words(dst []uint32, first uint64, s Stream) { drawWords(isa.Active(), dst, first, s) }

func drawWords(set isa.Set, dst []uint32, first uint64, s Stream) {
	done := 0
	if groups := len(dst) / WordGroup; set != isa.Generic && groups > 0 {
		k := newSchedule(s)
		done = groups * WordGroup
		words(dst[:done], uint32(8*first), &k)
	}
	wordsGeneric(dst[done:], first+uint64(done/WordGroup), s)
}

// wordsGeneric is the readable form of the contract.
func wordsGeneric(dst []uint32, first uint64, s Stream) {
	key := philox.KeyOf(s.Seed)
	counter := philox.Counter{uint32(8 * first), s.Layer, uint32(s.Step), uint32(s.Step >> 32)}
	for at := 0; at < len(dst); at += WordGroup {
		group := dst[at:min(at+WordGroup, len(dst))]
		for lane := range 8 {
			for j, word := range philox.Block(counter, key) {
				if e := 8*j + lane; e < len(group) {
					group[e] = word
				}
			}
			counter[0]++
		}
	}
}
