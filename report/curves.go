package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Curve is a number that changes from epoch to epoch.
type Curve struct {
	Name    string
	Note    string // addition to the axis name
	Percent bool   // in per cent
	Of      func(training.Epoch) float64
}

// The curves in histories. BatchError and TrainLoss are measured on batches
// while training, dropout included, so they may lie above the validation curve.
// ValidationError is NaN in epochs without validation.
var (
	ValidationError = Curve{"validation error", "", true, func(e training.Epoch) float64 {
		if e.Validation == nil {
			return math.NaN()
		}
		return e.Validation.Error()
	}}
	BatchError = Curve{"training error", "of the batches, dropout included", true, func(e training.Epoch) float64 { return e.Train.Error() }}
	TrainLoss  = Curve{"training loss", "of the batches, dropout included", false, func(e training.Epoch) float64 { return e.Loss }}
)

// WriteCurves writes the learning curves of the error, as [ErrorCurves] draws
// them.
func WriteCurves(w io.Writer, format Format, results []experiment.Result, arms ...string) error {
	f, err := ErrorCurves(results, arms...)
	if err != nil {
		return err
	}
	return WriteFigure(w, format, f)
}

// ErrorCurves draws the validation error of each arm by epoch or, if any epoch
// was not validated, [BatchError] for all.
//
// Colours follow the arms given, then those of results; see [LearningCurves].
func ErrorCurves(results []experiment.Result, arms ...string) (*Figure, error) {
	for _, r := range results {
		if r.History != nil && slices.ContainsFunc(r.History.Epochs, func(e training.Epoch) bool { return e.Validation == nil }) {
			return LearningCurves(results, BatchError, arms...)
		}
	}
	return LearningCurves(results, ValidationError, arms...)
}

// LearningCurves draws a curve for each arm: the mean over its seeds, with a
// band from the lowest to the highest seed. An arm's curve ends with its
// shortest run, and has gaps where a run gave NaN or an infinity. The y axis is
// logarithmic if the values are positive and span more than a factor of three.
//
// The given arms have the first colours in order, even those without a result
// yet; the other arms of the results follow in the order of their first result.
//
// It is an error if there are no results, if one has no epochs, or if there is
// no finite value to draw.
func LearningCurves(results []experiment.Result, of Curve, arms ...string) (*Figure, error) {
	if len(results) == 0 {
		return nil, errors.New("report: LearningCurves: must have at least one result, got none")
	}
	var curves []*curve
	low, high, longest := math.Inf(1), math.Inf(-1), 0
	arms = armsOf(results, arms)
	for i, arm := range arms {
		if !slices.ContainsFunc(results, func(r experiment.Result) bool { return r.Arm == arm }) {
			continue
		}
		c, err := newCurve(results, arm, of)
		if err != nil {
			return nil, err
		}
		c.index = i
		curves = append(curves, c)
		longest = max(longest, len(c.mean))
		for e, m := range c.mean {
			if finite(m) {
				low, high = min(low, c.low[e]), max(high, c.high[e])
			}
		}
	}
	if low > high {
		return nil, errors.Errorf("report: LearningCurves: must have a finite %s in some epoch of every seed, got none", of.Name)
	}
	nameCurves(curves)

	p := axes("epoch")
	p.X.Min, p.X.Max = 1, float64(max(2, longest))
	p.X.Tick.Marker = ticksAt(EpochTicks(longest))
	y := strings.TrimSpace(of.Name + " " + of.Note)
	if of.Percent {
		y += " (%)"
	}
	if curveAxis(&p.Y, low, high) {
		y += ", log scale"
	}
	p.Add(drawn(func(c draw.Canvas, x, y func(float64) vg.Length) {
		drawCurves(&c, curves, x, y)
		for _, cv := range curves {
			cv.note(&c, of, x, y)
		}
	}))

	return &Figure{
		Title: capital(of.Name) + " by epoch", Caption: curvesCaption(curves), Alt: curvesAlt(curves, of),
		width: figureWidth, height: figureHeight, hides: len(curves) > 1,
		draw: drawAxes(p, y, labelWidth+margin),
	}, nil
}

