package embedded_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/mnist/embedded"
)

// Take 10,000 training examples, as many for validation, and one batch.
func ExampleLoad() {
	train, test, err := embedded.Load()
	if err != nil {
		log.Fatal(err)
	}
	const seed = 1
	subset, rest, err := train.Stratified(10000, seed)
	if err != nil {
		log.Fatal(err)
	}
	validation, _, err := rest.Stratified(10000, seed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(subset.Len(), validation.Len(), test.Len())
	fmt.Println(subset.Counts())

	x, y := make([]float32, 4*28*28), make([]int, 4)
	if err := train.Gather([]int{0, 1, 2, 3}, x, y); err != nil {
		log.Fatal(err)
	}
	fmt.Println(y)
	// Output:
	// 10000 10000 10000
	// [987 1124 993 1022 974 904 986 1044 975 991]
	// [5 0 4 1]
}
