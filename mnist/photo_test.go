package mnist_test

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
)

// photograph draws a digit, written in ink on paper that is turned, under light that
// falls to less than half across the page, with noise, specks and a dark table at
// one edge.
func photograph(digit []float32, seed uint64, lean float64) *image.Gray {
	const w, h, size = 400, 300, 130
	r := rand.New(rand.NewPCG(seed, 1))
	left, top := 60+r.IntN(150), 40+r.IntN(100)
	g := image.NewGray(image.Rect(0, 0, w, h))
	sin, cos := math.Sincos(lean)
	for y := range h {
		for x := range w {
			light := 235 - 135*float64(x)/w - 30*float64(y)/h
			dx, dy := float64(x-left)-size/2, float64(y-top)-size/2
			u, v := cos*dx+sin*dy+size/2, cos*dy-sin*dx+size/2
			ink := 0.0
			if px, py := int(28*u/size), int(28*v/size); u >= 0 && v >= 0 && px < 28 && py < 28 {
				ink = float64(digit[28*py+px])
			}
			if y >= h-8 { // the table
				ink = 0.9
			}
			g.SetGray(x, y, color.Gray{Y: uint8(min(255, max(0, light*(1-0.8*ink)+4*r.NormFloat64())))})
		}
	}
	for range 6 {
		x, y := r.IntN(w-4), r.IntN(h-20)
		g.SetGray(x, y, color.Gray{})
		g.SetGray(x+1, y, color.Gray{})
	}
	return g
}

// alike is the cosine of the angle between two images.
func alike(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+float64(a[i]*b[i]), aa+float64(a[i]*a[i]), bb+float64(b[i]*b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

// digits are test images of MNIST, two of each class.
func digits(t *testing.T) [][]float32 {
	t.Helper()
	_, test, err := embedded.Load()
	if err != nil {
		t.Fatal(err)
	}
	twenty, _, err := test.Stratified(20, 1)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for i := range twenty.Len() {
		x := make([]float32, 784)
		if err := twenty.Gather([]int{i}, x, make([]int, 1)); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

// A photograph of an image of MNIST gives that image back, nearly.
func TestPhotograph(t *testing.T) {
	total, least := 0.0, 1.0
	all := digits(t)
	for i, digit := range all {
		pixels, err := mnist.FromImage(photograph(digit, uint64(i), 0))
		if err != nil {
			t.Fatal(err)
		}
		like := alike(pixels, digit)
		total, least = total+like/float64(len(all)), min(least, like)
	}
	if total < 0.85 || least < 0.65 {
		t.Errorf("photographs are alike to %.3f on average, %.3f at least", total, least)
	}
}

// A stroke as thin as a pen's becomes as wide as MNIST's, and one that leans far is
// straightened.
func TestThinStrokes(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 200, 200))
	for i := range img.Pix {
		img.Pix[i] = 230
	}
	for y := 40; y < 160; y++ { // leaning by 0.8 pixels a row
		x := 30 + int(0.8*float64(160-y))
		for k := range 4 {
			img.SetGray(x+k, y, color.Gray{Y: 30})
		}
	}
	pixels, err := mnist.FromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	var ink, mx, my, xy, yy float64
	for i, v := range pixels {
		ink, mx, my = ink+float64(v), mx+float64(v)*float64(i%28), my+float64(v)*float64(i/28)
	}
	mx, my = mx/ink, my/ink
	for i, v := range pixels {
		dx, dy := float64(i%28)-mx, float64(i/28)-my
		xy, yy = xy+float64(v)*dx*dy, yy+float64(v)*dy*dy
	}
	if width := ink / 20; width < 1.5 || width > 4 {
		t.Errorf("the stroke is %.2f pixels wide", width)
	}
	if lean := xy / yy; math.Abs(lean) > 0.56 {
		t.Errorf("the stroke leans by %.2f", lean)
	}
}

// Paper without a digit is blank, however the light falls.
func TestPhotographOfPaper(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 400, 300))
	r := rand.New(rand.NewPCG(1, 2))
	for y := range 300 {
		for x := range 400 {
			img.SetGray(x, y, color.Gray{Y: uint8(235 - float64(x)/4 + 3*r.NormFloat64())})
		}
	}
	if pixels, err := mnist.FromImage(img); err == nil {
		t.Errorf("paper gives %v", pixels)
	}
}
