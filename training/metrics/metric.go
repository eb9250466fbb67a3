package metrics

import (
	"math"

	"github.com/pkg/errors"
)

// A Metric describes a measure of how good outputs are. The zero values of the
// metrics in this package are usable.
type Metric interface {
	// Name returns the name for tables, logs and early stopping.
	Name() string
	// Direction returns which values are better.
	Direction() Direction
	// Start returns an accumulator that has seen nothing, or an error if the
	// metric's settings are wrong.
	Start() (Accumulator, error)
}

// An Accumulator holds the value of a metric over the batches that it was
// given. It is not safe for use by several goroutines: give each its own, and
// merge them.
//
// The state of an accumulator is its [encoding/json] form: read into one that
// the same metric has started, it continues exactly. Your own accumulators need
// exported fields for that.
type Accumulator interface {
	// Add adds the examples of a batch, either all of them or, with an error,
	// none.
	Add(Batch) error
	// Merge adds what another accumulator has seen, or returns an error if that
	// is of another metric.
	Merge(Accumulator) error
	// Value returns the metric over everything added, NaN if that is nothing.
	Value() float64
}

// A PerClass accumulator also has values for single classes, or for single
// outputs of a regression; NaN for those without one.
type PerClass interface{ PerClass() []float64 }

// A Direction says which values of a metric are better.
type Direction int

const (
	// LowerIsBetter is for errors and losses.
	LowerIsBetter Direction = iota
	// HigherIsBetter is for accuracies.
	HigherIsBetter
)

// String returns "lower is better" or "higher is better".
func (d Direction) String() string {
	if d == HigherIsBetter {
		return "higher is better"
	}
	return "lower is better"
}

// Better reports whether value is better than the value than by more than
// delta. NaN is better than nothing, and any number is better than NaN.
func (d Direction) Better(value, than, delta float64) bool {
	switch {
	case math.IsNaN(value):
		return false
	case math.IsNaN(than):
		return true
	case d == HigherIsBetter:
		return value > than+delta
	}
	return value < than-delta
}

// same returns from with the type of the accumulator that it is merged into.
func same[T Accumulator](into T, from Accumulator) (T, error) {
	other, ok := from.(T)
	if !ok {
		return other, errors.Errorf("metrics: Merge: accumulator must be a %T, got %T", into, from)
	}
	return other, nil
}
