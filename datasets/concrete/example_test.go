package concrete_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/datasets/concrete"
)

func ExampleLoad() {
	table, err := concrete.Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d mixtures of %d numbers, the first of %.2f MPa\n", table.Len(), table.InputShape()[0], table.Targets[0])
	// Output:
	// 1030 mixtures of 8 numbers, the first of 79.99 MPa
}
