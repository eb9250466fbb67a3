package report

import (
	"image/color"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Palette has the colours of figures, which [Figure.Inline] turns into
// variables that a page may set. A colour faded by alpha is still that variable.
type Palette struct {
	Ink, Muted, Grid color.RGBA // of text, of what is less important, and of grid lines
	Series           []color.RGBA
}

// Colors returns the palette. Colour-blind readers can tell its series apart
// (Okabe and Ito 2008); the first is that of the baseline, such as no dropout.
func Colors() Palette {
	p := Palette{Ink: ink, Muted: muted, Grid: grid}
	for _, h := range hues {
		p.Series = append(p.Series, h.line)
	}
	return p
}

// Neutral colours.
var (
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xFF}
	muted = color.RGBA{0x59, 0x59, 0x59, 0xFF}
	grid  = color.RGBA{0xDD, 0xDD, 0xDD, 0xFF}
	paper = color.RGBA{0xFF, 0xFF, 0xFF, 0xFF} // below text that lies on lines
)

// A hue is a colour for drawing and a darker one for text, which needs more
// contrast.
type hue struct{ line, text color.RGBA }

// hues are colours that colour-blind readers can tell apart (Okabe and Ito
// 2008), in the order of the arms.
var hues = []hue{
	{color.RGBA{0xD5, 0x5E, 0x00, 0xFF}, color.RGBA{0xA8, 0x4A, 0x00, 0xFF}}, // vermilion
	{color.RGBA{0x00, 0x72, 0xB2, 0xFF}, color.RGBA{0x00, 0x5F, 0x96, 0xFF}}, // blue
	{color.RGBA{0x00, 0x9E, 0x73, 0xFF}, color.RGBA{0x00, 0x6E, 0x50, 0xFF}}, // bluish green
	{color.RGBA{0xCC, 0x79, 0xA7, 0xFF}, color.RGBA{0x9C, 0x44, 0x74, 0xFF}}, // reddish purple
	{color.RGBA{0xE6, 0x9F, 0x00, 0xFF}, color.RGBA{0x80, 0x58, 0x00, 0xFF}}, // orange
	{color.RGBA{0x56, 0xB4, 0xE9, 0xFF}, color.RGBA{0x1A, 0x68, 0x94, 0xFF}}, // sky blue
}

// hueOf returns the colours of series i. They repeat after the sixth.
func hueOf(i int) hue { return hues[i%len(hues)] }

// hueAmong returns the colours of series i of n. A single series has the colour
// of the arm with dropout in a comparison.
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

// Axes returns an empty plot in the style of figures, with horizontal grid
// lines at the ticks of its y axis, for use in [NewFigure]. x names the x axis.
func Axes(x string) *plot.Plot { return axes(x) }

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
	for _, style := range []*draw.TextStyle{&p.X.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		style.Handler = plainText
	}
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

// drawAxes draws p below the key of its series, if they have names, and below
// the name of its y axis, which is easier to read horizontally. It leaves room
// for labels on the right.
func drawAxes(p *plot.Plot, y string, right vg.Length, series ...string) func(draw.Canvas) {
	return func(c draw.Canvas) {
		c = drawKey(draw.Crop(c, margin, -margin, margin, -margin), series)
		style := text(textSize, muted)
		label := wrap(style, y, c.Max.X-c.Min.X)
		c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, label)
		p.Draw(draw.Crop(c, 0, -max(right, overhang(p, c.Max.X-c.Min.X)), 0, -style.Height(label)-margin))
	}
}

// overhang returns how far the labels of the x axis extend beyond its end.
func overhang(p *plot.Plot, width vg.Length) vg.Length {
	most := vg.Length(0)
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		place := vg.Length(p.X.Scale.Normalize(p.X.Min, p.X.Max, t.Value))
		most = max(most, p.X.Tick.Label.Width(t.Label)/2-(1-place)*0.8*width-margin/2)
	}
	return most
}

func dot(c *draw.Canvas, at vg.Point, col color.Color, radius float64) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: col, Radius: vg.Points(radius), Shape: draw.CircleGlyph{}}, at)
}

// FillClear writes text over a patch that hides the lines below it.
func FillClear(c *draw.Canvas, style draw.TextStyle, at vg.Point, s string) {
	fillClear(c, style, at, s)
}

func fillClear(c *draw.Canvas, style draw.TextStyle, at vg.Point, s string) {
	const edge = 1.5
	box := style.Rectangle(s).Add(at)
	c.FillPolygon(paper, []vg.Point{
		{X: box.Min.X - edge, Y: box.Min.Y}, {X: box.Max.X + edge, Y: box.Min.Y},
		{X: box.Max.X + edge, Y: box.Max.Y}, {X: box.Min.X - edge, Y: box.Max.Y},
	})
	c.FillText(style, at, s)
}

// A label is text beside what it names.
type label struct {
	y     vg.Length // its middle
	text  string
	style draw.TextStyle
}

// labelWidth is the room for labels on the right of a plot.
const labelWidth vg.Length = 80

// nameLabels returns label texts for names, on at most three lines, that differ
// where the names do.
func nameLabels(names []string) []string {
	style := boldText(textSize, ink)
	for lines := vg.Length(3); ; lines -= 0.25 {
		fits := true
		texts := distinct(style, names, lines*labelWidth)
		for i, name := range texts {
			texts[i] = wrap(style, name, labelWidth)
			fits = fits && strings.Count(texts[i], "\n") < 3
		}
		// Lines break where they can, so more may be needed than their width
		// suggests.
		if fits || lines <= 1 {
			return texts
		}
	}
}

// nameLabel returns a label of series i, in its colour.
func nameLabel(i int, text string, y vg.Length) label {
	return label{y: y, text: text, style: boldText(textSize, hueOf(i).text)}
}

// drawLabels writes labels at x, in the given order, without overlap.
func drawLabels(c *draw.Canvas, x vg.Length, labels []label) {
	// Labels are in descending order of y: each moves down as far as needed,
	// then those below the canvas move up again.
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
		fillClear(c, l.style, vg.Point{X: x, Y: l.y + l.style.Height(l.text)/2}, l.text)
	}
}

func gapBetween(a, b label) vg.Length {
	return (a.style.Height(a.text)+b.style.Height(b.text))/2 + vg.Points(2)
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
