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

// A Format is a file format of pictures.
type Format string

// The formats that figures can be written in. SVG names its fonts and does not
// embed them. PNG has the letters of Liberation Sans, and from a bitmap font of 12
// pixels those of Chinese, Japanese and Korean, and others, without shaping; a letter
// that neither has is a box.
const (
	SVG Format = "svg"
	PNG Format = "png"
)

// A Figure is a picture of what experiments found. The functions that return
// one, such as ErrorCurves, say what it shows; the fields may be changed.
type Figure struct {
	Title   string // what is shown
	Caption string // how it is to be read: what lines, bands and dots stand for
	Alt     string // what is to be seen, for those who cannot see it

	width, height vg.Length // of the drawing, without title and caption
	draw          func(draw.Canvas)
}

// NewFigure returns a figure of a size in points that draw draws. Its text should be
// in [TextStyle]; colours are those of [Colors] where they are to follow a page's.
func NewFigure(title, caption, alt string, width, height vg.Length, draw func(draw.Canvas)) *Figure {
	return &Figure{Title: title, Caption: caption, Alt: alt, width: width, height: height, draw: draw}
}

// Sizes of figures, in points: the width of a phone, so that text keeps its size
// there.
const (
	figureWidth  vg.Length = 400
	figureHeight vg.Length = 270
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

// svgOf returns the document on canvas, mended: it asks for fonts that look
// alike where Liberation is absent, in which text takes the width that it was
// laid out for, and calls PNG images by their name.
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

// svgText matches a text with its weight, size in pixels and content.
var svgText = regexp.MustCompile(`<text [^>]*font-weight:(\w+);[^>]*font-size:([0-9.]+)px[^>]*>([^<]*)</text>`)