// curveAxis sets the y axis for values from low to high, and reports whether it
// is logarithmic.
func curveAxis(a *plot.Axis, low, high float64) (log bool) {
	if low > 0 && high/3 > low {
		a.Scale = plot.LogScale{}
		a.Min, a.Max = low/1.1, min(high*1.1, math.MaxFloat64)
		a.Tick.Marker = logTicks(a.Min, a.Max)
		return true
	}
	if low == 0 && high == 0 {
		high = 1 // nothing else would be a scale
	}
	from, to := around(low, high, max(0.05*(high/2-low/2)*2, 0.02*max(math.Abs(low), math.Abs(high)), 1e-12))
	if low >= 0 {
		from = max(0, from)
	}
	setRange(a, from, to, 6)
	return false
}

// nameCurves sets the labels' texts.
func nameCurves(curves []*curve) {
	var names []string
	for _, c := range curves {
		names = append(names, c.arm)
	}
	for i, text := range nameLabels(names) {
		curves[i].label = text
	}
}

// A curve is what is drawn of an arm by epoch, in per cent if shown so.
type curve struct {
	arm             string
	label           string // its name as it is drawn
	index           int    // of its colour
	seeds           int
	mean, low, high []float64
	cut             bool // some runs are longer
	broken          bool // some values are not finite
}

func newCurve(results []experiment.Result, arm string, of Curve) (*curve, error) {
	c := &curve{arm: arm}
	shortest, longest := math.MaxInt, 0
	var runs [][]training.Epoch
	for _, r := range results {
		if r.Arm != arm {
			continue
		}
		if r.History == nil || len(r.History.Epochs) == 0 {
			return nil, errors.Errorf("report: LearningCurves: run of %s with seed %d must have epochs, got none", r.Arm, r.Seed)
		}
		runs = append(runs, r.History.Epochs)
		shortest, longest = min(shortest, len(r.History.Epochs)), max(longest, len(r.History.Epochs))
	}
	c.seeds, c.cut = len(runs), longest > shortest
	unit := 1.0
	if of.Percent {
		unit = 100
	}
	for e := range shortest {
		mean, low, high := 0.0, math.Inf(1), math.Inf(-1)
		for _, epochs := range runs {
			v := unit * of.Of(epochs[e])
			mean, low, high = mean+v/float64(len(runs)), min(low, v), max(high, v)
		}
		c.broken = c.broken || !finite(mean)
		c.mean, c.low, c.high = append(c.mean, mean), append(c.low, low), append(c.high, high)
	}
	return c, nil
}

// drawCurves draws all bands, then all lines, so that no band covers a line.
func drawCurves(c *draw.Canvas, curves []*curve, x, y func(float64) vg.Length) {
	at := func(values []float64, e int) vg.Point { return vg.Point{X: x(float64(e + 1)), Y: y(values[e])} }
	for _, cv := range curves {
		if cv.seeds < 2 {
			continue
		}
		for _, part := range finiteParts(cv.mean) {
			var band []vg.Point
			shown := part.thinned(cv.mean, cv.low, cv.high)
			for _, e := range shown {
				band = append(band, at(cv.low, e))
			}
			for _, e := range slices.Backward(shown) {
				band = append(band, at(cv.high, e))
			}
			c.FillPolygon(fade(hueOf(cv.index).line, 0.2), band)
		}
	}
	var labels []label
	for _, cv := range curves {
		col := hueOf(cv.index).line
		for _, part := range finiteParts(cv.mean) {
			var line []vg.Point
			for _, e := range part.thinned(cv.mean) {
				line = append(line, at(cv.mean, e))
			}
			c.StrokeLines(stroke(col, 2), line)
			last := line[len(line)-1]
			dot(c, last, col, 3)
			if part.last {
				if c.Max.X-last.X > margin { // the line is not at its label
					leader := stroke(fade(col, 0.6), 1)
					leader.Dashes = []vg.Length{1, 3}
					c.StrokeLine2(leader, last.X, last.Y, c.Max.X+margin/2, last.Y)
				}
				labels = append(labels, nameLabel(cv.index, cv.label, last.Y))
			}
		}
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(b.y, a.y) })
	drawLabels(c, c.Max.X+margin, labels)
}

