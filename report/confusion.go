package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Confusion draws how many examples of each class were taken for which class.
// The names of the classes may be nil: then they are numbers. It is an error if
// p does not fit together or there is not one name for each class.
func Confusion(p Predictions, names []string) (*Figure, error) {
	if err := p.check(); err != nil {
		return nil, errors.WithMessage(err, "report: Confusion")
	}
	if names != nil && len(names) != p.Classes {
		return nil, errors.Errorf("report: Confusion: want a name for each of %d classes, got %d", p.Classes, len(names))
	}
	name := func(k int) string {
		if names == nil {
			return strconv.Itoa(k)
		}
		return clean(names[k])
	}
	counts := make([][]int, p.Classes)
	for k := range counts {
		counts[k] = make([]int, p.Classes)
	}
	right, worst, from, to := 0, 0, 0, 0
	for i, y := range p.Labels {
		k, _ := p.answer(i)
		counts[y][k]++
		if k == y {
			right++
		} else if counts[y][k] > worst {
			worst, from, to = counts[y][k], y, k
		}
	}
	f := &Figure{
		Title:   titleFor("Confusion matrix", p.Name),
		Caption: fmt.Sprintf("Each row has the examples of one class: blue those taken for what they are, orange the %d others.", len(p.Labels)-right),
		Alt:     fmt.Sprintf("Confusion matrix of %d examples, %d of them classified right.", len(p.Labels), right),
		width:   figureWidth, height: figureWidth,
	}
	if worst > 0 {
		f.Alt += fmt.Sprintf(" The most frequent confusion: %s taken for %s, %d times.", name(from), name(to), worst)
	}
	f.draw = func(c draw.Canvas) {
		drawConfusion(draw.Crop(c, margin, -margin, margin, -margin), counts, worst, name)
	}
	return f, nil
}

func drawConfusion(c draw.Canvas, counts [][]int, worst int, name func(int) string) {
	n := vg.Length(len(counts))
	axis, cell, strong := text(textSize, muted), text(textSize, ink), text(textSize, ink)
	line := axis.Height("0")
	// The first column and row name the classes.
	left, top := c.Min.X+44, c.Max.Y-2*line-margin
	w, h := (c.Max.X-left)/n, (top-c.Min.Y)/n
	axis.YAlign = draw.YTop
	c.FillText(axis, vg.Point{X: left, Y: c.Max.Y}, "taken for")
	c.FillText(axis, vg.Point{X: c.Min.X, Y: c.Max.Y - line - margin/2}, "class")
	cell.XAlign, cell.YAlign = draw.XCenter, -0.6
	// Numbers of five digits must fit.
	if size := 0.36 * w; size < cell.Font.Size {
		cell.Font.Size = size
	}
	strong.XAlign = draw.XCenter
	const gap = 0.75
	for y, row := range counts {
		middle := top - (vg.Length(y)+0.5)*h
		names := text(textSize, ink)
		names.YAlign, names.XAlign = -0.6, draw.XRight
		c.FillText(names, vg.Point{X: left - margin, Y: middle}, shorten(names, name(y), 36))
		c.FillText(strong, vg.Point{X: left + (vg.Length(y)+0.5)*w, Y: c.Max.Y - line - margin/2}, shorten(strong, name(y), w))
		for k, count := range row {
			x := left + vg.Length(k)*w
			fill := fade(hues[1].line, 0.3)
			if k != y {
				if count == 0 {
					fill = fade(grid, 0.35)
				} else {
					fill = fade(hues[0].line, 0.12+0.48*math.Sqrt(float64(count)/float64(worst)))
				}
			}
			c.FillPolygon(fill, []vg.Point{
				{X: x + gap, Y: middle - h/2 + gap}, {X: x + w - gap, Y: middle - h/2 + gap},
				{X: x + w - gap, Y: middle + h/2 - gap}, {X: x + gap, Y: middle + h/2 - gap},
			})
			if count > 0 {
				c.FillText(cell, vg.Point{X: x + w/2, Y: middle}, strconv.Itoa(count))
			}
		}
	}
}

// titleFor returns the title of a figure about name.
func titleFor(what, name string) string {
	if name == "" {
		return what
	}
	return what + ", " + name
}
