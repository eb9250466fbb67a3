package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Chart draws numbers against a number: lines, dots, error bars and bands.
type Chart struct {
	Title, Caption, Alt string
	X, Y                string    // what the axes show, with units
	LogX, LogY          bool      // logarithmic scales
	XTicks              []float64 // nil: chosen by the numbers
	Series              []Series
}

// A Series is a line of a [Chart], or one kind of its dots. Points are left out
// if their Y is not finite or, on a logarithmic scale, not positive.
type Series struct {
	Name string // in the key; "" leaves it out
	X, Y []float64
	// Err, unless nil, is how far the error bar of each point extends up and
	// down; NaN draws none.
	Err []float64
	// Low and High, unless nil, are the ends of a band at each X.
	Low, High []float64

	Color   int     // an index into the series colours of [Colors], which repeat
	Opacity float64 // of dots, in (0, 1]; 0 means 1
	Dashed  bool
	NoLine  bool // dots only
	NoDots  bool // a line only
}

// Figure draws the chart. It is an error if no series has a point to draw, or
// if the numbers of a series are not as many as its X.
func (c Chart) Figure() (*Figure, error) {
	var x, y extent
	for _, s := range c.Series {
		if err := s.check(c); err != nil {
			return nil, err
		}
		for _, i := range s.drawable(c) {
			x.add(s.X[i])
			y.add(s.Y[i])
			low, high := s.bar(i)
			y.add(low)
			y.add(high)
			if s.Low != nil {
				y.add(s.Low[i])
				y.add(s.High[i])
			}
		}
	}
	if !x.any {
		return nil, errors.New("report: Chart: must have a finite point, positive where the scale is logarithmic, got none")
	}
	p := axes(scaled(c.X, c.LogX))
	setScale(&p.X, x, c.LogX, false)
	setScale(&p.Y, y, c.LogY, true)
	if c.XTicks != nil {
		p.X.Tick.Marker = ticksAt(c.XTicks)
	}
	p.Add(drawn(func(canvas draw.Canvas, x, y func(float64) vg.Length) {
		for _, s := range c.Series {
			s.drawBand(&canvas, s.drawable(c), x, y)
		}
		for _, s := range c.Series {
			s.draw(&canvas, s.drawable(c), x, y)
			s.note(&canvas, c, x, y)
		}
	}))
	var names, named []string
	for _, s := range c.Series {
		if names = append(names, s.Name); s.Name != "" {
			named = append(named, s.Name)
		}
	}
	_, key := keyOf(names, figureWidth-2*margin)
	body := drawAxes(p, scaled(c.Y, c.LogY), margin)
	return &Figure{
		Title: c.Title, Caption: c.Caption, Alt: c.Alt, width: figureWidth, height: figureHeight + key, hides: len(named) > 1,
		draw: func(canvas draw.Canvas) {
			c.drawKey(draw.Crop(canvas, margin, -margin, 0, -margin), names)
			body(draw.Crop(canvas, 0, 0, 0, -key))
		},
	}, nil
}

// drawKey writes the names of the series beside samples of them.
func (c Chart) drawKey(canvas draw.Canvas, names []string) {
	entries, _ := keyOf(names, canvas.Max.X-canvas.Min.X)
	for _, e := range entries {
		s := c.Series[e.series]
		h := hueOf(s.Color)
		style := boldText(textSize, h.text)
		at := vg.Point{X: canvas.Min.X + e.at.X, Y: canvas.Max.Y - e.at.Y}
		middle := at.Y - style.Height("0")/2
		if !s.NoLine {
			canvas.StrokeLine2(s.stroke(), at.X, middle, at.X+keyStroke, middle)
		}
		if !s.NoDots {
			dot(&canvas, vg.Point{X: at.X + keyStroke/2, Y: middle}, fade(h.line, s.opacity()), dotRadius)
		}
		at.X += keyStroke + keyGap
		canvas.FillText(style, at, e.text)
	}
}

const dotRadius = 2.5

func (s Series) check(c Chart) error {
	if len(s.X) != len(s.Y) {
		return errors.Errorf("report: Chart: series %q must have one Y for each X, got %d and %d", s.Name, len(s.Y), len(s.X))
	}
	for _, more := range [][]float64{s.Err, s.Low, s.High} {
		if more != nil && len(more) != len(s.X) {
			return errors.Errorf("report: Chart: series %q must have as many errors and ends of bands as X, got %d and %d", s.Name, len(more), len(s.X))
		}
	}
	if (s.Low == nil) != (s.High == nil) {
		return errors.Errorf("report: Chart: series %q must have both ends of its band or none", s.Name)
	}
	for _, x := range s.X {
		if !finite(x) || c.LogX && x <= 0 {
			return errors.Errorf("report: Chart: X of series %q must be finite, and positive on a logarithmic scale, got %v", s.Name, x)
		}
	}
	return nil
}

