package report

import (
	"image/color"
	"math"
	"strings"
	"unicode"

	"github.com/hajimehoshi/bitmapfont/v3"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	plottext "gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// textHandler measures and draws text in Liberation Sans. Letters that this
// font lacks, such as Chinese, Japanese and Korean, are left to the viewer's
// fonts in SVG and drawn from a bitmap font in PNG, where there are no other
// fonts. A letter that neither has is a box, never blank.
type textHandler struct{ plottext.Plain }

var plainText = textHandler{plottext.Plain{Fonts: font.DefaultCache}}

// fallback is the bitmap font: glyphs 6 or 12 pixels wide and 12 high.
var fallback = bitmapfont.Face

const fallbackSize = 12

// A stretch is a part of a text in one font.
type stretch struct {
	text string
	has  bool // whether the font has it
}

// stretches splits a line by whether a face has its runes.
func stretches(face *sfnt.Font, s string) []stretch {
	var all []stretch
	var buffer sfnt.Buffer
	start := 0
	had := false
	for i, r := range s {
		glyph, err := face.GlyphIndex(&buffer, r)
		has := err == nil && glyph != 0
		if i > 0 && has != had {
			all = append(all, stretch{s[start:i], had})
			start = i
		}
		had = has
	}
	return append(all, stretch{s[start:], had})
}

// advance returns the width of a rune in the fallback, as a fraction of the
// font size.
func advance(r rune) float64 {
	if a, ok := fallback.GlyphAdvance(r); ok {
		return float64(a) / 64 / fallbackSize
	}
	return 1
}

// width returns the width of a line.
func (h textHandler) width(s string, f font.Font) vg.Length {
	face := h.Fonts.Lookup(f, f.Size)
	var w vg.Length
	for _, part := range stretches(face.Face, s) {
		if part.has {
			w += face.Width(part.text)
			continue
		}
		for _, r := range part.text {
			w += vg.Length(advance(r)) * f.Size
		}
	}
	return w
}

// Box returns the size of a line.
func (h textHandler) Box(s string, f font.Font) (width, height, depth vg.Length) {
	_, height, depth = h.Plain.Box("", f)
	return h.width(s, f), height, depth
}

// Draw draws lines of text.
func (h textHandler) Draw(c vg.Canvas, s string, style plottext.Style, at vg.Point) {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return
	}
	c.SetColor(style.Color)
	if style.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(style.Rotation)
	}
	sin, cos := math.Sincos(style.Rotation)
	at.X, at.Y = at.Y*vg.Length(sin)+at.X*vg.Length(cos), at.Y*vg.Length(cos)-at.X*vg.Length(sin)
	lines := h.Lines(s)
	at.Y += style.Height(s)*vg.Length(style.YAlign) - h.Extents(style.Font).Ascent
	for i, line := range lines {
		left := vg.Point{
			X: at.X + vg.Length(style.XAlign)*h.width(line, style.Font),
			Y: at.Y + vg.Length(len(lines)-i)*style.Font.Size,
		}
		h.drawLine(c, line, style.Font, left)
	}
}

func (h textHandler) drawLine(c vg.Canvas, line string, f font.Font, at vg.Point) {
	face := h.Fonts.Lookup(f, f.Size)
	if isSVG(c) { // the viewer has fonts
		c.FillString(face, at, line)
		return
	}
	for _, part := range stretches(face.Face, line) {
		if part.has {
			c.FillString(face, at, part.text)
			at.X += face.Width(part.text)
			continue
		}
		for _, r := range part.text {
			c.Fill(glyphPath(r, at, f.Size))
			at.X += vg.Length(advance(r)) * f.Size
		}
	}
}

// isSVG reports whether a canvas, possibly nested in others, writes SVG.
func isSVG(c vg.Canvas) bool {
	for {
		switch of := c.(type) {
		case *draw.Canvas:
			c = of.Canvas
		case draw.Canvas:
			c = of.Canvas
		case *noting, *vgsvg.Canvas:
			return true
		default:
			return false
		}
	}
}

// level returns style vertically centred on the middle of a capital.
func level(style draw.TextStyle) draw.TextStyle {
	const capital = 0.72 // height of a capital, as a share of the font's size
	size, e := style.Font.Size, style.FontExtents()
	style.YAlign = draw.YAlignment(-(size*(1+capital/2) - e.Ascent) / style.Height("0"))
	return style
}

// glyphPath returns a rune of the fallback as the outline of its pixels.
func glyphPath(r rune, at vg.Point, size vg.Length) vg.Path {
	bounds, mask, corner, _, ok := fallback.Glyph(fixed.Point26_6{}, r)
	if !ok {
		return boxPath(at, size)
	}
	var p vg.Path
	unit, empty := size/fallbackSize, true
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			if _, _, _, a := mask.At(corner.X+x, corner.Y+y).RGBA(); a == 0 {
				continue
			}
			empty = false
			rectangle(&p, at.X+vg.Length(bounds.Min.X+x)*unit, at.Y-vg.Length(bounds.Min.Y+y+1)*unit, unit, unit)
		}
	}
	if empty && !unicode.IsSpace(r) && !unicode.In(r, unicode.Mn, unicode.Cf) { // the font has room for it, and no pixels
		return boxPath(at, vg.Length(advance(r))*size)
	}
	return p
}

// boxPath returns the frame that stands for a rune that no font has.
func boxPath(at vg.Point, size vg.Length) vg.Path {
	var p vg.Path
	line, x, y, w, h := size/fallbackSize, at.X+size/10, at.Y, size*0.8, size*0.75
	rectangle(&p, x, y, w, line)
	rectangle(&p, x, y+h-line, w, line)
	rectangle(&p, x, y+line, line, h-2*line)
	rectangle(&p, x+w-line, y+line, line, h-2*line)
	return p
}

func rectangle(p *vg.Path, x, y, w, h vg.Length) {
	p.Move(vg.Point{X: x, Y: y})
	p.Line(vg.Point{X: x + w, Y: y})
	p.Line(vg.Point{X: x + w, Y: y + h})
	p.Line(vg.Point{X: x, Y: y + h})
	p.Close()
}

// Sizes of text, in points.
const (
	titleSize = 15
	textSize  = 13
	smallSize = 12
)

// TextStyle returns the style of text in figures, of the given size in points.
// Such text is placed by its top left corner.
func TextStyle(size float64, c color.Color) draw.TextStyle { return text(size, c) }

// text returns a style of text that is placed by its top left corner.
func text(size float64, c color.Color) draw.TextStyle {
	return draw.TextStyle{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)},
		XAlign:  draw.XLeft,
		YAlign:  draw.YTop,
		Handler: plainText,
	}
}

func boldText(size float64, c color.Color) draw.TextStyle {
	style := text(size, c)
	style.Font.Weight = xfont.WeightBold
	return style
}
