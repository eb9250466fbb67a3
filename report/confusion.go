package report

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// mostClasses is the largest number of rows and columns of a confusion matrix.
const mostClasses = 26

// Confusion draws how many examples of each class were classified as which
// class. Of more than 26 classes it draws the 25 with the most mistakes, and
// the others together. If the names of the classes are nil, their numbers are
// used. It is an error if the parts of p do not fit together or there is not
// one name for each class.
func Confusion(p Predictions, names []string) (*Figure, error) {
	if err := p.check(); err != nil {
		return nil, errors.WithMessage(err, "report: Confusion")
	}
	if names != nil && len(names) != p.Classes {
		return nil, errors.Errorf("report: Confusion: must have a name for each of %d classes, got %d", p.Classes, len(names))
	}
	name := func(k int) string {
		if names == nil {
			return strconv.Itoa(k)
		}
		return plaintext.Line(names[k])
	}
	m := newConfusion(p, name)
	wrong := len(p.Labels) - m.right
	f := &Figure{
		Title:   titleFor("Confusion matrix", p.Name),
		Caption: fmt.Sprintf("Each row has the examples of one class: blue those taken for what they are, orange the %d mistakes.", wrong),
		Alt:     fmt.Sprintf("Confusion matrix of %d examples, %d of them classified right.", len(p.Labels), m.right),
		width:   figureWidth, height: figureWidth,
	}
	if m.others > 0 {
		f.Caption += fmt.Sprintf(" Drawn are the %d of %d classes with the most mistakes. The grey corner stands for the other %d among themselves: %d examples, %d of them right.",
			len(m.names)-1, p.Classes, m.others, m.counts[len(m.names)-1][len(m.names)-1], m.cornerRight)
	}
	if m.worst > 0 {
		f.Alt += fmt.Sprintf(" The most frequent confusion: %s taken for %s, %d times.", name(m.from), name(m.to), m.worst)
	}
	f.draw = func(c draw.Canvas) { m.draw(draw.Crop(c, margin, -margin, margin, -margin)) }
	return f, nil
}

// A confusion holds what is drawn of predictions.
type confusion struct {
	names  []string // of rows and columns
	counts [][]int  // by true class and answer
	others int      // classes combined in the last row and column; 0: none

	right           int // examples
	cornerRight     int // of these, in the corner of the others
	worst, from, to int // the most frequent confusion, and of which classes
}

func newConfusion(p Predictions, name func(int) string) *confusion {
	m := &confusion{}
	mistakes := make([]int, p.Classes) // that a class is part of
	pairs := make(map[[2]int]int)
	for i, y := range p.Labels {
		k, _ := p.answer(i)
		if k == y {
			m.right++
			continue
		}
		mistakes[y]++
		mistakes[k]++
		pairs[[2]int{y, k}]++
		if n := pairs[[2]int{y, k}]; n > m.worst {
			m.worst, m.from, m.to = n, y, k
		}
	}
	row := m.rows(mistakes, name)
	m.counts = make([][]int, len(m.names))
	for i := range m.counts {
		m.counts[i] = make([]int, len(m.names))
	}
	for i, y := range p.Labels {
		k, _ := p.answer(i)
		m.counts[row(y)][row(k)]++
		if k == y && m.corner(row(y), row(k)) {
			m.cornerRight++
		}
	}
	return m
}

// rows chooses the classes that have their own rows, names the rows and returns
// the row of a class.
func (m *confusion) rows(mistakes []int, name func(int) string) func(class int) int {
	classes := make([]int, len(mistakes))
	for k := range classes {
		classes[k] = k
	}
	if len(classes) > mostClasses {
		slices.SortStableFunc(classes, func(a, b int) int { return cmp.Compare(mistakes[b], mistakes[a]) })
		classes = classes[:mostClasses-1]
		slices.Sort(classes)
		m.others = len(mistakes) - len(classes)
	}
	rows := make(map[int]int)
	for i, k := range classes {
		rows[k] = i
		m.names = append(m.names, name(k))
	}
	if m.others > 0 {
		m.names = append(m.names, "others")
	}
	return func(class int) int {
		if i, ok := rows[class]; ok {
			return i
		}
		return len(m.names) - 1
	}
}

