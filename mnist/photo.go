package mnist

import (
	"image"
	"math"
	"slices"

	"golang.org/x/image/draw"
)

// Photographs of digits on paper have uneven light, shadows at the edges, specks
// and thin strokes. What is here finds the digit on a canvas whose ink is bright.

const (
	// enough is the longest side of a canvas to look for a digit on.
	enough = 512
	// cells is how many parts of the longest side the light is measured in.
	cells = 16
	// thinnest is the width of strokes, as a share of the digit's size, below
	// which they are made thicker: about 2.2 of the 20 pixels, as MNIST has them.
	thinnest = 0.11
	// faintest is the ink, of 255, below which there is only the noise of paper.
	faintest = 56
	// smallest is how many digits of the least size fit beside each other: what is
	// smaller are specks of the paper.
	smallest = 30
	// steepest is how far a digit may lean, in pixels sideways for each pixel down.
	steepest = 0.5
)

// reduced returns g with no side longer than enough.
func reduced(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if max(w, h) <= enough {
		return g
	}
	scale := float64(enough) / float64(max(w, h))
	small := image.NewGray(image.Rect(0, 0, max(1, int(scale*float64(w))), max(1, int(scale*float64(h)))))
	draw.BiLinear.Scale(small, small.Rect, g, g.Rect, draw.Src, nil)
	return small
}

// lightOnDark reports whether a digit is lighter than its ground: as the border
// says or, where that is neither light nor dark, whether more stands out above what
// is usual nearby than below.
func lightOnDark(g *image.Gray) bool {
	if b := border(g); b < 64 || b > 160 {
		return b < 64
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	size := max(1, (max(w, h)+cells/2-1)/(cells/2))
	above := 0
	for y := 0; y < h; y += size {
		for x := 0; x < w; x += size {
			part := image.Rect(x, y, x+size, y+size).Intersect(g.Rect)
			above += quantile(g, part, 0.95) + quantile(g, part, 0.05) - 2*quantile(g, part, 0.5)
		}
	}
	return above > 0
}

// even makes the paper dark everywhere: ink is what is brighter than the darkest
// nearby, as a share of what it could be there. Near means within two cells, more
// than a stroke is wide. A canvas whose paper is dark already stays as it is.
func even(g *image.Gray) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	size := max(1, (max(w, h)+cells-1)/cells)
	columns, rows := (w+size-1)/size, (h+size-1)/size
	least := make([]float64, columns*rows)
	for i := range least {
		least[i] = float64(quantile(g, image.Rect(i%columns*size, i/columns*size, i%columns*size+size, i/columns*size+size).Intersect(g.Rect), 0.25)) // some pixels are darker by noise alone
	}
	// An opening: what is brighter for less than five cells is ink, and a gradient
	// of the light stays as it is.
	worn, dark := make([]float64, len(least)), make([]float64, len(least))
	for i := range worn {
		worn[i] = 255
		forNear(i, columns, rows, 2, func(k int) { worn[i] = min(worn[i], least[k]) })
	}
	for i := range dark {
		forNear(i, columns, rows, 2, func(k int) { dark[i] = max(dark[i], worn[k]) })
	}
	smooth := make([]float64, len(dark))
	for i := range smooth {
		n := 0.0
		forNear(i, columns, rows, 1, func(k int) { smooth[i], n = smooth[i]+dark[k], n+1 })
		smooth[i] /= n
	}
	for y := range h {
		for x := range w {
			b := between(smooth, columns, rows, (float64(x)+0.5)/float64(size)-0.5, (float64(y)+0.5)/float64(size)-0.5)
			v := float64(g.Pix[y*g.Stride+x])
			g.Pix[y*g.Stride+x] = uint8(255*min(1, max(0, (v-b)/max(1, 255-b))) + 0.5)
		}
	}
}

