package uncertainty_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// Four predictions of a network that says how noisy each is, in one pass; the last is far off.
func ExampleCoverage() {
	var values []uncertainty.Values
	for _, target := range []float64{-0.5, 0.1, 1.2, 4} {
		values = append(values, uncertainty.Values{Target: []float64{target}, Passes: [][]float64{{0}}, Noise: [][]float64{{1}}})
	}
	shares, err := uncertainty.Coverage(values, []float64{0.5, 0.8, 0.95}, 0)
	if err != nil {
		log.Fatal(err)
	}
	low, high := values[0].Interval(0, 0.8, 0)
	fmt.Printf("80 %% from %.2f to %.2f; covered: %v\n", low, high, shares)
	// Output:
	// 80 % from -1.28 to 1.28; covered: [0.5 0.75 0.75]
}
