package augment_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/gorgonia-dropout/dropout/datasets/augment"
	"github.com/gorgonia-dropout/dropout/training"
)

// An image of two rows, as it comes in three epochs: mirrored, brightened by a transform of
// one's own, and cut.
func ExampleDataset() {
	images := &training.Examples{Shape: []int{1, 2, 4}, X: []float32{1, 2, 3, 4, 5, 6, 7, 8}, Y: []int{0}}
	brighter := augment.Func(func(x []float32, _ []int, r *rand.Rand) error {
		by := float32(10 * r.IntN(3))
		for i := range x {
			x[i] += by
		}
		return nil
	})
	train := &augment.Dataset{Data: images, Seed: 1, Transforms: []augment.Transform{augment.Flip{}, brighter, augment.Cutout{Size: 2}}}
	x, y := make([]float32, 8), make([]int, 1)
	for epoch := range 3 {
		train.SetEpoch(epoch) // a Trainer does it
		if err := train.Gather([]int{0}, x, y); err != nil {
			log.Fatal(err)
		}
		fmt.Println(x[:4], x[4:])
	}
	// Output:
	// [4 0 0 1] [8 0 0 5]
	// [0 0 12 11] [18 17 16 15]
	// [11 0 0 14] [15 16 17 18]
}
