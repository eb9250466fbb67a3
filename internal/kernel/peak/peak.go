// Package peak does fused multiply-adds as fast as a core can: in registers, without
// memory, with no result. Benchmarks compare with it.
package peak

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// MultiplyAdds does n fused multiply-adds of float32, or up to one turn of its loop more,
// with the vectors of [isa.Active]. It is an error if n is negative or if there is no such
// loop, as for [isa.Generic].
func MultiplyAdds(n int) error {
	if n < 0 {
		return errors.Errorf("peak: MultiplyAdds: n must not be negative, got %d", n)
	}
	set := isa.Active()
	run, turn := loopOf(set)
	if run == nil {
		return errors.Errorf("peak: MultiplyAdds: kernels must be avx2, avx512 or neon, got %v", set)
	}
	if n > 0 {
		// 1 is added until the sum stays: 2^24.
		var sum float32
		run(&sum, (n-1)/turn+1, 1)
	}
	return nil
}

// A loop adds the square of x n times to each element of its vectors, which begin as x,
// and sets sum to the sum of their first elements.
type loop func(sum *float32, n int, x float32)
