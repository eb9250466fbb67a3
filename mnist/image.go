package mnist

import (
	"image"
	"math"
	"slices"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"
)

// side is the height and width of MNIST's images, and box that of the square
// that the digits fill.
const (
	side = 28
	box  = 20

	maxImageSide = 1 << 14
	maxImage     = 1 << 26
)

// FromImage converts an image of one digit to MNIST's form: 28 rows of 28
// pixels in [0, 1], where 1 is ink. The digit, dark on light or light on dark
// as judged by the border and what stands out, is cut out, scaled to fit into
// 20 by 20 pixels, and centred by its centre of mass, as LeCun, Cortes and
// Burges describe for the data set. In a photograph the light may be uneven: ink
// is what differs from the paper around it, and the digit is the largest piece
// of it, apart from the pale lines of an exercise book. Strokes thinner than
// MNIST's are made thicker, and a digit that leans as no hand writes is
// straightened. An image of 28 by 28 on a dark ground is taken as it is.
// Transparent pixels count as white paper. Blank images and those of several
// digits are errors, and so are those with more than 2^14 pixels on a side or
// 2^26 in all. To read an image from a file, see OpenImage of package datasets.
func FromImage(img image.Image) ([]float32, error) {
	if img == nil {
		return nil, errors.New("mnist: FromImage: image must be set, got nil")
	}
	bounds := img.Bounds()
	width, height := bounds.Dx(), bounds.Dy()
	if width < 1 || height < 1 || width > maxImageSide || height > maxImageSide || width > maxImage/height {
		return nil, errors.Errorf("mnist: FromImage: image must have 1 to 2^14 pixels on each side and at most 2^26 in all, got %d by %d", width, height)
	}
	// Transparent pixels count as white paper.
	canvas := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(canvas, canvas.Bounds(), img, bounds.Min, draw.Over)
	dark := lightOnDark(canvas)
	if !dark {
		for i, v := range canvas.Pix {
			canvas.Pix[i] = 255 - v
		}
	}
	blank := errors.New("mnist: FromImage: image must show a digit, got a blank one")
	if _, ok := inked(canvas); !ok {
		return nil, blank
	}
	pixels := make([]float32, side*side)
	if dark && width == side && height == side {
		for i, v := range canvas.Pix {
			pixels[i] = float32(v) / 255
		}
		return pixels, nil
	}
	canvas = reduced(canvas)
	even(canvas)
	if slices.Max(canvas.Pix) < faintest {
		return nil, blank
	}
	digits, threshold := isolate(canvas)
	switch {
	case digits == 0:
		return nil, blank
	case digits > 1:
		return nil, errors.Errorf("mnist: FromImage: image must show one digit, got %d pieces of ink of about that size", digits)
	}
	ink, _ := inked(canvas)
	canvas = room(canvas, ink)
	thicken(canvas, threshold, ink)
	straighten(canvas)
	ink, ok := inked(canvas)
	if !ok {
		return nil, blank
	}
	scale := box / float64(max(ink.Dx(), ink.Dy()))
	w, h := max(1, int(math.Round(scale*float64(ink.Dx())))), max(1, int(math.Round(scale*float64(ink.Dy()))))
	small := image.NewGray(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(small, small.Bounds(), canvas, ink, draw.Src, nil)
	var mass, mx, my float64
	for y := range h {
		for x := range w {
			v := float64(small.GrayAt(x, y).Y)
			mass, mx, my = mass+v, mx+v*float64(x), my+v*float64(y)
		}
	}
	if mass == 0 {
		return nil, blank
	}
	left := int(math.Round((side-1)/2. - mx/mass))
	top := int(math.Round((side-1)/2. - my/mass))
	for y := range h {
		for x := range w {
			if tx, ty := x+left, y+top; tx >= 0 && tx < side && ty >= 0 && ty < side {
				pixels[ty*side+tx] = float32(small.GrayAt(x, y).Y) / 255
			}
		}
	}
	return pixels, nil
}

// room returns the digit on a canvas that has room for thicker strokes and to
// straighten it.
func room(g *image.Gray, digit image.Rectangle) *image.Gray {
	around := max(2, max(digit.Dx(), digit.Dy()))
	larger := image.NewGray(image.Rect(0, 0, digit.Dx()+2*around, digit.Dy()+2*around))
	draw.Draw(larger, digit.Sub(digit.Min).Add(image.Pt(around, around)), g, digit.Min, draw.Src)
	return larger
}

// border returns the mean of the outermost pixels.
func border(g *image.Gray) int {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sum, n := 0, 0
	for y := range h {
		for x := range w {
			if x == 0 || y == 0 || x == w-1 || y == h-1 {
				sum += int(g.GrayAt(x, y).Y)
				n++
			}
		}
	}
	return sum / n
}

// inked returns the rectangle of the pixels with at least a third of the
// darkest one's ink; ok is false if there is practically no ink.
func inked(g *image.Gray) (r image.Rectangle, ok bool) {
	var most, least uint8 = 0, 255
	for _, v := range g.Pix {
		most, least = max(most, v), min(least, v)
	}
	if most-least < 32 {
		return r, false
	}
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			if int(g.GrayAt(x, y).Y) >= int(most)/3 {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r, true
}