// quantile returns the value that a share of the pixels of a part does not exceed.
func quantile(g *image.Gray, part image.Rectangle, share float64) int {
	var count [256]int
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			count[g.Pix[y*g.Stride+x]]++
		}
	}
	seen, wanted := 0, int(share*float64(part.Dx()*part.Dy()))
	for v, n := range count {
		if seen += n; seen > wanted {
			return v
		}
	}
	return 255
}

// forNear calls f with the cells within a distance of cell i.
func forNear(i, columns, rows, distance int, f func(int)) {
	x, y := i%columns, i/columns
	for ny := max(0, y-distance); ny <= min(rows-1, y+distance); ny++ {
		for nx := max(0, x-distance); nx <= min(columns-1, x+distance); nx++ {
			f(ny*columns + nx)
		}
	}
}

// between interpolates values of cells, whose middles have whole coordinates.
func between(values []float64, columns, rows int, x, y float64) float64 {
	x, y = min(max(x, 0), float64(columns-1)), min(max(y, 0), float64(rows-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, columns-1), min(y0+1, rows-1)
	fx, fy := x-float64(x0), y-float64(y0)
	at := func(cx, cy int) float64 { return values[cy*columns+cx] }
	return (1-fy)*((1-fx)*at(x0, y0)+fx*at(x1, y0)) + fy*((1-fx)*at(x0, y1)+fx*at(x1, y1))
}

// A component is ink that hangs together.
type component struct {
	pixels []int
	ink    int // sum of its pixels
	bounds image.Rectangle
	edge   bool // whether it touches the edge of the canvas
}

// components returns the components of the pixels of at least the given ink.
func components(g *image.Gray, threshold uint8) []component {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	seen := make([]bool, w*h)
	var all []component
	for start := range seen {
		if seen[start] || g.Pix[start] < threshold {
			continue
		}
		c := component{pixels: []int{start}}
		seen[start] = true
		for next := 0; next < len(c.pixels); next++ {
			i := c.pixels[next]
			x, y := i%w, i/w
			c.ink += int(g.Pix[i])
			c.bounds = c.bounds.Union(image.Rect(x, y, x+1, y+1))
			c.edge = c.edge || x == 0 || y == 0 || x == w-1 || y == h-1
			forNear(i, w, h, 1, func(k int) {
				if !seen[k] && g.Pix[k] >= threshold {
					seen[k] = true
					c.pixels = append(c.pixels, k)
				}
			})
		}
		all = append(all, c)
	}
	return all
}

// found returns the components of a canvas with the most ink first, and the ink from
// which pixels belong to them: a third of the darkest or, on a page with pale lines,
// with which a digit hangs together, the least at which it is free of them.
func found(g *image.Gray) (best []component, threshold uint8) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	most, loose := int(slices.Max(g.Pix)), false
	for _, sixths := range []int{2, 3, 4} {
		ink := uint8(most * sixths / 6)
		all := components(g, ink)
		slices.SortStableFunc(all, func(a, b component) int { return b.ink - a.ink })
		free := slices.ContainsFunc(all, func(c component) bool { return c.whole() && 20*c.ink >= all[0].ink })
		if best == nil || free && !loose {
			best, threshold, loose = all, ink, free
		}
		if free && !slices.ContainsFunc(all, func(c component) bool { return c.line(w, h) }) {
			return all, ink
		}
	}
	return best, threshold
}

