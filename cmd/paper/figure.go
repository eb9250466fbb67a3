package main

import (
	"image/color"
	"io"
	"math"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/gorgonia-dropout/dropout/report"
)

// A figure is a picture in a file of its name.
type figure struct {
	name, alt string
	write     func(io.Writer, report.Format) error
}

// colours can be told apart by the colour-blind (Okabe and Ito 2008).
var colours = []color.RGBA{
	{0xD5, 0x5E, 0x00, 0xFF}, {0x00, 0x72, 0xB2, 0xFF}, {0x00, 0x9E, 0x73, 0xFF},
	{0xCC, 0x79, 0xA7, 0xFF}, {0xE6, 0x9F, 0x00, 0xFF}, {0x56, 0xB4, 0xE9, 0xFF},
}

// A line is a curve with standard errors, NaN or nil for none.
type line struct {
	name   string
	x, y   []float64
	err    []float64
	colour int
	dashed bool
}

// A chart is a plot of lines.
type chart struct {
	name, title, x, y string
	logX, logY        bool
	lines             []line
	ticks             []string // names of the values 0, 1, 2, ... of x
	points            bool     // without the lines between
}

func (c chart) figure() figure {
	return figure{c.name, c.title, func(w io.Writer, f report.Format) error {
		p, err := c.plot()
		if err != nil {
			return err
		}
		return writePlot(w, f, p)
	}}
}

func (c chart) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.title, c.x, c.y
	p.Legend.Top = true
	p.Legend.Left = false
	for _, style := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Variant = "Sans"
	}
	p.Title.Padding, p.Legend.Padding = vg.Points(6), vg.Points(2)
	p.Add(plotter.NewGrid())
	if c.logX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	}
	if c.logY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	}
	if c.ticks != nil {
		p.NominalX(c.ticks...)
		p.X.Tick.Label.Rotation = math.Pi / 5
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
		p.X.Min, p.X.Max = -0.5, float64(len(c.ticks))-0.5
	}
	for _, l := range c.lines {
		points := make(plotter.XYs, 0, len(l.x))
		bars := bounds{}
		for i := range l.x {
			if math.IsNaN(l.y[i]) || math.IsInf(l.y[i], 0) || c.logY && l.y[i] <= 0 {
				continue
			}
			points = append(points, plotter.XY{X: l.x[i], Y: l.y[i]})
			e := 0.0
			if l.err != nil && !math.IsNaN(l.err[i]) {
				e = l.err[i]
			}
			if c.logY {
				e = min(e, 0.9*l.y[i])
			}
			bars.errors = append(bars.errors, struct{ Low, High float64 }{e, e})
		}
		if len(points) == 0 {
			continue
		}
		bars.XYs = points
		drawn, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, errors.Wrap(err, c.name)
		}
		whiskers, err := plotter.NewYErrorBars(bars)
		if err != nil {
			return nil, errors.Wrap(err, c.name)
		}
		col := colours[l.colour%len(colours)]
		drawn.Color, dots.Color, whiskers.Color = col, col, col
		drawn.Width, whiskers.Width = vg.Points(1.5), vg.Points(1)
		dots.Shape, dots.Radius = draw.CircleGlyph{}, vg.Points(2.5)
		if l.dashed {
			drawn.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
			dots.Shape = draw.CrossGlyph{}
		}
		if l.err != nil {
			p.Add(whiskers)
		}
		if c.points {
			p.Add(dots)
			p.Legend.Add(l.name, dots)
			continue
		}
		p.Add(drawn, dots)
		p.Legend.Add(l.name, drawn, dots)
	}
	// Room for the legend above the lines, more where names below take of the height.
	room := 0.08 * float64(len(c.lines))
	if c.ticks != nil {
		room *= 1.75
	}
	if c.logY {
		p.Y.Max *= math.Pow(p.Y.Max/p.Y.Min, room)
	} else {
		height := p.Y.Max - p.Y.Min
		p.Y.Max += room * height
		p.Y.Min = max(p.Y.Min-0.04*height, min(p.Y.Min, 0)) // room for what lies lowest
	}
	return p, nil
}

// logTicks names round numbers: three to a power of ten, or more if there is less
// than one.
func logTicks(low, high float64) []plot.Tick {
	mantissas := []float64{1, 2, 5}
	if high < 10*low {
		mantissas = []float64{1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9}
	}
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
		for _, m := range mantissas {
			if v := math.Round(1e6*m*math.Pow(10, e)) / 1e6; v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
			}
		}
	}
	return ticks
}

type bounds struct {
	plotter.XYs
	errors []struct{ Low, High float64 }
}

// YError implements plotter.YErrorer.
func (b bounds) YError(i int) (low, high float64) { return b.errors[i].Low, b.errors[i].High }

func writePlot(w io.Writer, f report.Format, p *plot.Plot) error {
	const width, height = 6.4 * vg.Inch, 4.2 * vg.Inch
	var canvas vg.CanvasWriterTo = vgsvg.New(width, height)
	if f == report.PNG {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(120))}
	}
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	p.Draw(draw.Crop(c, vg.Points(6), -vg.Points(12), vg.Points(6), -vg.Points(6)))
	_, err := canvas.WriteTo(w)
	return err
}

// reported makes a figure of one of package report.
func reported(name string, f *report.Figure, err error) (figure, error) {
	if err != nil {
		return figure{}, err
	}
	return figure{name, f.Alt, func(w io.Writer, format report.Format) error { return report.WriteFigure(w, format, f) }}, nil
}

// dots draws the test errors of all arms beside the paper's.
func (r *results) dots() figure {
	c := chart{name: r.study.name, title: r.study.title, y: "test error (%)", points: true}
	ours, theirs := line{name: "here, ± standard error", colour: 1}, line{name: "paper", colour: 0, dashed: true}
	for i, a := range r.arms {
		c.ticks = append(c.ticks, a.Name)
		e := r.errorOf(a.Name)
		ours.x, ours.y, ours.err = append(ours.x, float64(i)), append(ours.y, e.Mean), append(ours.err, e.StdErr)
		if a.paper > 0 {
			theirs.x, theirs.y = append(theirs.x, float64(i)), append(theirs.y, a.paper)
		}
	}
	c.lines = append(c.lines, ours)
	if len(theirs.x) > 0 {
		c.lines = append(c.lines, theirs)
	}
	return c.figure()
}
