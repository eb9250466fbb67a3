package mnist

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/pkg/errors"
)

// Stratified splits s at random into a subset of exactly n examples and the
// rest. Every class has its share of n in the subset, by the method of largest
// remainders: n*count/Len() rounded down, or up for the classes with the
// largest fractions, with ties going to the lower class. Both parts keep the
// order of s; each pixel is copied once.
//
// The split is a function of the labels, n and seed only, the same on every
// machine and with every Go version: class c draws from ChaCha8 (the specified
// stream C2SP chacha8rand) keyed with seed and c, 8 little-endian bytes each,
// and the 16 bytes "mnist/Stratified"; a partial Fisher-Yates shuffle of the
// class takes its quota, each bounded draw by Lemire's unbiased method ("Fast
// random integer generation in an interval", 2019).
//
// It is an error if n is not in [0, Len()] or if s is not valid.
func (s *Set) Stratified(n int, seed uint64) (subset, rest *Set, err error) {
	if err := s.Validate(); err != nil {
		return nil, nil, errors.WithMessage(err, "mnist: Stratified")
	}
	if n < 0 || n > s.Len() {
		return nil, nil, errors.Errorf("mnist: Stratified: n must be in [0, %d], got %d", s.Len(), n)
	}

	members := make([][]int, s.Classes)
	counts := s.Counts()
	for c, k := range counts {
		members[c] = make([]int, 0, k)
	}
	for i, l := range s.Labels {
		members[l] = append(members[l], i)
	}

	chosen := make([]bool, s.Len())
	for c, quota := range apportion(n, counts) {
		var key [32]byte
		binary.LittleEndian.PutUint64(key[0:], seed)
		binary.LittleEndian.PutUint64(key[8:], uint64(c))
		copy(key[16:], "mnist/Stratified")
		src := rand.NewChaCha8(key)
		m := members[c]
		for k := range quota {
			j := k + int(below(src, uint64(len(m)-k)))
			m[k], m[j] = m[j], m[k]
			chosen[m[k]] = true
		}
	}

	subset, rest = s.like(n), s.like(s.Len()-n)
	size := s.Rows * s.Cols
	for i, in := range chosen {
		to := rest
		if in {
			to = subset
		}
		to.Pixels = append(to.Pixels, s.Pixels[i*size:(i+1)*size]...)
		to.Labels = append(to.Labels, s.Labels[i])
	}
	return subset, rest, nil
}

// like returns an empty Set of images like those of s, with room for n.
func (s *Set) like(n int) *Set {
	t := *s
	t.Pixels = make([]uint8, 0, n*s.Rows*s.Cols)
	t.Labels = make([]uint8, 0, n)
	return &t
}

// apportion divides n seats among classes in proportion to counts, whose sum
// must be at least n, by largest remainders. No class gets more than its count.
func apportion(n int, counts []int) []int {
	quotas := make([]int, len(counts))
	total := 0
	for _, k := range counts {
		total += k
	}
	if total == 0 {
		return quotas
	}
	left := n
	remainders := make([]uint64, len(counts))
	order := make([]int, len(counts))
	for c, k := range counts {
		seats := uint64(n) * uint64(k)
		quotas[c] = int(seats / uint64(total))
		remainders[c] = seats % uint64(total)
		left -= quotas[c]
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case remainders[a] > remainders[b]:
			return -1
		case remainders[a] < remainders[b]:
			return 1
		}
		return 0
	})
	// The remainders sum to left*total and each is less than total, so at least
	// left of them are positive: a whole share is never rounded up.
	for _, c := range order[:left] {
		quotas[c]++
	}
	return quotas
}

// below draws uniformly from [0, n), n > 0, without bias.
func below(src *rand.ChaCha8, n uint64) uint64 {
	hi, lo := bits.Mul64(src.Uint64(), n)
	if lo < n {
		// 2^64 mod n: the draws that would favour some results.
		biased := -n % n
		for lo < biased {
			hi, lo = bits.Mul64(src.Uint64(), n)
		}
	}
	return hi
}