// Largest sizes of the names of classes.
const (
	rowNames    vg.Length = 110
	columnNames vg.Length = 80
)

// draw draws the names of the classes in the first column and row, and the counts.
func (m *confusion) draw(c draw.Canvas) {
	n := vg.Length(len(m.names))
	names, axis := text(textSize, ink), text(textSize, muted)
	widest := func(names []string, style draw.TextStyle) (w vg.Length) {
		for _, s := range names {
			w = max(w, style.Width(s))
		}
		return w
	}
	rows := distinct(names, m.names, rowNames)
	left := c.Min.X + max(widest(rows, names), axis.Width("class")) + margin
	w := (c.Max.X - left) / n
	// Upright names need the height of a line.
	names.Font.Size = min(names.Font.Size, w)
	names = level(names)
	columns, upright := distinct(names, m.names, w-2), false
	below := names.Height("0")
	if widest(distinct(names, m.names, 1e9), names) > w-2 {
		columns, upright = distinct(names, m.names, columnNames), true
		below = widest(columns, names)
	}
	line := axis.Height("0")
	top := c.Max.Y - line - below - 2*margin
	h := (top - c.Min.Y) / n
	c.FillText(axis, vg.Point{X: left, Y: c.Max.Y}, "taken for")
	axis.XAlign, axis.YAlign = draw.XLeft, draw.YBottom
	c.FillText(axis, vg.Point{X: c.Min.X, Y: top + margin/2}, "class")
	for k, name := range columns {
		style, at := names, vg.Point{X: left + (vg.Length(k)+0.5)*w, Y: top + margin/2}
		if upright {
			style.Rotation = math.Pi / 2
		} else {
			style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
		}
		c.FillText(style, at, name)
	}
	names.XAlign = draw.XRight
	for y, name := range rows {
		c.FillText(names, vg.Point{X: left - margin, Y: top - (vg.Length(y)+0.5)*h}, name)
	}
	m.drawCounts(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: left, Y: c.Min.Y}, Max: vg.Point{X: c.Max.X, Y: top}}})
}

func (m *confusion) drawCounts(c draw.Canvas) {
	n := vg.Length(len(m.names))
	w, h := (c.Max.X-c.Min.X)/n, (c.Max.Y-c.Min.Y)/n
	most := 0
	for y, row := range m.counts {
		for k, count := range row {
			if !m.corner(y, k) {
				most = max(most, count)
			}
		}
	}
	cell := text(textSize, ink)
	cell.XAlign = draw.XCenter
	const gap = 0.75
	if widest := cell.Width(strconv.Itoa(most)); widest > w-4*gap { // the longest number must fit
		cell.Font.Size *= (w - 4*gap) / widest
	}
	cell = level(cell)
	for y, row := range m.counts {
		middle := c.Max.Y - (vg.Length(y)+0.5)*h
		for k, count := range row {
			x := c.Min.X + vg.Length(k)*w
			c.FillPolygon(m.fill(y, k), []vg.Point{
				{X: x + gap, Y: middle - h/2 + gap}, {X: x + w - gap, Y: middle - h/2 + gap},
				{X: x + w - gap, Y: middle + h/2 - gap}, {X: x + gap, Y: middle + h/2 - gap},
			})
			if count > 0 && !m.corner(y, k) {
				c.FillText(cell, vg.Point{X: x + w/2, Y: middle}, strconv.Itoa(count))
			}
		}
	}
}

// corner reports whether a count is that of the others among themselves, which
// the caption states.
func (m *confusion) corner(y, k int) bool {
	return m.others > 0 && y == len(m.names)-1 && k == y
}

// fill is the colour of a count.
func (m *confusion) fill(y, k int) color.Color {
	switch {
	case m.corner(y, k):
		return fade(grid, 0.8)
	case y == k:
		return fade(hues[1].line, 0.3)
	case m.counts[y][k] == 0:
		return fade(grid, 0.35)
	}
	// The others together may be confused more often than any two classes.
	share := float64(m.counts[y][k]) / float64(m.worst)
	return fade(hues[0].line, 0.12+0.48*math.Sqrt(min(1, share)))
}

// titleFor returns the title of a figure about name.
func titleFor(what, name string) string {
	if name == "" {
		return what
	}
	return what + ", " + name
}
