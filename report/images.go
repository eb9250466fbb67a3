package report

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// maxFilters is how many units Filters draws: a square of eight by eight.
const maxFilters = 64

// Filters draws the weights from an image to each of the first 64 units of the
// first layer. The weights have shape (height*width, units), as those of
// models.Linear; name is what they belong to. It is an error if the weights do
// not fill images of that size, or if one is not finite.
func Filters(name string, weights []float32, height, width int) (*Figure, error) {
	if err := checkImages(weights, height, width); err != nil {
		return nil, errors.WithMessage(err, "report: Filters")
	}
	units := len(weights) / (height * width)
	shown := min(units, maxFilters)
	tiles := make([]image.Image, shown)
	for u := range tiles {
		largest := 0.0
		for i := range height * width {
			largest = max(largest, math.Abs(float64(weights[i*units+u])))
		}
		tiles[u] = grey(height, width, func(i int) float64 {
			if largest == 0 {
				return 0.5
			}
			return 0.5 + 0.5*float64(weights[i*units+u])/largest
		})
	}
	const columns = 8
	f := &Figure{
		Title:   titleFor("First-layer weights", name),
		Caption: fmt.Sprintf("%d of %d units. Grey is 0, white positive, black negative, each unit to its largest weight.", shown, units),
		Alt:     fmt.Sprintf("The incoming weights of %d of %d hidden units as images of %d by %d pixels.", shown, units, width, height),
		width:   figureWidth,
	}
	f.tile(tiles, nil, columns)
	return f, nil
}

// Mistakes draws the n worst mistakes of a classifier: the wrong answers with
// the highest probability, from the highest down. images holds an image
// for each example of p, height*width grey values in [0, 1], with ink as 1. It
// is an error if p and the images do not fit together, or if n is not positive.
func Mistakes(p Predictions, images []float32, height, width, n int) (*Figure, error) {
	err := p.check()
	if err == nil {
		err = checkImages(images, height, width)
	}
	if err != nil {
		return nil, errors.WithMessage(err, "report: Mistakes")
	}
	size := height * width
	if len(images) != size*len(p.Labels) {
		return nil, errors.Errorf("report: Mistakes: must have an image for each of %d examples, got %d", len(p.Labels), len(images)/size)
	}
	if n <= 0 {
		return nil, errors.Errorf("report: Mistakes: n must be positive, got %d", n)
	}
	var wrong []int
	for i, y := range p.Labels {
		if k, _ := p.answer(i); k != y {
			wrong = append(wrong, i)
		}
	}
	slices.SortStableFunc(wrong, func(i, j int) int {
		_, a := p.answer(i)
		_, b := p.answer(j)
		return cmp.Compare(b, a)
	})
	f := &Figure{
		Title:   titleFor("Worst mistakes", p.Name),
		Caption: fmt.Sprintf("True class → answer, with the probability of the answer, by which they are sorted. %d of %d examples were classified wrong.", len(wrong), len(p.Labels)),
		width:   figureWidth,
	}
	f.Alt = fmt.Sprintf("The worst of %d mistakes among %d examples, true class and answer:", len(wrong), len(p.Labels))
	if len(wrong) == 0 {
		f.Alt = "No mistakes."
	}
	var tiles []image.Image
	var under []string
	for _, i := range wrong[:min(n, len(wrong))] {
		tiles = append(tiles, grey(height, width, func(k int) float64 { return 1 - float64(images[i*size+k]) }))
		k, probability := p.answer(i)
		under = append(under, fmt.Sprintf("%d → %d\n%.0f %%", p.Labels[i], k, 100*probability))
		f.Alt += fmt.Sprintf(" %d and %d,", p.Labels[i], k)
	}
	f.Alt = f.Alt[:len(f.Alt)-1] + "."
	const columns = 6
	f.tile(tiles, under, columns)
	return f, nil
}

func checkImages(values []float32, height, width int) error {
	if height <= 0 || width <= 0 || height > 1<<15 || width > 1<<15 {
		return errors.Errorf("height and width must be in [1, %d], got %d and %d", 1<<15, height, width)
	}
	if len(values) == 0 || len(values)%(height*width) != 0 {
		return errors.Errorf("must have a positive multiple of %d values for images of %d by %d, got %d", height*width, height, width, len(values))
	}
	for i, v := range values {
		if !finite(float64(v)) {
			return errors.Errorf("value %d must be finite, got %v", i, v)
		}
	}
	return nil
}

// grey returns an image of values in [0, 1]. Each value is a square of pixels,
// which stays sharp when enlarged.
func grey(height, width int, at func(i int) float64) image.Image {
	scale := max(1, 112/max(height, width))
	g := image.NewGray(image.Rect(0, 0, width*scale, height*scale))
	for y := range height * scale {
		for x := range width * scale {
			v := at(y/scale*width + x/scale)
			g.SetGray(x, y, color.Gray{Y: uint8(255*min(1, max(0, v)) + 0.5)})
		}
	}
	return g
}

// tile makes f draw images of one size in columns, each with two lines of text
// below it if there is any.
func (f *Figure) tile(tiles []image.Image, under []string, columns int) {
	const gap vg.Length = 5
	style := text(smallSize, ink)
	style.XAlign = draw.XCenter
	below := gap
	if under != nil {
		below = style.Height("0\n0") + gap + margin
	}
	w := (figureWidth - 2*margin + gap) / vg.Length(columns)
	inner := w - gap
	h := inner
	if len(tiles) > 0 {
		b := tiles[0].Bounds()
		h = inner * vg.Length(b.Dy()) / vg.Length(b.Dx())
	}
	rows := (len(tiles) + columns - 1) / columns
	f.height = 2*margin + vg.Length(rows)*(h+below)
	f.draw = func(c draw.Canvas) {
		for i, img := range tiles {
			x := c.Min.X + margin + vg.Length(i%columns)*w
			y := c.Max.Y - margin - vg.Length(i/columns)*(h+below) - h
			c.DrawImage(vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + inner, Y: y + h}}, img)
			if under != nil {
				c.FillText(style, vg.Point{X: x + inner/2, Y: y - gap}, under[i])
			}
		}
	}
}
