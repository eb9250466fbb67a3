// Package philox implements the counter-based random bit generator
// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3" (SC 2011), as published in Random123.
//
// A counter-based generator is a pure function from a counter and a key to
// random bits. It has no state, so any value of any stream can be computed at
// any time, in any order, on any number of threads.
package philox

import "math/bits"

// Multipliers and Weyl key increments from Random123 (philox.h).
const (
	M0 = 0xD2511F53
	M1 = 0xCD9E8D57
	W0 = 0x9E3779B9
	W1 = 0xBB67AE85

	// Rounds is the number of rounds of Philox4x32-10.
	Rounds = 10
)

// Counter selects one block of 128 random bits.
type Counter [4]uint32

// Key selects one of 2^64 independent streams of blocks.
type Key [2]uint32

// KeyOf splits a 64-bit seed into a key: the low word first.
func KeyOf(seed uint64) Key { return Key{uint32(seed), uint32(seed >> 32)} }

// Block returns the four random words that belong to counter c under key k.
func Block(c Counter, k Key) [4]uint32 {
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	k0, k1 := k[0], k[1]
	for range Rounds {
		hi0, lo0 := bits.Mul32(M0, c0)
		hi1, lo1 := bits.Mul32(M1, c2)
		c0, c1, c2, c3 = hi1^c1^k0, lo1, hi0^c3^k1, lo0
		k0 += W0
		k1 += W1
	}
	return [4]uint32{c0, c1, c2, c3}
}
