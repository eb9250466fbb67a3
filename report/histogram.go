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
// logarithmic scale since few units are active: dropout makes them fewer
// (Srivastava et al. 2014, figure 8). Activations of exactly 0 are not drawn;
// the caption says how many there are. It is an error if there are no samples,
// or if one is empty or has a value that is not finite.
func Activations(samples ...Sample) (*Figure, error) {
	f, err := histogram(samples, "activation", true)
	return f, errors.WithMessage(err, "report: Activations")
}

// Uncertainty draws histograms of the predictive entropy of examples in nats,
// as from MC dropout (Gal and Ghahramani 2016), for correctly classified
// examples and for the others. It is an error if there are no examples, if the
// lengths differ, or if an entropy is not finite.
func Uncertainty(entropy []float64, correct []bool) (*Figure, error) {
	if len(entropy) != len(correct) {
		return nil, errors.Errorf("report: Uncertainty: must have as many entropies as answers, got %d and %d", len(entropy), len(correct))
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

// A histogramOf holds the shares of samples in common bins, in per cent.
type histogramOf struct {
	low, high   float64
	shares      [][]float64 // of each sample in each bin
	least, most float64     // of the shares that are not 0
	details     []string    // of each sample, in words
}

// edge returns the left edge of bin i. It does not overflow where high-low does.
func (h *histogramOf) edge(i int) float64 {
	t := float64(i) / bins
	return h.low*(1-t) + h.high*t
}

// bin returns the bin of v.
func (h *histogramOf) bin(v float64) int {
	t := (v/2 - h.low/2) / (h.high/2 - h.low/2)
	return max(0, min(int(bins*t), bins-1))
}

// newHistogram counts the values of samples, except zeros if sparse.
func newHistogram(samples []Sample, sparse bool) (*histogramOf, error) {
	if len(samples) == 0 {
		return nil, errors.New("must have at least one sample, got none")
	}
	h := &histogramOf{low: math.Inf(1), high: math.Inf(-1), least: math.Inf(1)}
	for _, s := range samples {
		if len(s.Values) == 0 {
			return nil, errors.Errorf("sample %q must have values, got none", s.Name)
		}
		for i, v := range s.Values {
			if !finite(v) {
				return nil, errors.Errorf("value %d of sample %q must be finite, got %v", i, s.Name, v)
			}
			h.low, h.high = min(h.low, v), max(h.high, v)
		}
	}
	h.low, h.high = apart(h.low, h.high)
	for _, s := range samples {
		h.count(s, sparse)
	}
	if h.most == 0 { // all values are 0
		h.least, h.most = 1, 100
	}
	return h, nil
}

// count adds a sample.
func (h *histogramOf) count(s Sample, sparse bool) {
	share := make([]float64, bins)
	n := float64(len(s.Values))
	var zeros, mean float64
	for _, v := range s.Values {
		mean += v / n
		if sparse && v == 0 {
			zeros++
			continue
		}
		share[h.bin(v)] += 100 / n
	}
	for _, v := range share {
		if v > 0 {
			h.least, h.most = min(h.least, v), max(h.most, v)
		}
	}
	h.shares = append(h.shares, share)
	detail := fmt.Sprintf("%s: mean %.3g", s.Name, mean)
	if sparse {
		detail += fmt.Sprintf(", %.1f %% exactly 0", 100*zeros/n)
	} else {
		detail += fmt.Sprintf(", %d examples", len(s.Values))
	}
	h.details = append(h.details, detail)
}

// histogram draws the shares of samples, on a logarithmic scale if sparse.
func histogram(samples []Sample, x string, sparse bool) (*Figure, error) {
	h, err := newHistogram(samples, sparse)
	if err != nil {
		return nil, err
	}
	p := axes(x)
	setRange(&p.X, h.low, h.high, 6)
	y := "share of each (%)"
	if sparse {
		y += ", log scale"
		p.Y.Scale = plot.LogScale{}
		p.Y.Min, p.Y.Max = h.least/2, h.most*1.5
		p.Y.Tick.Marker = logTicks(p.Y.Min, p.Y.Max)
	} else {
		p.Y.Min, p.Y.Max = 0, 1.05*h.most
		p.Y.Tick.Marker = linearTicks(0, p.Y.Max, 6)
	}
	var series []string
	for _, s := range samples {
		series = append(series, s.Name)
	}
	p.Add(drawn(func(c draw.Canvas, x, y func(float64) vg.Length) {
		h.draw(c, x, y)
		for i, share := range h.shares {
			for b, v := range share {
				if v > 0 {
					note(&c, vg.Point{X: (x(h.edge(b)) + x(h.edge(b+1))) / 2, Y: y(v)}, "%s: %.3g %% from %.3g to %.3g", series[i], v, h.edge(b), h.edge(b+1))
				}
			}
		}
	}))
	described := strings.Join(h.details, "; ") + "."
	return &Figure{
		Title: "Activations", Caption: capital(described), Alt: fmt.Sprintf("Histograms of the %s. %s", x, described),
		width: figureWidth, height: figureHeight + keyHeight(series), hides: len(series) > 1,
		draw: drawAxes(p, y, margin, series...),
	}, nil
}

// draw fills all histograms, then outlines them, so that no fill covers an
// outline. Parts of a histogram are separate where bins are empty.
func (h *histogramOf) draw(c draw.Canvas, x, y func(float64) vg.Length) {
	outlines := make([][][]vg.Point, len(h.shares))
	for i, share := range h.shares {
		var outline []vg.Point
		for b, v := range share {
			if v == 0 {
				continue
			}
			left, right, top := x(h.edge(b)), x(h.edge(b+1)), y(v)
			if outline == nil {
				outline = append(outline, vg.Point{X: left, Y: c.Min.Y})
			}
			outline = append(outline, vg.Point{X: left, Y: top}, vg.Point{X: right, Y: top})
			if b == bins-1 || share[b+1] == 0 {
				outlines[i] = append(outlines[i], append(outline, vg.Point{X: right, Y: c.Min.Y}))
				outline = nil
			}
		}
		for _, outline := range outlines[i] {
			c.FillPolygon(fade(hueAmong(i, len(h.shares)).line, 0.2), outline)
		}
	}
	for i, parts := range outlines {
		for _, outline := range parts {
			c.StrokeLines(stroke(hueAmong(i, len(outlines)).line, 1.5), outline)
		}
	}
}
