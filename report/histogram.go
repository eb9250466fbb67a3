package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Sample is a set of numbers with a name.
type Sample struct {
	Name   string
	Values []float64
}

// Activations draws histograms of the activations of hidden units, on a
// logarithmic scale as the units that are on are few: dropout makes them fewer
// (Srivastava et al. 2014, figure 8). Those that are exactly 0 are not drawn;
// the caption says how many. It is an error if there are no samples, or if one
// is empty or has a value that is not finite.
func Activations(samples ...Sample) (*Figure, error) {
	f, err := histogram(samples, "activation", true)
	return f, errors.WithMessage(err, "report: Activations")
}

// Uncertainty draws histograms of the predictive entropy of examples in nats,
// as from MC dropout (Gal and Ghahramani 2016), for those that were classified
// right and for the others. It is an error if there are no examples, if the
// lengths differ, or if an entropy is not finite.
func Uncertainty(entropy []float64, correct []bool) (*Figure, error) {
	if len(entropy) != len(correct) {
		return nil, errors.Errorf("report: Uncertainty: want as many entropies as answers, got %d and %d", len(entropy), len(correct))
	}
	wrong, right := Sample{Name: "classified wrong"}, Sample{Name: "classified right"}
	for i, h := range entropy {
		if correct[i] {
			right.Values = append(right.Values, h)
		} else {
			wrong.Values = append(wrong.Values, h)
		}
	}
	var samples []Sample
	for _, s := range []Sample{wrong, right} {
		if len(s.Values) > 0 {
			samples = append(samples, s)
		}
	}
	f, err := histogram(samples, "predictive entropy (nats)", false)
	if err != nil {
		return nil, errors.WithMessage(err, "report: Uncertainty")
	}
	f.Title = "Uncertainty with dropout left on"
	return f, nil
}

const bins = 30

// histogram draws the shares of samples in common bins, on a logarithmic scale
// and without the zeros if sparse.
func histogram(samples []Sample, x string, sparse bool) (*Figure, error) {
	if len(samples) == 0 {
		return nil, errors.New("want at least one sample, got none")
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range samples {
		if len(s.Values) == 0 {
			return nil, errors.Errorf("sample %q must have values, got none", s.Name)
		}
		for i, v := range s.Values {
			if !finite(v) {
				return nil, errors.Errorf("value %d of sample %q must be finite, got %v", i, s.Name, v)
			}
			low, high = min(low, v), max(high, v)
		}
	}
	if low == high {
		low, high = low-0.5, high+0.5
	}
	var shares [][]float64
	var details []string
	least, most := math.Inf(1), 0.0
	for _, s := range samples {
		share := make([]float64, bins)
		var zeros, sum float64
		for _, v := range s.Values {
			sum += v / float64(len(s.Values))
			if sparse && v == 0 {
				zeros++
				continue
			}
			share[min(int(bins*((v-low)/(high-low))), bins-1)] += 100 / float64(len(s.Values))
		}
		for _, v := range share {
			if v > 0 {
				least, most = min(least, v), max(most, v)
			}
		}
		shares = append(shares, share)
		detail := fmt.Sprintf("%s: mean %.3g", s.Name, sum)
		if sparse {
			detail += fmt.Sprintf(", %.1f %% exactly 0", 100*zeros/float64(len(s.Values)))
		} else {
			detail += fmt.Sprintf(", %d examples", len(s.Values))
		}
		details = append(details, detail)
	}
	if most == 0 { // all values are 0
		least, most = 1, 100
	}
	p := axes(x)
	p.X.Min, p.X.Max = low, high
	p.X.Tick.Marker = linearTicks(low, high, 6)
	y := "share of each (%)"
	if sparse {
		y += ", log scale"
		p.Y.Scale = plot.LogScale{}
		p.Y.Min, p.Y.Max = least/2, most*1.5
		p.Y.Tick.Marker = logTicks(p.Y.Min, p.Y.Max)
	} else {
		p.Y.Min, p.Y.Max = 0, 1.05*most
		p.Y.Tick.Marker = linearTicks(0, p.Y.Max, 6)
	}
	p.Add(drawn(func(c draw.Canvas, x, y func(float64) vg.Length) {
		bottom := c.Min.Y
		for i, share := range shares {
			outline := []vg.Point{{X: x(low), Y: bottom}}
			for b, v := range share {
				top := bottom
				if v > 0 {
					top = y(v)
				}
				for _, side := range []int{b, b + 1} {
					outline = append(outline, vg.Point{X: x(low + (high-low)*float64(side)/bins), Y: top})
				}
			}
			outline = append(outline, vg.Point{X: x(high), Y: bottom})
			c.FillPolygon(fade(hueAmong(i, len(shares)).line, 0.2), outline)
			c.StrokeLines(stroke(hueAmong(i, len(shares)).line, 1.5), outline)
		}
		var names []string
		for _, s := range samples {
			names = append(names, s.Name)
		}
		drawKey(&c, names, draw.XRight)
	}))
	described := strings.Join(details, "; ") + "."
	return &Figure{
		Title: "Activations", Caption: capital(described), Alt: fmt.Sprintf("Histograms of the %s. %s", x, described),
		width: figureWidth, height: figureHeight,
		draw: drawAxes(p, y, margin),
	}, nil
}
