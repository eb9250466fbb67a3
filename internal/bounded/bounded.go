// Package bounded multiplies sizes from outside, whose product may overflow.
package bounded

import (
	"math/bits"

	"github.com/pkg/errors"
)

// Product returns the product of all sizes. A negative size or a product above
// most is an error.
func Product(most int, all ...int) (int, error) {
	n := uint64(1)
	over, zero := false, false
	for _, d := range all {
		if d < 0 {
			return 0, errors.Errorf("sizes must not be negative, got %v", all)
		}
		zero = zero || d == 0
		hi, lo := bits.Mul64(n, uint64(d))
		over = over || hi != 0 || lo > uint64(most)
		n = lo
	}
	switch {
	case zero:
		return 0, nil
	case over:
		return 0, errors.Errorf("sizes must multiply to %d at most, got %v", most, all)
	}
	return int(n), nil
}
