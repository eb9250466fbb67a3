package metrics

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
)

// Accuracy is the share of the labels whose class has the largest output, the
// first of several equal ones. A label with a NaN output counts as missed.
type Accuracy struct{}

// Name returns "accuracy".
func (Accuracy) Name() string { return "accuracy" }

// Direction returns [HigherIsBetter].
func (Accuracy) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator for batches with labels.
func (a Accuracy) Start() (Accumulator, error) {
	return newLabelMean(a.Name(), func(row []float64, _ bool, label int) float64 { return truth(among(row, label, 1)) }, identity), nil
}

// TopK is the share of the labels whose class is among the K largest outputs,
// the first of several equal ones. A K of 0 means 5. With K or fewer classes it
// is 1, except that a label with a NaN output counts as missed.
type TopK struct{ K int }

// Name returns "top-5 accuracy" for K = 5.
func (t TopK) Name() string { return fmt.Sprintf("top-%d accuracy", t.k()) }

// Direction returns [HigherIsBetter].
func (TopK) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator for batches with labels, or an error if K is
// negative.
func (t TopK) Start() (Accumulator, error) {
	if t.K < 0 {
		return nil, errors.Errorf("metrics: TopK: K must not be negative, got %d", t.K)
	}
	return newLabelMean(t.Name(), func(row []float64, _ bool, label int) float64 { return truth(among(row, label, t.k())) }, identity), nil
}

func (t TopK) k() int {
	if t.K == 0 {
		return 5
	}
	return t.K
}

// among reports whether a label is among the k largest of a row without NaN.
func among(row []float64, label, k int) bool {
	before := 0
	for i, x := range row {
		if math.IsNaN(x) {
			return false
		}
		if x > row[label] || x == row[label] && i < label {
			before++
		}
	}
	return before < k
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
