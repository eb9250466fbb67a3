package report

import (
	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A RowChart draws numbers in rows, each beside the name of what it belongs to.
type RowChart struct {
	Title, Caption, Alt string
	X                   string   // what the numbers are, with units
	Rows                []string // from the top
	Key                 []string // what the colours of marks stand for; may be empty
	Marks               []Mark
}

// A Mark is a number in a row of a [RowChart]. It is left out if it is not
// finite.
type Mark struct {
	Row   int
	Value float64
	// Low and High are the ends of a bar, which is drawn if Bar is true.
	Bar       bool
	Low, High float64
	Color     int // as in [Series]; also the index of its name in the key
	Large     bool
	Opacity   float64 // in (0, 1]; 0 means 1
}

// Sizes of row charts.
const (
	rowHeight vg.Length = 21
	nameWidth vg.Length = 165
	rowAxis   vg.Length = 52 // height of the axis with its label, and margins
)

// Figure draws the chart. It is an error if there is no mark to draw, or if the
// row of one does not exist.
func (c RowChart) Figure() (*Figure, error) {
	var x extent
	for _, m := range c.Marks {
		if m.Row < 0 || m.Row >= len(c.Rows) {
			return nil, errors.Errorf("report: RowChart: row of a mark must be in [0, %d), got %d", len(c.Rows), m.Row)
		}
		x.add(m.Value)
		if m.Bar && finite(m.Value) {
			x.add(m.Low)
			x.add(m.High)
		}
	}
	if !x.any {
		return nil, errors.New("report: RowChart: must have a finite number, got none")
	}
	p := axes(c.X)
	setScale(&p.X, x, false, true)
	p.Y.Padding = vg.Points(6) // a mark at the end of the axis must not touch its row's name
	p.Y.Min, p.Y.Max = 0.5-float64(len(c.Rows)), 0.5
	p.Y.Tick.Marker = rowTicks(c.Rows)
	p.Add(drawn(func(canvas draw.Canvas, x, y func(float64) vg.Length) {
		for _, m := range c.Marks {
			if finite(m.Value) {
				m.draw(&canvas, x, y(-float64(m.Row)))
				note(&canvas, vg.Point{X: x(m.Value), Y: y(-float64(m.Row))}, "%s: %.4g", c.Rows[m.Row], m.Value)
			}
		}
	}))
	_, key := keyOf(c.Key, figureWidth-2*margin)
	return &Figure{
		Title: c.Title, Caption: c.Caption, Alt: c.Alt,
		width: figureWidth, height: vg.Length(len(c.Rows))*rowHeight + rowAxis + key,
		draw: func(canvas draw.Canvas) {
			canvas = draw.Crop(canvas, margin, -margin, margin, -margin)
			entries, height := keyOf(c.Key, canvas.Max.X-canvas.Min.X)
			for _, e := range entries {
				style := boldText(textSize, hueOf(e.series).text)
				at := vg.Point{X: canvas.Min.X + e.at.X, Y: canvas.Max.Y - e.at.Y}
				dot(&canvas, vg.Point{X: at.X + keyStroke/2, Y: at.Y - style.Height("0")/2}, hueOf(e.series).line, 3.5)
				canvas.FillText(style, vg.Point{X: at.X + keyStroke + keyGap, Y: at.Y}, e.text)
			}
			p.Draw(draw.Crop(canvas, 0, -max(margin, overhang(p, canvas.Max.X-canvas.Min.X)), 0, -height))
		},
	}, nil
}

// rowTicks names the rows. Names that are too long are cut so that they still
// differ.
func rowTicks(names []string) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for i, name := range distinct(text(textSize, ink), names, nameWidth) {
		ticks = append(ticks, plot.Tick{Value: -float64(i), Label: name})
	}
	return ticks
}

func (m Mark) draw(c *draw.Canvas, x func(float64) vg.Length, y vg.Length) {
	col, radius, width := hueOf(m.Color).line, dotRadius, 1.25
	if m.Large {
		radius, width = 4, 6
	}
	opacity := m.Opacity
	if opacity == 0 {
		opacity = 1
	}
	if m.Bar && finite(m.Low) && finite(m.High) {
		bar := opacity
		if m.Large {
			bar = 0.35
		}
		style := stroke(fade(col, bar), width)
		if m.Large {
			c.StrokeLine2(style, x(m.Low), y, x(m.High), y)
		} else {
			drawBar(c, style, vg.Point{X: x(m.Low), Y: y}, vg.Point{X: x(m.High), Y: y})
		}
	}
	dot(c, vg.Point{X: x(m.Value), Y: y}, fade(col, opacity), radius)
}
