package opticks_test

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/datasets/opticks"
)

func ExampleText() {
	fmt.Println(len(opticks.Text()) > 500_000, opticks.Bits(0.6931471805599453), "bit")
	// Output:
	// true 1 bit
}