// isolate removes all but the digit: the component with the most ink, not one that
// enters from the edge unless there is hardly another, and what is close to it, as
// the bar of a 5. It returns how many digits there seem to be, 0 for nothing but specks,
// and the ink from which pixels belong to one.
func isolate(g *image.Gray) (digits int, threshold uint8) {
	all, threshold := found(g)
	if len(all) == 0 {
		return 0, threshold
	}
	best := all[0]
	for _, c := range all {
		if c.whole() {
			if 20*c.ink >= best.ink {
				best = c
			}
			break
		}
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	size := max(best.bounds.Dx(), best.bounds.Dy())
	if size*smallest < max(w, h) {
		return 0, threshold
	}
	reach := max(1, size*3/20)
	kept := make([]bool, w*h)
	for _, c := range all {
		near := c.bounds.Overlaps(best.bounds.Inset(-reach)) && 33*c.ink >= best.ink && !(c.edge && !best.edge)
		if c.another(best, near) {
			digits++
		}
		if !near && c.bounds != best.bounds {
			continue
		}
		for _, i := range c.pixels {
			// The soft edges of strokes are below the threshold.
			forNear(i, w, h, 1+max(w, h)/200, func(k int) { kept[k] = true })
		}
	}
	for i := range g.Pix {
		if !kept[i] {
			g.Pix[i] = 0
		}
	}
	return 1 + digits, threshold
}

// whole reports whether a component may be a digit that is all on the canvas, and not
// a part of a line.
func (c component) whole() bool { return !c.edge && c.bounds.Dx() <= 4*c.bounds.Dy() }

// line reports whether a component is a piece of a thin line across a canvas.
func (c component) line(w, h int) bool {
	dx := c.bounds.Dx()
	return dx > 4*c.bounds.Dy() && 8*dx >= w && 80*len(c.pixels) <= dx*max(w, h)
}

// another reports whether a component seems to be a digit of its own beside the best:
// about as high and with not much less ink. One that is near may be a part of the
// same, unless it is quite as high and wholly to the left or the right.
func (c component) another(best component, near bool) bool {
	if !c.whole() || c.bounds == best.bounds {
		return false
	}
	if near {
		beside := c.bounds.Max.X <= best.bounds.Min.X || best.bounds.Max.X <= c.bounds.Min.X
		return beside && 4*c.bounds.Dy() >= 3*best.bounds.Dy() && 4*c.ink >= best.ink
	}
	return 2*c.bounds.Dy() >= best.bounds.Dy() && 5*c.ink >= best.ink
}

// thicken makes thin strokes as wide as MNIST's.
func thicken(g *image.Gray, threshold uint8, digit image.Rectangle) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	area, edge := 0, 0
	for i, v := range g.Pix {
		if v < threshold {
			continue
		}
		area++
		inside := true
		forNear(i, w, h, 1, func(k int) { inside = inside && g.Pix[k] >= threshold })
		if !inside {
			edge++
		}
	}
	if edge == 0 {
		return
	}
	width := 2 * float64(area) / float64(edge)
	wanted := thinnest * float64(max(digit.Dx(), digit.Dy()))
	for range int((wanted - width) / 2) {
		before := slices.Clone(g.Pix)
		for i := range g.Pix {
			forNear(i, w, h, 1, func(k int) { g.Pix[i] = max(g.Pix[i], before[k]) })
		}
	}
}

// straighten shears a digit that leans more than a hand makes it, as on a page that
// was turned.
func straighten(g *image.Gray) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	var mass, mx, my float64
	for i, v := range g.Pix {
		mass, mx, my = mass+float64(v), mx+float64(v)*float64(i%w), my+float64(v)*float64(i/w)
	}
	if mass == 0 {
		return
	}
	mx, my = mx/mass, my/mass
	var xy, yy float64
	for i, v := range g.Pix {
		dx, dy := float64(i%w)-mx, float64(i/w)-my
		xy, yy = xy+float64(v)*dx*dy, yy+float64(v)*dy*dy
	}
	if yy == 0 {
		return
	}
	lean := xy / yy
	excess := lean - min(steepest, max(-steepest, lean))
	if excess == 0 || math.Abs(lean) > 2 { // lying, as the bar of a minus: there is no telling
		return
	}
	before := slices.Clone(g.Pix)
	for y := range h {
		for x := range w {
			from := float64(x) + excess*(float64(y)-my)
			x0 := int(math.Floor(from))
			at := func(x int) float64 {
				if x < 0 || x >= w {
					return 0
				}
				return float64(before[y*w+x])
			}
			f := from - float64(x0)
			g.Pix[y*w+x] = uint8((1-f)*at(x0) + f*at(x0+1) + 0.5)
		}
	}
}
