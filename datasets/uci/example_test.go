package uci_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/datasets/uci"
)

func ExampleSet_Load() {
	set := uci.Concrete()
	table, err := set.Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d mixtures of %d numbers, the first of %.2f %s\n", table.Len(), table.InputShape()[0], table.Targets[0], set.Unit)
	// Output:
	// 1030 mixtures of 8 numbers, the first of 79.99 MPa
}
