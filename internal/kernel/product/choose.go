package product

import "github.com/pkg/errors"

// Units are ascending indices of things of which there are so many.
type Units struct {
	indices []int
	of      int
}

// UnitsOf returns the units with the given indices, which must be ascending in [0, of).
func UnitsOf(indices []int, of int) (Units, error) {
	before := -1
	for _, i := range indices {
		if i <= before || i >= of {
			return Units{}, errors.Errorf("units must be ascending in [0, %d), got %d after %d", of, i, before)
		}
		before = i
	}
	return Units{indices, of}, nil
}

// Choose sets dst, which has an element for each unit, to those elements of src, which has
// one for each of which they are chosen. It starts no goroutines.
func Choose[F Float](dst, src []F, u Units) {
	chooseWith(active[F](), dst, src, u)
}

func chooseWith[F Float](k *kernels[F], dst, src []F, u Units) {
	dst, src = dst[:len(u.indices)], src[:u.of]
	if len(dst) > 0 {
		k.choose(&dst[0], &src[0], &u.indices[0], len(dst))
	}
}
