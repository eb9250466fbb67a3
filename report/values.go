package report

import (
	"encoding/json"
	"fmt"
	"html"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// mostValues is how many values of a line a page keeps: readers point at some
// of them, and each takes space.
const mostValues = 200

// A noting canvas keeps the values that are drawn on it with their places, for
// pages that show the value under the pointer.
type noting struct {
	*vgsvg.Canvas
	height vg.Length
	values []valueAt
}

// valueAt is a value in words at a point, from the top left corner.
type valueAt struct {
	x, y float64
	text string
}

// MarshalJSON writes the value as [x, y, text].
func (v valueAt) MarshalJSON() ([]byte, error) { return json.Marshal([]any{v.x, v.y, v.text}) }

// tenth rounds to tenths of a point, which are finer than pixels.
func tenth(x vg.Length) float64 { return float64(int(10*x+0.5)) / 10 }

// note keeps what is drawn at a point, if the canvas is that of a page.
func note(c *draw.Canvas, at vg.Point, format string, args ...any) {
	n := notingOf(c)
	if n == nil {
		return
	}
	n.values = append(n.values, valueAt{tenth(at.X), tenth(n.height - at.Y), plaintext.Line(fmt.Sprintf(format, args...))})
}

// notingOf returns the noting canvas that c is nested in, if any.
func notingOf(c vg.Canvas) *noting {
	for {
		switch of := c.(type) {
		case *draw.Canvas:
			c = of.Canvas
		case draw.Canvas:
			c = of.Canvas
		case *noting:
			return of
		default:
			return nil
		}
	}
}

// attributes returns the attributes of an SVG element with the values.
func (n *noting) attributes() (string, error) {
	if len(n.values) == 0 {
		return "", nil
	}
	data, err := json.Marshal(n.values)
	return ` data-values="` + html.EscapeString(string(data)) + `"`, err
}

// every returns how many steps to take from one noted value to the next of n.
func every(n int) int { return max(1, (n+mostValues-1)/mostValues) }

// note keeps the values of the line for pages.
func (cv *curve) note(c *draw.Canvas, of Curve, x, y func(float64) vg.Length) {
	for e, v := range cv.mean {
		if !finite(v) || e%every(len(cv.mean)) != 0 && e != len(cv.mean)-1 {
			continue
		}
		text := of.text(v)
		if cv.seeds > 1 {
			text += fmt.Sprintf(" (%s to %s)", of.text(cv.low[e]), of.text(cv.high[e]))
		}
		note(c, vg.Point{X: x(float64(e + 1)), Y: y(v)}, "%s, epoch %d: %s", cv.arm, e+1, text)
	}
}

// text returns a value of the curve, in per cent if it is shown so.
func (of Curve) text(v float64) string {
	if of.Percent {
		return fmt.Sprintf("%.2f %%", v)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
