package ops

import (
	"github.com/gorgonia-dropout/dropout/internal/formula"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Formula says what the dropout computes while it is on. It is nil if the rate
// changes, or if kept elements are not scaled by one number.
func (f masked) Formula() any {
	p, ok := f.Draws().Rate.(schedule.Constant)
	if !ok {
		return nil
	}
	t := drop.Threshold(float64(p))
	y := formula.Dropout{P: float64(t) / drop.Always, Shared: f.mask.Shared()}
	switch d := f.distribution.(type) {
	case bernoulli:
		y.Scale = float64(drop.Scale(t))
	case alpha:
		form := d.form(t)
		y.Scale, y.Shift, y.Dropped = form.Scale, form.Shift, form.Dropped
	default:
		return nil
	}
	return y
}
