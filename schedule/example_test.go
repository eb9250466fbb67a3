package schedule_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// A schedule gives the learning rate of each step.
func ExampleWarmup() {
	lr := schedule.Warmup{Steps: 4, Then: schedule.Cosine{Initial: 0.4, Steps: 8}}
	if err := schedule.Validate(lr); err != nil {
		log.Fatal(err)
	}
	for _, step := range []int64{0, 1, 3, 4, 8, 12} {
		fmt.Printf("step %2d: %.2f\n", step, lr.At(step))
	}
	// Output:
	// step  0: 0.10
	// step  1: 0.20
	// step  3: 0.40
	// step  4: 0.40
	// step  8: 0.20
	// step 12: 0.00
}
