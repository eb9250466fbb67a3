package report

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Format is an image file format.
type Format string

// The formats of [WriteFigure]. SVG names its fonts and does not embed them.
// PNG has the letters of Liberation Sans and, from a bitmap font of 12 pixels,
// those of Chinese, Japanese, Korean and other scripts, without shaping; a
// letter that neither font has is a box.
const (
	SVG Format = "svg"
	PNG Format = "png"
)

// A Figure is a drawing of results with its title and caption. The functions
// that return one, such as [ErrorCurves], say what it shows; the fields may be
// changed.
type Figure struct {
	Title   string // what is shown
	Caption string // how to read it: what lines, bands and dots stand for
	Alt     string // what it shows, for those who cannot see it

	width, height vg.Length // of the drawing, without title and caption
	draw          func(draw.Canvas)
	hides         bool // whether a page may hide one of its series
}

// NewFigure returns a figure of the given size in points, drawn by draw. Its
// text should be in [TextStyle], and its colours from [Colors] if they are to
// follow a page's.
func NewFigure(title, caption, alt string, width, height vg.Length, draw func(draw.Canvas)) *Figure {
	return &Figure{Title: title, Caption: caption, Alt: alt, width: width, height: height, draw: draw}
}

// Sizes of figures in points: the width of a phone, so that text keeps its size
// there.
const (
	figureWidth  vg.Length = 360
	figureHeight vg.Length = 260
	margin       vg.Length = 8
)

const dpi = 216 // of PNG

// WriteFigure writes f with its title and caption. The same figure gives the
// same bytes.
func WriteFigure(w io.Writer, format Format, f *Figure) error {
	if f == nil || f.draw == nil {
		return errors.New("report: WriteFigure: figure must come from a function of this package, got an empty one")
	}
	title, caption := boldText(titleSize, ink), text(smallSize, muted)
	inner := f.width - 2*margin
	titleText, captionText := wrap(title, f.Title, inner), wrap(caption, f.Caption, inner)
	head := margin
	if titleText != "" {
		head += title.Height(titleText) + margin/2
	}
	if captionText != "" {
		head += caption.Height(captionText) + margin
	}
	size := vg.Point{X: f.width, Y: f.height + head}
	var canvas vg.CanvasWriterTo
	switch format {
	case SVG:
		canvas = vgsvg.New(size.X, size.Y)
	case PNG:
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(size.X, size.Y), vgimg.UseDPI(dpi))}
	default:
		return errors.Errorf("report: WriteFigure: format must be svg or png, got %q", format)
	}
	c := draw.NewCanvas(canvas, size.X, size.Y)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	at := vg.Point{X: margin, Y: size.Y - margin}
	if titleText != "" {
		c.FillText(title, at, titleText)
		at.Y -= title.Height(titleText) + margin/2
	}
	c.FillText(caption, at, captionText)
	f.draw(draw.Crop(c, 0, 0, 0, -head))
	if format == PNG {
		_, err := canvas.WriteTo(w)
		return errors.Wrap(err, "report: WriteFigure")
	}
	svg, err := svgOf(canvas)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, svg)
	return errors.Wrap(err, "report: WriteFigure")
}

// svgOf returns the document on canvas with three changes: it asks for similar
// fonts if Liberation is missing, in which text takes the width that it was
// laid out for, and names PNG images by their type.
func svgOf(canvas io.WriterTo) (string, error) {
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", errors.Wrap(err, "report: SVG")
	}
	svg := svgText.ReplaceAllStringFunc(b.String(), func(element string) string {
		m := svgText.FindStringSubmatch(element)
		size, err := strconv.ParseFloat(m[2], 64)
		content := html.UnescapeString(m[3])
		if err != nil || content == "" {
			return element
		}
		style := text(size, ink)
		if m[1] == "bold" {
			style = boldText(size, ink)
		}
		return fmt.Sprintf(`<text textLength="%.5g" lengthAdjust="spacingAndGlyphs" %s`, style.Width(content), element[len("<text "):])
	})
	return strings.NewReplacer(
		"font-family:Liberation Sans;font-variant:normal;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;",
		"data:image/jpg;", "data:image/png;",
	).Replace(svg), nil
}

// svgText matches a text element with its weight, size in pixels and content.
var svgText = regexp.MustCompile(`<text [^>]*font-weight:(\w+);[^>]*font-size:([0-9.]+)px[^>]*>([^<]*)</text>`)
