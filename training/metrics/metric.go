package metrics

import (
	"math"

	"github.com/pkg/errors"
)

// A Metric describes a measure of how good outputs are. Its zero value is usable.
type Metric interface {
	// Name is what tables, logs and early stopping call it.
	Name() string
	// Direction says which values are better.
	Direction() Direction
	// Start returns an accumulator that has seen nothing, or an error if the settings of
	// the metric are wrong.
	Start() (Accumulator, error)
}

// An Accumulator has the value of a metric over the batches that it was given. It
// is not for several goroutines at once: give each its own, and merge them.
//
// The state of an accumulator is what [encoding/json] makes of it: read into
// one that was started by the same metric it goes on exactly. One of your own needs
// exported fields for that.
type Accumulator interface {
	// Add adds the examples of a batch, all of them or, with an error, none.
	Add(Batch) error
	// Merge adds what another accumulator of the same metric has seen; an error where it
	// is of another.
	Merge(Accumulator) error
	// Value is the metric over all that was added, NaN where there is none.
	Value() float64
}

// A PerClass accumulator also has values of the single classes, or of the single
// outputs of a regression; NaN for those that have none.
type PerClass interface{ PerClass() []float64 }

// A Direction says which values of a metric are better.
type Direction int

const (
	// LowerIsBetter is for errors and losses.
	LowerIsBetter Direction = iota
	// HigherIsBetter is for accuracies.
	HigherIsBetter
)

// String is "lower is better" or "higher is better".
func (d Direction) String() string {
	if d == HigherIsBetter {
		return "higher is better"
	}
	return "lower is better"
}

// Better reports whether a value is better than another by more than delta. NaN is better
// than nothing, and any number is better than NaN.
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

// same returns an accumulator as the type of another, into which it is merged.
func same[T Accumulator](into T, from Accumulator) (T, error) {
	other, ok := from.(T)
	if !ok {
		return other, errors.Errorf("metrics: Merge: accumulator must be a %T, got %T", into, from)
	}
	return other, nil
}
