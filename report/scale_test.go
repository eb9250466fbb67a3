package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// However narrow or wide it is, a logarithmic axis has a scale.
func TestLogTicksOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := math.Pow(10, rapid.Float64Range(-9, 9).Draw(t, "exponent of the low end"))
		high := low * math.Pow(10, rapid.Float64Range(0.001, 9).Draw(t, "decades"))
		ticks := logTicks(low, high)
		if len(ticks) < 2 || len(ticks) > 12 {
			t.Fatalf("there must be 2 to 12 ticks, got %v", ticks)
		}
		for i, tick := range ticks {
			if tick.Value < low*(1-1e-6) || tick.Value > high*(1+1e-6) || i > 0 && tick.Value <= ticks[i-1].Value {
				t.Fatalf("ticks must ascend in [%v, %v], got %v", low, high, ticks)
			}
		}
	})
}