// drawable returns the indices of the points to draw.
func (s Series) drawable(c Chart) []int {
	var all []int
	for i, y := range s.Y {
		if finite(y) && !(c.LogY && y <= 0) {
			all = append(all, i)
		}
	}
	return all
}

// bar returns the extent of a point's error bar. It stays above 0 if the point
// does, for logarithmic scales.
func (s Series) bar(i int) (low, high float64) {
	y := s.Y[i]
	if s.Err == nil || !finite(s.Err[i]) {
		return y, y
	}
	if low, high = y-s.Err[i], y+s.Err[i]; y > 0 {
		low = max(low, y/10)
	}
	return low, high
}

func (s Series) stroke() draw.LineStyle {
	style := stroke(hueOf(s.Color).line, 1.75)
	if s.Dashed {
		style.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	}
	return style
}

func (s Series) drawBand(c *draw.Canvas, points []int, x, y func(float64) vg.Length) {
	if s.Low == nil || len(points) == 0 {
		return
	}
	var band []vg.Point
	for _, i := range points {
		band = append(band, vg.Point{X: x(s.X[i]), Y: y(s.Low[i])})
	}
	for _, i := range slices.Backward(points) {
		band = append(band, vg.Point{X: x(s.X[i]), Y: y(s.High[i])})
	}
	c.FillPolygon(fade(hueOf(s.Color).line, 0.2), band)
}

func (s Series) draw(c *draw.Canvas, points []int, x, y func(float64) vg.Length) {
	col := hueOf(s.Color).line
	var line []vg.Point
	for _, i := range points {
		at := vg.Point{X: x(s.X[i]), Y: y(s.Y[i])}
		line = append(line, at)
		if low, high := s.bar(i); low != high {
			drawBar(c, stroke(col, 1.25), vg.Point{X: at.X, Y: y(low)}, vg.Point{X: at.X, Y: y(high)})
		}
	}
	if !s.NoLine && len(line) > 1 {
		c.StrokeLines(s.stroke(), line)
	}
	if s.NoDots {
		return
	}
	for _, at := range line {
		dot(c, at, fade(col, s.opacity()), dotRadius)
	}
}

// drawBar draws an error bar with its caps.
func drawBar(c *draw.Canvas, style draw.LineStyle, from, to vg.Point) {
	const half = 3 // cap
	c.StrokeLine2(style, from.X, from.Y, to.X, to.Y)
	for _, end := range []vg.Point{from, to} {
		if from.X == to.X {
			c.StrokeLine2(style, end.X-half, end.Y, end.X+half, end.Y)
		} else {
			c.StrokeLine2(style, end.X, end.Y-half, end.X, end.Y+half)
		}
	}
}

// opacity returns that of the dots.
func (s Series) opacity() float64 {
	if s.Opacity == 0 {
		return 1
	}
	return s.Opacity
}

// note keeps the values of the points for pages.
func (s Series) note(canvas *draw.Canvas, c Chart, x, y func(float64) vg.Length) {
	points := s.drawable(c)
	for k, i := range points {
		if k%every(len(points)) != 0 {
			continue
		}
		name := ""
		if s.Name != "" {
			name = s.Name + ", "
		}
		note(canvas, vg.Point{X: x(s.X[i]), Y: y(s.Y[i])}, "%s%s %.4g: %.4g", name, c.X, s.X[i], s.Y[i])
	}
}

// scaled returns the name of an axis, with its scale if that is logarithmic.
func scaled(name string, log bool) string {
	if log {
		name += ", log scale"
	}
	return name
}

// An extent is the range of the numbers drawn.
type extent struct {
	low, high float64
	any       bool
}

func (e *extent) add(x float64) {
	if !finite(x) {
		return
	}
	if !e.any {
		*e = extent{x, x, true}
	}
	e.low, e.high = min(e.low, x), max(e.high, x)
}

// setScale sets an axis for an extent, with some room around it. With fromZero,
// a linear axis begins at 0 if that is near.
func setScale(a *plot.Axis, e extent, log, fromZero bool) {
	if log {
		room := math.Pow(max(e.high/e.low, 1.1), 0.04)
		a.Scale = plot.LogScale{}
		a.Min, a.Max = e.low/room, e.high*room
		a.Tick.Marker = logTicks(a.Min, a.Max)
		return
	}
	low, high := apart(e.low, e.high)
	from, to := around(low, high, 0.04*(high/2-low/2)*2)
	if fromZero && low >= 0 && low < 0.5*(high-low) {
		from = 0
	}
	setRange(a, from, to, 6)
}

// ticksAt names the given values.
func ticksAt(values []float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, v := range values {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.6g", v+0)}) // never -0
	}
	return ticks
}
