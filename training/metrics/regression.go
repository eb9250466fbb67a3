package metrics

import (
	"math"
	"math/big"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/exactsum"
)

// MAE is the mean absolute error over all values.
type MAE struct{}

// Name returns "MAE".
func (MAE) Name() string { return "MAE" }

// Direction returns [LowerIsBetter].
func (MAE) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with values.
func (m MAE) Start() (Accumulator, error) {
	return newValueMean(m.Name(), func(output, target float64) float64 { return math.Abs(output - target) }, identity), nil
}

// RMSE is the root of the mean squared error over all values.
type RMSE struct{}

// Name returns "RMSE".
func (RMSE) Name() string { return "RMSE" }

// Direction returns [LowerIsBetter].
func (RMSE) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with values.
func (r RMSE) Start() (Accumulator, error) {
	return newValueMean(r.Name(), func(output, target float64) float64 {
		d := output - target
		return d * d
	}, math.Sqrt), nil
}

// R2 is the coefficient of determination, the share of the targets' variance
// that the outputs explain:
//
//	R² = 1 - sum over i of w[i]*(target[i]-output[i])^2 / sum over i of w[i]*(target[i]-mean)^2
//
// where mean is the weighted mean of the targets. It is 1 at best, 0 for
// predicting the mean, and has no lower bound. With several outputs, on the
// last axis of two or more, it is the mean of theirs, which [PerClass] returns.
// If the targets are all equal it is NaN when they are predicted exactly and
// -Inf otherwise. Means that are large compared with the variance cost no
// digits.
type R2 struct{}

// Name returns "R²".
func (R2) Name() string { return "R²" }

// Direction returns [HigherIsBetter].
func (R2) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator for batches with values, which is a [PerClass].
func (R2) Start() (Accumulator, error) { return new(determination), nil }

// determination holds the sums of each output.
type determination struct {
	Columns []moments `json:"columns"`
}

// moments holds exact sums over the values of an output, each times its weight.
type moments struct {
	Weight  exactsum.Sum `json:"weight"`
	Target  exactsum.Sum `json:"target"`
	Squares exactsum.Sum `json:"squares"` // of targets
	Errors  exactsum.Sum `json:"errors"`  // squared
}

func (d *determination) Add(b Batch) error {
	v, err := b.byValues()
	if err == nil {
		err = d.fit(v.columns)
	}
	if err != nil {
		return errors.Wrap(err, "metrics: R²")
	}
	v.each(func(column int, output, target, weight float64) {
		m := &d.Columns[column]
		m.Weight.Add(weight)
		m.Target.AddProduct(weight, target)
		addSquare(&m.Squares, target, weight)
		addSquare(&m.Errors, output-target, weight)
	})
	return nil
}

// addSquare adds weight*x*x, exactly.
func addSquare(s *exactsum.Sum, x, weight float64) {
	p := weight * x
	s.AddProduct(p, x)
	if !math.IsInf(p, 0) && !math.IsNaN(p) {
		s.AddProduct(math.FMA(weight, x, -p), x)
	}
}

// fit makes sums for a number of outputs, or returns an error if there are sums
// for another number.
func (d *determination) fit(columns int) error {
	if len(d.Columns) == 0 {
		d.Columns = make([]moments, columns)
	}
	if len(d.Columns) != columns {
		return errors.Errorf("outputs must be %d as before, got %d", len(d.Columns), columns)
	}
	return nil
}

func (d *determination) Merge(a Accumulator) error {
	other, err := same(d, a)
	if err != nil || len(other.Columns) == 0 {
		return err
	}
	if err := d.fit(len(other.Columns)); err != nil {
		return errors.Wrap(err, "metrics: R²")
	}
	for i := range other.Columns {
		m := &other.Columns[i]
		d.Columns[i].Weight.Merge(&m.Weight)
		d.Columns[i].Target.Merge(&m.Target)
		d.Columns[i].Squares.Merge(&m.Squares)
		d.Columns[i].Errors.Merge(&m.Errors)
	}
	return nil
}

func (d *determination) Value() float64 {
	var total float64
	for _, x := range d.PerClass() {
		total += x
	}
	return total / float64(len(d.Columns))
}

// PerClass returns the coefficient of each output.
func (d *determination) PerClass() []float64 {
	all := make([]float64, len(d.Columns))
	for i := range d.Columns {
		all[i] = d.Columns[i].coefficient()
	}
	return all
}

// coefficient returns 1 - errors*weight/(weight*squares - target^2), rounded
// once.
func (m *moments) coefficient() float64 {
	for _, s := range []*exactsum.Sum{&m.Weight, &m.Target, &m.Squares, &m.Errors} {
		if !s.Finite() {
			return math.NaN()
		}
	}
	weight, target := m.Weight.Units(), m.Target.Units()
	spread := new(big.Int).Mul(weight, m.Squares.Units())
	spread.Sub(spread, target.Mul(target, target))
	missed := weight.Mul(weight, m.Errors.Units())
	if spread.Sign() == 0 {
		if missed.Sign() == 0 {
			return math.NaN()
		}
		return math.Inf(-1)
	}
	x, _ := new(big.Rat).SetFrac(missed.Sub(spread, missed), spread).Float64()
	return x
}
