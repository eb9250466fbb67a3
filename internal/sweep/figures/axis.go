package figures

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
)

func axes(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // that of the page or file
	style := report.TextStyle(12, ink)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Tick.Label.Font = style.Font, style.Font
		a.Label.TextStyle.Handler, a.Tick.Label.Handler = style.Handler, style.Handler
		a.Label.TextStyle.Color, a.Tick.Label.Color, a.LineStyle.Color, a.Tick.LineStyle.Color = muted, ink, muted, muted
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(linear), plot.TickerFunc(linear)
	p.X.Label.Text, p.Y.Label.Text = x, y
	return p
}

// number writes a tick's value without rounding errors or zeros at its end.
func number(v float64) string { return strconv.FormatFloat(v+0, 'g', 6, 64) } // never -0

// linear returns about five ticks at round numbers.
func linear(low, high float64) []plot.Tick {
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return []plot.Tick{{Value: low, Label: number(low)}}
	}
	unit := math.Pow(10, math.Floor(math.Log10(span/5)))
	step := unit
	for _, m := range []float64{1, 2, 5, 10} {
		if step = m * unit; span/step <= 6 {
			break
		}
	}
	var ticks []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: number(i * step)})
	}
	return ticks
}

// logarithm returns ticks at 1, 2 and 5 times the powers of ten, or at the powers
// alone where there are many.
func logarithm(low, high float64) []plot.Tick {
	multiples := []float64{1, 2, 5}
	if high/low > 2000 {
		multiples = multiples[:1]
	}
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
		for _, m := range multiples {
			if v := m * math.Pow(10, e); v >= low*(1-1e-9) && v <= high*(1+1e-9) {
				ticks = append(ticks, plot.Tick{Value: v, Label: number(v)})
			}
		}
	}
	return ticks
}

// across prepares the axis of a setting, of which xs are the values in order.
func across(s *sweep.Spec, a *plot.Axis, name string, xs []float64) {
	low, high := xs[0], xs[len(xs)-1]
	scale, back := func(v float64) float64 { return v }, func(v float64) float64 { return v }
	log := logarithmic(s, name, xs)
	if log {
		a.Scale, a.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logarithm)
		a.Label.Text += " (log scale)"
		scale, back = math.Log, math.Exp
	}
	span := scale(high) - scale(low)
	// Each value has a tick where their labels do not touch.
	apart := len(xs) <= 12
	for i := 1; i < len(xs); i++ {
		apart = apart && scale(xs[i])-scale(xs[i-1]) > 0.07*span
	}
	if apart {
		var ticks plot.ConstantTicks
		for _, x := range xs {
			ticks = append(ticks, plot.Tick{Value: x, Label: number(x)})
		}
		a.Tick.Marker = ticks
	}
	if !apart {
		a.Tick.Marker = inside{a.Tick.Marker, log}
	}
	// Room for the labels at both ends.
	a.Min, a.Max = back(scale(low)-0.04*span), back(scale(high)+0.04*span)
}

// inside leaves out ticks so near to the ends that their labels would be cut off.
type inside struct {
	plot.Ticker
	logarithmic bool
}

func (in inside) Ticks(low, high float64) []plot.Tick {
	place := func(v float64) float64 { return (v - low) / (high - low) }
	if in.logarithmic {
		place = func(v float64) float64 { return math.Log(v/low) / math.Log(high/low) }
	}
	return slices.DeleteFunc(in.Ticker.Ticks(low, high), func(t plot.Tick) bool {
		return place(t.Value) < 0.03 || place(t.Value) > 0.97
	})
}

// logarithmic says whether a setting is shown on a logarithmic axis: if it was
// drawn so, if halving multiplies it, or if its values span far.
func logarithmic(s *sweep.Spec, name string, xs []float64) bool {
	if xs[0] <= 0 {
		return false
	}
	return s.Space[name].Log != nil || s.Halving != nil && s.Halving.Resource == name ||
		s.Space[name].Values != nil && xs[len(xs)-1] >= 20*xs[0]
}

// upTo fits the vertical axis to what is drawn, and lets it begin at 0 where that
// is near.
func upTo(a *plot.Axis) {
	span := a.Max - a.Min
	if a.Min >= 0 && a.Min < 0.5*span {
		a.Min = 0
	} else {
		a.Min -= 0.05 * span
	}
	a.Max += 0.05 * span
}
