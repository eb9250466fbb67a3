package report

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	plottext "gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var plainText = plottext.Plain{Fonts: font.DefaultCache}

// Neutral colours.
var (
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xFF}
	muted = color.RGBA{0x59, 0x59, 0x59, 0xFF}
	grid  = color.RGBA{0xDD, 0xDD, 0xDD, 0xFF}
)

// A hue is a colour for what is drawn and a darker one for text, which needs
// more contrast.
type hue struct{ line, text color.RGBA }

// hues are colours that the colour-blind can tell apart (Okabe and Ito 2008),
// in the order of the arms.
var hues = []hue{
	{color.RGBA{0xD5, 0x5E, 0x00, 0xFF}, color.RGBA{0xA8, 0x4A, 0x00, 0xFF}}, // vermilion
	{color.RGBA{0x00, 0x72, 0xB2, 0xFF}, color.RGBA{0x00, 0x5F, 0x96, 0xFF}}, // blue
	{color.RGBA{0x00, 0x9E, 0x73, 0xFF}, color.RGBA{0x00, 0x6E, 0x50, 0xFF}}, // bluish green
	{color.RGBA{0xCC, 0x79, 0xA7, 0xFF}, color.RGBA{0x9C, 0x44, 0x74, 0xFF}}, // reddish purple
	{color.RGBA{0xE6, 0x9F, 0x00, 0xFF}, color.RGBA{0x80, 0x58, 0x00, 0xFF}}, // orange
	{color.RGBA{0x56, 0xB4, 0xE9, 0xFF}, color.RGBA{0x1A, 0x68, 0x94, 0xFF}}, // sky blue
}

// hueOf returns the colours of series i. They come again after the sixth.
func hueOf(i int) hue { return hues[i%len(hues)] }

// hueAmong returns the colours of series i of n. One alone has the colour that
// the arm with dropout has beside the one without.
func hueAmong(i, n int) hue {
	if n == 1 {
		return hues[1]
	}
	return hueOf(i)
}

// fade returns c with the given opacity, from 0 to 1.
func fade(c color.RGBA, opacity float64) color.Color {
	return color.NRGBA{c.R, c.G, c.B, uint8(255*opacity + 0.5)}
}

func stroke(c color.Color, width float64) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: vg.Points(width)}
}

// axes returns an empty plot with horizontal grid lines.
func axes(x string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text = x
	p.X.Label.TextStyle = text(textSize, muted)
	p.X.Label.TextStyle.XAlign, p.X.Label.TextStyle.YAlign = draw.XCenter, draw.YBottom
	p.X.Label.Padding = vg.Points(4)
	p.X.Tick.Length, p.Y.Tick.Length = vg.Points(4), 0
	p.X.Tick.LineStyle, p.X.LineStyle = stroke(muted, 0.75), stroke(muted, 0.75)
	p.Y.LineStyle = stroke(muted, 0)
	p.X.Padding, p.Y.Padding = 0, vg.Points(2)
	p.X.Tick.Label.Font, p.Y.Tick.Label.Font = text(textSize, ink).Font, text(textSize, ink).Font
	p.X.Tick.Label.Color, p.Y.Tick.Label.Color = ink, ink
	p.Y.Tick.Label.YAlign = -0.6 // level with the line, as the middle of a digit is above that of the text
	p.Add(gridLines{})
	return p
}

// gridLines are thin lines at the ticks of the y axis.
type gridLines struct{}

// Plot draws the lines.
func (gridLines) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(stroke(grid, 0.75), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
}

// drawn is a Plotter that may draw beyond the axes.
type drawn func(c draw.Canvas, x, y func(float64) vg.Length)

// Plot calls f.
func (f drawn) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	f(c, x, y)
}

// drawAxes draws p under the name of its y axis, which is easier to read level
// than upright, and leaves room for labels on its right.
func drawAxes(p *plot.Plot, y string, right vg.Length) func(draw.Canvas) {
	return func(c draw.Canvas) {
		c = draw.Crop(c, margin, -margin, margin, -margin)
		style := text(textSize, muted)
		label := wrap(style, y, c.Max.X-c.Min.X)
		c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, label)
		p.Draw(draw.Crop(c, 0, -right, 0, -style.Height(label)-margin))
	}
}

func dot(c *draw.Canvas, at vg.Point, col color.Color, radius float64) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: col, Radius: vg.Points(radius), Shape: draw.CircleGlyph{}}, at)
}

// A label is text beside what it names.
type label struct {
	y     vg.Length // its middle
	text  string
	style draw.TextStyle
}

// labelWidth is the room for labels at the right of a plot.
const labelWidth vg.Length = 76

// nameLabel returns the label of series i, in its colour.
func nameLabel(i int, name string, y vg.Length) label {
	style := boldText(textSize, hueOf(i).text)
	return label{y: y, text: wrap(style, name, labelWidth), style: style}
}

// drawLabels writes labels at x, in the order given, none over another.
func drawLabels(c *draw.Canvas, x vg.Length, labels []label) {
	// Labels are in descending order of y: each one moves down as far as it must,
	// then those that fell below the canvas move up again.
	for i := range labels {
		if i > 0 {
			labels[i].y = min(labels[i].y, labels[i-1].y-gapBetween(labels[i-1], labels[i]))
		}
	}
	for i := len(labels) - 1; i >= 0; i-- {
		floor := c.Min.Y + labels[i].style.Height(labels[i].text)/2
		if i < len(labels)-1 {
			floor = labels[i+1].y + gapBetween(labels[i], labels[i+1])
		}
		labels[i].y = max(labels[i].y, floor)
	}
	for _, l := range labels {
		c.FillText(l.style, vg.Point{X: x, Y: l.y + l.style.Height(l.text)/2}, l.text)
	}
}

func gapBetween(a, b label) vg.Length {
	return (a.style.Height(a.text)+b.style.Height(b.text))/2 + vg.Points(2)
}

// linearTicks returns round numbers in [low, high], about n of them.
func linearTicks(low, high float64, n int) plot.ConstantTicks {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(n))))
	for _, m := range []float64{1, 2, 5, 10} {
		if (high-low)/(m*step) <= float64(n) {
			step *= m
			break
		}
	}
	var ticks plot.ConstantTicks
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	const slack = 1e-9 // ends that are round numbers but for rounding
	for k := math.Ceil(low/step - slack); k*step <= high+slack*step; k++ {
		ticks = append(ticks, plot.Tick{Value: k * step, Label: strconv.FormatFloat(k*step+0, 'f', decimals, 64)})
	}
	return ticks
}

// logTicks returns round numbers in [low, high], at most seven.
func logTicks(low, high float64) plot.ConstantTicks {
	const most = 7
	var ticks plot.ConstantTicks
	for _, mantissas := range [][]float64{
		{1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9}, {1, 1.5, 2, 3, 4, 5, 6, 8}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1},
	} {
		ticks = nil
		for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
			for _, m := range mantissas {
				// Parsed, as the product of both would be rounded.
				if v, err := strconv.ParseFloat(fmt.Sprintf("%ge%g", m, e), 64); err == nil && v >= low && v <= high {
					ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', -1, 64)})
				}
			}
		}
		if len(ticks) <= most {
			return ticks
		}
	}
	// Powers of ten, but not all of them.
	var some plot.ConstantTicks
	for i := 0; i < len(ticks); i += (len(ticks) + most - 1) / most {
		some = append(some, ticks[i])
	}
	return some
}

// capital returns s with its first letter as a capital.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
