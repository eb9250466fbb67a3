package report

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// setRange sets a linear axis from low to high, with about n ticks, for any two
// finite numbers in this order.
func setRange(a *plot.Axis, low, high float64, n int) {
	a.Min, a.Max = low, high
	a.Scale = linearScale{}
	a.Tick.Marker = linearTicks(low, high, n)
}

// linearScale is plot.LinearScale, but does not overflow.
type linearScale struct{}

// Normalize returns where x lies between low, at 0, and high, at 1.
func (linearScale) Normalize(low, high, x float64) float64 {
	if span := high - low; !math.IsInf(span, 0) {
		return (x - low) / span
	}
	return (x/2 - low/2) / (high/2 - low/2)
}

// apart returns low and high, or an interval around them if they are too close
// for anything to be drawn between.
func apart(low, high float64) (float64, float64) {
	size := max(math.Abs(low), math.Abs(high))
	if high-low > 1e-9*size && high-low > 1e-300 {
		return low, high
	}
	return around(low, high, max(0.5, 1e-3*size))
}

// around returns low-pad and high+pad, or the nearest finite numbers.
func around(low, high, pad float64) (float64, float64) {
	return max(low-pad, -math.MaxFloat64), min(high+pad, math.MaxFloat64)
}

// linearTicks returns about n round numbers in [low, high], n being four or more, and
// four at least. The interval must not be empty, which apart ensures.
func linearTicks(low, high float64, n int) plot.ConstantTicks {
	unit := high/float64(n) - low/float64(n)
	power := math.Pow(10, math.Floor(math.Log10(unit)))
	const slack = 1e-9 // ends that are round numbers but for rounding
	var step, from, to, digit float64
	for _, m := range []struct{ size, over float64 }{{10, 5}, {5, 2}, {2.5, 2}, {2, 1}, {1, 0}, {0.5, 0}} {
		if unit/power <= m.over {
			continue // that would be few
		}
		step = m.size * power
		from, to = math.Ceil(low/step-slack), math.Floor(high/step+slack)
		if digit = step; m.size == 2.5 {
			digit /= 10 // 0.25 has one digit more than 0.2
		}
		if to-from >= 3 {
			break
		}
	}
	var ticks plot.ConstantTicks
	for i := range max(0, int(min(to-from, float64(2*n)))+1) {
		v := (from + float64(i)) * step
		ticks = append(ticks, plot.Tick{Value: v, Label: tickLabel(v, digit)})
	}
	return ticks
}

// tickLabel formats v, whose last digit is that of step, with no more digits than needed.
func tickLabel(v, step float64) string {
	exponent := func(x float64) int { return int(math.Floor(math.Log10(math.Abs(x)) + 1e-9)) }
	decimals := max(0, -exponent(step))
	if v == 0 {
		return strconv.FormatFloat(0, 'f', min(decimals, 6), 64)
	}
	if exponent(v) < 7 && decimals <= 6 {
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	return strconv.FormatFloat(v, 'g', max(1, exponent(v)-exponent(step)+1), 64)
}

// logTicks returns round numbers in [low, high], at most seven.
func logTicks(low, high float64) plot.ConstantTicks {
	const most = 7
	var ticks plot.ConstantTicks
	for i, mantissas := range [][]float64{
		{1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9}, {1, 1.5, 2, 3, 4, 5, 6, 8}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1},
	} {
		ticks = nil
		for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
			for _, m := range mantissas {
				// Parsed, because the product would be rounded.
				if v, err := strconv.ParseFloat(fmt.Sprintf("%ge%g", m, e), 64); err == nil && v >= low && v <= high {
					ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', -1, 64)})
				}
			}
		}
		if i == 0 && len(ticks) < 3 {
			return linearTicks(low, high, most-1) // in so small a range it is nearly linear
		}
		if len(ticks) <= most {
			return ticks
		}
	}
	// Powers of ten, but not all.
	var some plot.ConstantTicks
	for i := 0; i < len(ticks); i += (len(ticks) + most - 1) / most {
		some = append(some, ticks[i])
	}
	return some
}
