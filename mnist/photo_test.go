package mnist_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/photograph"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
)

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

// A photograph of an image of MNIST gives that image back, nearly, whatever it was
// taken of and in which light.
func TestPhotograph(t *testing.T) {
	blue, pencil := color.RGBA{40, 60, 150, 255}, color.RGBA{140, 138, 135, 255}
	all := digits(t)
	for i, tt := range []struct {
		name        string
		scene       photograph.Scene
		mean, least float64
	}{
		{"fading light", photograph.Scene{Noise: 4, Fading: 0.6, Table: true}, 0.76, 0.6},
		{"edge of a shadow", photograph.Scene{Noise: 4, Fading: 0.2, Shadow: 0.5}, 0.78, 0.58},
		{"exercise book, blue ink", photograph.Scene{Noise: 3, Lined: true, Ink: blue}, 0.8, 0.6},
		{"exercise book, pencil", photograph.Scene{Noise: 3, Lined: true, Ink: color.RGBA{110, 108, 105, 255}}, 0.8, 0.6},
		{"faint pencil", photograph.Scene{Noise: 4, Fading: 0.3, Ink: pencil}, 0.8, 0.6},
		{"slanted", photograph.Scene{Noise: 3, Tilt: 0.35, Turn: 0.1}, 0.68, 0.5}, // the digit is turned in it too
		{"everything", photograph.Scene{Noise: 5, Fading: 0.3, Shadow: 0.4, Lined: true, Table: true, Tilt: 0.25, Turn: -0.12, Ink: blue}, 0.66, 0.42},
	} {
		t.Run(tt.name, func(t *testing.T) {
			total, least := 0.0, 1.0
			const each = 6
			for k := range each {
				digit := all[(each*i+k)%len(all)]
				scene := tt.scene
				scene.Seed = uint64(k)
				scene.Digits = []photograph.Digit{{Pixels: digit, X: 190, Y: 150, Size: 130}}
				if k%2 == 1 { // close to the corner
					scene.Digits = []photograph.Digit{{Pixels: digit, X: 66, Y: 62, Size: 110}}
				}
				pixels, err := mnist.FromImage(scene.Take())
				if err != nil {
					t.Fatal(err)
				}
				like := alike(pixels, digit)
				total, least = total+like/each, min(least, like)
			}
			if total < tt.mean || least < tt.least {
				t.Errorf("photographs are alike to %.3f on average, %.3f at least", total, least)
			}
		})
	}
}

// More than one digit is not taken for one, nor for the larger of them, even where
// they are written as one number.
func TestPhotographOfSeveral(t *testing.T) {
	all := digits(t)
	for i, apart := range []float64{0.8, 1, 1.4} {
		a, b := all[i], all[(7*i+3)%len(all)]
		scene := photograph.Scene{Noise: 3, Fading: 0.3, Digits: []photograph.Digit{
			{Pixels: a, X: 130, Y: 140, Size: 110}, {Pixels: b, X: 130 + apart*110, Y: 150, Size: 110},
		}}
		if _, err := mnist.FromImage(scene.Take()); err == nil || err.Error() != "mnist: FromImage: image must show one digit, got 2 pieces of ink of about that size" {
			t.Errorf("%v apart: got %v", apart, err)
		}
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

// Paper without a digit is blank, however the light falls, and its specks are no
// digits.
func TestPhotographOfPaper(t *testing.T) {
	for _, scene := range []photograph.Scene{{Noise: 3, Fading: 0.4}, {Noise: 3, Shadow: 0.5, Seed: 1}} {
		if pixels, err := mnist.FromImage(scene.Take()); err == nil || err.Error() != "mnist: FromImage: image must show a digit, got a blank one" {
			t.Errorf("paper gives %v, %v", pixels, err)
		}
	}
}
