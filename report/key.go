package report

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A keyEntry is the name of a series beside a stroke in its colour.
type keyEntry struct {
	series int
	text   string
	at     vg.Point // of the entry's top left corner, from that of the key
}

// Sizes in a key.
const (
	keyStroke vg.Length = 16
	keyGap    vg.Length = 5  // between stroke and name
	keyApart  vg.Length = 18 // between entries
)

// keyOf lays out the names of series in lines of the given width. Series without
// a name have no entry.
func keyOf(names []string, width vg.Length) (entries []keyEntry, height vg.Length) {
	style := boldText(textSize, ink)
	line := style.Height("0") + margin/2
	short := distinct(style, names, width-keyStroke-keyGap)
	at := vg.Point{}
	for i, name := range short {
		if name == "" {
			continue
		}
		w := keyStroke + keyGap + style.Width(name)
		if at.X > 0 && at.X+w > width {
			at = vg.Point{Y: at.Y + line}
		}
		entries = append(entries, keyEntry{i, name, at})
		at.X += w + keyApart
		height = at.Y + line
	}
	return entries, height
}

// drawKey writes the names of series in their colours at the top of c, and
// returns the rest of c. A key lies beside what it explains, never on it.
func drawKey(c draw.Canvas, names []string) draw.Canvas {
	entries, height := keyOf(names, c.Max.X-c.Min.X)
	for _, e := range entries {
		h := hueAmong(e.series, len(names))
		style := boldText(textSize, h.text)
		at := vg.Point{X: c.Min.X + e.at.X, Y: c.Max.Y - e.at.Y}
		middle := at.Y - style.Height("0")/2
		c.StrokeLine2(stroke(h.line, 3), at.X, middle, at.X+keyStroke, middle)
		at.X += keyStroke + keyGap
		c.FillText(style, at, e.text)
	}
	return draw.Crop(c, 0, 0, 0, -height)
}

// keyHeight returns the height of a figure's key.
func keyHeight(names []string) vg.Length {
	_, height := keyOf(names, figureWidth-2*margin)
	return height
}
