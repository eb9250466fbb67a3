package report

import (
	"fmt"
	"image/color"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Inline returns the drawing without title and caption as an SVG element for a
// page. It has no background, and its colours are those of [PageStyle] if the
// page includes it, which has others for dark screens. Title, caption and
// alternative text are up to the page. With [PageScript] the page shows the
// value under the pointer, and hides a series whose name is clicked.
func (f *Figure) Inline() (string, error) {
	if f == nil || f.draw == nil {
		return "", errors.New("report: Inline: figure must come from a function of this package, got an empty one")
	}
	canvas := &noting{Canvas: vgsvg.New(f.width, f.height), height: f.height}
	f.draw(draw.NewCanvas(canvas, f.width, f.height))
	svg, err := svgOf(canvas)
	if err != nil {
		return "", err
	}
	attributes, err := canvas.attributes()
	if err != nil {
		return "", errors.Wrap(err, "report: Inline")
	}
	if f.hides {
		attributes += " data-hides"
	}
	_, svg, _ = strings.Cut(svg, "<svg ")
	_, svg, _ = strings.Cut(svg, "viewBox=") // the page gives the size
	return "<svg" + attributes + " viewBox=" + svgColor.ReplaceAllStringFunc(svg, pageColor), nil
}

var svgColor = regexp.MustCompile(`(fill|stroke):#[0-9A-F]{6}`)

// pageColor returns, for a style of an SVG document such as "fill:#222222", the
// variable of its colour, which page.css sets for dark screens.
func pageColor(style string) string {
	kind, hex, _ := strings.Cut(style, ":#")
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return style
	}
	// Translucent colours come back from the canvas rounded down.
	is := func(c color.RGBA) bool {
		for i, b := range []uint8{c.B, c.G, c.R} {
			if d := int(b) - int(v>>(8*i)&0xFF); d < 0 || d > 1 {
				return false
			}
		}
		return true
	}
	variable := func(name string, c color.RGBA) string {
		return fmt.Sprintf("%s:var(--%s,#%02X%02X%02X)", kind, name, c.R, c.G, c.B)
	}
	switch {
	case is(ink):
		return variable("ink", ink)
	case is(muted):
		return variable("muted", muted)
	case is(grid):
		return variable("grid", grid)
	case is(paper):
		return variable("card", paper)
	}
	for i, h := range hues {
		if is(h.line) {
			return variable(fmt.Sprint("line", i), h.line)
		}
		if is(h.text) {
			return variable(fmt.Sprint("text", i), h.text)
		}
	}
	return style
}
