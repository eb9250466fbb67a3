package vowel_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/datasets/vowel"
)

// The published split: no speaker of the test is heard in training.
func ExampleSplit() {
	table, err := vowel.Load()
	if err != nil {
		log.Fatal(err)
	}
	train, test := vowel.Split(table)
	fmt.Println(len(train), "examples to train on,", len(test), "to test")
	// Output:
	// 528 examples to train on, 462 to test
}
