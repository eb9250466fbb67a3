// Package photograph draws pictures as a phone takes them of digits that are written
// on paper, for tests: real photographs whose content is known are too large to keep.
package photograph

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
)

// A Scene is what is photographed, and how.
type Scene struct {
	Digits []Digit
	Ink    color.RGBA // black if it is zero
	Paper  color.RGBA // of white paper if it is zero

	Fading float64 // share of the light that is lost from the left to the right
	Shadow float64 // share of the light that is lost beyond an edge across the paper
	Lined  bool    // blue lines and a red margin, as in an exercise book
	Table  bool    // a dark table below the paper
	Tilt   float64 // perspective: how much farther away the upper edge is, as a share
	Turn   float64 // radians
	Noise  float64 // standard deviation, of 255
	Seed   uint64  // of noise and specks
}

// A Digit is an image of 28 by 28 pixels in [0, 1] with its middle and size in the
// picture.
type Digit struct {
	Pixels     []float32
	X, Y, Size float64
}

// Width and Height are those of pictures.
const Width, Height = 400, 300

// Take draws the scene.
func (s Scene) Take() *image.RGBA {
	r := rand.New(rand.NewPCG(s.Seed, 1))
	paper, ink := s.Paper, s.Ink
	if paper.A == 0 {
		paper = color.RGBA{236, 232, 222, 255}
	}
	if ink.A == 0 {
		ink = color.RGBA{38, 36, 40, 255}
	}
	texture := fibres(r)
	picture := image.NewRGBA(image.Rect(0, 0, Width, Height))
	for y := range Height {
		for x := range Width {
			u, v := s.paper(float64(x), float64(y))
			c := [3]float64{float64(paper.R), float64(paper.G), float64(paper.B)}
			if s.Lined {
				c = lined(c, u, v)
			}
			covered := 0.0
			for _, d := range s.Digits {
				covered = max(covered, d.at(u, v))
			}
			for i, under := range [3]uint8{ink.R, ink.G, ink.B} {
				c[i] += covered * (float64(under) - c[i])
			}
			if s.Table && v > Height-12 {
				c = [3]float64{70, 48, 36}
			}
			light := s.light(float64(x), float64(y)) * (1 + texture[y/4*(Width/4)+x/4])
			grain := s.Noise * r.NormFloat64()
			picture.SetRGBA(x, y, color.RGBA{level(c[0]*light + grain), level(c[1]*light + grain), level(c[2]*light + grain), 255})
		}
	}
	for range 5 { // specks
		x, y := r.IntN(Width-2), r.IntN(Height)
		picture.SetRGBA(x, y, color.RGBA{60, 55, 50, 255})
		picture.SetRGBA(x+1, y, color.RGBA{60, 55, 50, 255})
	}
	return picture
}

// paper returns what place of the paper is seen at a pixel.
func (s Scene) paper(x, y float64) (u, v float64) {
	x, y = x-Width/2, y-Height/2
	deep := 1 - s.Tilt*y/Height // farther away towards the upper edge
	x, y = x*deep, y*deep
	sin, cos := math.Sincos(s.Turn)
	return cos*x + sin*y + Width/2, cos*y - sin*x + Height/2
}

// light returns the share of the light at a pixel.
func (s Scene) light(x, y float64) float64 {
	beyond := (x + 0.6*y - 0.75*Width) / 8 // a soft edge
	return (1 - s.Fading*x/Width) * (1 - s.Shadow/(1+math.Exp(-beyond)))
}

// lined returns the colour of the lines of an exercise book.
func lined(c [3]float64, u, v float64) [3]float64 {
	if math.Abs(math.Mod(v, 34)-17) < 0.8 {
		return [3]float64{0.62 * c[0], 0.74 * c[1], 0.9 * c[2]}
	}
	if math.Abs(u-26) < 0.8 {
		return [3]float64{0.9 * c[0], 0.6 * c[1], 0.62 * c[2]}
	}
	return c
}

// fibres are lighter and darker parts of four by four pixels.
func fibres(r *rand.Rand) []float64 {
	all := make([]float64, Width/4*Height/4)
	for i := range all {
		all[i] = 0.012 * r.NormFloat64()
	}
	return all
}

// at returns how much ink of the digit there is at a place, between its pixels.
func (d Digit) at(u, v float64) float64 {
	x, y := (u-d.X)/d.Size*28+13.5, (v-d.Y)/d.Size*28+13.5
	x0, y0 := math.Floor(x), math.Floor(y)
	pixel := func(x, y float64) float64 {
		if x < 0 || y < 0 || x > 27 || y > 27 {
			return 0
		}
		return float64(d.Pixels[int(y)*28+int(x)])
	}
	fx, fy := x-x0, y-y0
	return (1-fy)*((1-fx)*pixel(x0, y0)+fx*pixel(x0+1, y0)) + fy*((1-fx)*pixel(x0, y0+1)+fx*pixel(x0+1, y0+1))
}

func level(v float64) uint8 { return uint8(min(255, max(0, v+0.5))) }
