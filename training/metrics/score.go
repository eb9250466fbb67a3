package metrics

import (
	"strconv"

	"github.com/pkg/errors"
)

// average returns the mean, NaN for no numbers.
func average(x []float64) float64 {
	var total float64
	for _, v := range x {
		total += v
	}
	return total / float64(len(x))
}

// score is a float64 that JSON can hold even if it is infinite or NaN.
type score float64

// MarshalText writes the number so that it is read back exactly.
func (s score) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'g', -1, 64), nil
}

// UnmarshalText reads a number.
func (s *score) UnmarshalText(text []byte) error {
	x, err := strconv.ParseFloat(string(text), 64)
	*s = score(x)
	return errors.Wrap(err, "metrics: score")
}
