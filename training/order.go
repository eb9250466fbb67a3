package training

import "math/rand/v2"

// order returns the order of n examples in an epoch: a uniform permutation that
// depends on nothing but the seed and the epoch, so that a run can be resumed
// at any epoch.
func order(seed uint64, epoch, n int) []int {
	r := rand.New(rand.NewPCG(seed, uint64(epoch)))
	return r.Perm(n)
}
