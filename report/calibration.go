package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CalibrationBins is the number of equally wide bins of confidence in
// [Calibration].
const CalibrationBins = 10

// Calibration draws reliability curves: the accuracy of classifiers by their
// confidence, which is the probability of the predicted class. On the diagonal
// a classifier is right as often as it claims. Names include the expected
// calibration error (Naeini et al. 2015; Guo et al. 2017): the mean distance
// between confidence and accuracy over [CalibrationBins] bins, weighted by
// their examples. It is an error if there are no predictions or their parts do
// not fit together.
func Calibration(of ...Predictions) (*Figure, error) {
	if len(of) == 0 {
		return nil, errors.New("report: Calibration: must have at least one classifier, got none")
	}
	var curves []reliability
	var errs []string
	for _, p := range of {
		if err := p.check(); err != nil {
			return nil, errors.WithMessagef(err, "report: Calibration: %s", titleFor("classifier", p.Name))
		}
		r := newReliability(p)
		curves = append(curves, r)
		errs = append(errs, strings.TrimSpace(fmt.Sprintf("%.2f %% %s", 100*r.ece, p.Name)))
	}
	ece := strings.Join(errs, "; ") + "."
	p := axes("confidence (%)")
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 100, 0, 100
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks(0, 100, 5), linearTicks(0, 100, 5)
	p.Add(drawn(func(c draw.Canvas, x, y func(float64) vg.Length) {
		diagonal := stroke(muted, 1)
		diagonal.Dashes = []vg.Length{3, 3}
		c.StrokeLine2(diagonal, x(0), y(0), x(100), y(100))
		for i, r := range curves {
			var line []vg.Point
			for _, b := range r.bins {
				line = append(line, vg.Point{X: x(100 * b.confidence), Y: y(100 * b.accuracy)})
			}
			c.StrokeLines(stroke(hueAmong(i, len(curves)).line, 2), line)
			for k, b := range r.bins {
				dot(&c, line[k], hueAmong(i, len(curves)).line, 2+5*math.Sqrt(b.share))
				note(&c, line[k], "%s: %.1f %% right at a confidence of %.1f %% (%.1f %% of the examples)", of[i].Name, 100*b.accuracy, 100*b.confidence, 100*b.share)
			}
		}
	}))
	series := names(of)
	return &Figure{
		Title:   "Calibration",
		Caption: "Dots: bins of confidence, larger with more examples. Expected calibration error (ECE): " + ece,
		Alt:     "Accuracy by confidence. Expected calibration error: " + ece,
		width:   figureWidth, height: figureHeight + keyHeight(series), hides: len(series) > 1,
		draw: drawAxes(p, "accuracy (%)", margin, series...),
	}, nil
}

func names(of []Predictions) []string {
	var s []string
	for _, p := range of {
		s = append(s, p.Name)
	}
	return s
}

// A reliability is a curve over the bins that have examples.
type reliability struct {
	bins []bin
	ece  float64 // in [0, 1]
}

type bin struct{ confidence, accuracy, share float64 }

func newReliability(p Predictions) reliability {
	var sums [CalibrationBins]struct{ n, confidence, right float64 }
	for i, y := range p.Labels {
		k, confidence := p.answer(i)
		s := &sums[min(int(confidence*CalibrationBins), CalibrationBins-1)]
		s.n++
		s.confidence += confidence
		if k == y {
			s.right++
		}
	}
	var r reliability
	for _, s := range sums {
		if s.n == 0 {
			continue
		}
		b := bin{s.confidence / s.n, s.right / s.n, s.n / float64(len(p.Labels))}
		r.bins = append(r.bins, b)
		r.ece += b.share * math.Abs(b.confidence-b.accuracy)
	}
	return r
}