// A part is a range of epochs without a break.
type part struct {
	start, end int
	last       bool
}

// mostSteps is how many steps a long curve is reduced to, more than the dots
// that a figure has on a screen.
const mostSteps = 800

// thinned returns the epochs of a part to draw: all or, in each of mostSteps
// steps, those with the lowest and highest values, along with the first and the
// last.
func (p part) thinned(values ...[]float64) []int {
	n := p.end - p.start
	var epochs []int
	if n <= 2*mostSteps {
		for e := p.start; e < p.end; e++ {
			epochs = append(epochs, e)
		}
		return epochs
	}
	for step := range mostSteps {
		from, to := p.start+step*n/mostSteps, p.start+(step+1)*n/mostSteps
		kept := []int{from, to - 1}
		for _, v := range values {
			low, high := from, from
			for e := from; e < to; e++ {
				if v[e] < v[low] {
					low = e
				}
				if v[e] > v[high] {
					high = e
				}
			}
			kept = append(kept, low, high)
		}
		slices.Sort(kept)
		epochs = append(epochs, slices.Compact(kept)...)
	}
	return epochs
}

func finiteParts(values []float64) []part {
	var parts []part
	start := -1
	for e := 0; e <= len(values); e++ {
		ok := e < len(values) && finite(values[e])
		if ok && start < 0 {
			start = e
		}
		if !ok && start >= 0 {
			parts = append(parts, part{start: start, end: e})
			start = -1
		}
	}
	if len(parts) > 0 {
		parts[len(parts)-1].last = true
	}
	return parts
}

func curvesCaption(curves []*curve) string {
	seeds := curves[0].seeds
	same, cut, broken := true, false, false
	for _, c := range curves {
		same = same && c.seeds == seeds
		cut, broken = cut || c.cut, broken || c.broken
	}
	var s string
	switch {
	case same && seeds == 1:
		s = "One seed for each line."
	case same:
		s = fmt.Sprintf("Line: mean of %d seeds. Band: lowest to highest seed.", seeds)
	default:
		s = "Line: mean of the seeds. Band: lowest to highest seed."
	}
	if cut {
		s += " A line ends with its shortest run."
	}
	if broken {
		s += " No line where a run gave no finite value."
	}
	return s
}

func curvesAlt(curves []*curve, of Curve) string {
	s := fmt.Sprintf("Learning curves: %s by epoch.", strings.TrimSpace(of.Name+" "+of.Note))
	for _, c := range curves {
		parts := finiteParts(c.mean)
		if len(parts) == 0 {
			s += fmt.Sprintf(" %s: no finite value.", c.arm)
			continue
		}
		first, last := parts[0].start, parts[len(parts)-1].end-1
		s += fmt.Sprintf(" %s: %s in epoch %d", c.arm, of.text(c.mean[first]), first+1)
		if last > first {
			s += fmt.Sprintf(", %s in epoch %d", of.text(c.mean[last]), last+1)
		}
		s += "."
	}
	return s
}

// EpochTicks returns whole epochs for [Chart.XTicks], including the first and the last.
func EpochTicks(last int) []float64 {
	ticks := []float64{1}
	if last == 1 {
		return ticks
	}
	most := max(1, min(6, 28/len(strconv.Itoa(last)))) // so that labels do not touch
	step := 1
	for i := 0; (last-1)/step > most; i++ {
		step = []int{1, 2, 5}[i%3] * int(math.Pow10(i/3))
	}
	for e := step; e <= last; e += step {
		// Labels that would touch the last one are left out.
		if e > 1 && (e == last || last-e >= (step+1)/2) {
			ticks = append(ticks, float64(e))
		}
	}
	if ticks[len(ticks)-1] != float64(last) {
		ticks = append(ticks, float64(last))
	}
	return ticks
}

// armsOf returns first, followed by the other arms' names in the order of their
// first result.
func armsOf(results []experiment.Result, first []string) []string {
	arms := slices.Clone(first)
	for _, r := range results {
		if !slices.Contains(arms, r.Arm) {
			arms = append(arms, r.Arm)
		}
	}
	return arms
}
