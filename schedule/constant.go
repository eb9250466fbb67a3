package schedule

import (
	"fmt"
	"math"
)

// Constant is the same at every step.
type Constant float64

// At implements [Schedule].
func (c Constant) At(int64) float64 {
	if c.Validate() != nil {
		return math.NaN()
	}
	return float64(c)
}

// String returns the value.
func (c Constant) String() string { return fmt.Sprint(float64(c)) }

// Bounds returns the constant twice.
func (c Constant) Bounds() (low, high float64) { return float64(c), float64(c) }

// Validate returns an error unless the constant is finite.
func (c Constant) Validate() error { return finite(c, "value", float64(c)) }
