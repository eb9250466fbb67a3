package mnist_test

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist"
)

// stroke draws a filled rectangle of ink on paper.
func stroke(width, height int, ink, paper color.Color, r image.Rectangle) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := paper
			if (image.Point{X: x, Y: y}).In(r) {
				c = ink
			}
			img.Set(x, y, c)
		}
	}
	return img
}

// A stroke is centred and 20 pixels high whatever its ink, size and place.
func TestFromImage(t *testing.T) {
	for name, img := range map[string]image.Image{
		"dark on light":  stroke(200, 300, color.Black, color.White, image.Rect(20, 40, 50, 140)),
		"light on dark":  stroke(60, 60, color.White, color.Black, image.Rect(40, 5, 52, 45)),
		"on transparent": stroke(90, 90, color.Black, color.Transparent, image.Rect(10, 10, 28, 70)),
		"off the origin": stroke(200, 300, color.Black, color.White, image.Rect(20, 40, 50, 140)).SubImage(image.Rect(10, 20, 100, 200)),
	} {
		pixels, err := mnist.FromImage(img)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var mass, mx, my float64
		top, bottom := 28, -1
		for i, v := range pixels {
			if v < 0 || v > 1 {
				t.Fatalf("%s: pixel %d is %v", name, i, v)
			}
			x, y := float64(i%28), float64(i/28)
			mass, mx, my = mass+float64(v), mx+x*float64(v), my+y*float64(v)
			if v > 0.5 {
				top, bottom = min(top, i/28), max(bottom, i/28)
			}
		}
		if bottom-top+1 != 20 || math.Abs(mx/mass-13.5) > 0.51 || math.Abs(my/mass-13.5) > 0.51 {
			t.Errorf("%s: rows %d to %d, centre (%.2f, %.2f), want 20 rows around 13.5", name, top, bottom, mx/mass, my/mass)
		}
	}
}

// What is MNIST's already stays as it is.
func TestFromImageOfMNIST(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 28, 28))
	g.Pix[5*28+9], g.Pix[6*28+9] = 200, 51
	pixels, err := mnist.FromImage(g)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range pixels {
		if want := float32(g.Pix[i]) / 255; v != want {
			t.Errorf("pixel %d is %v, want %v", i, v, want)
		}
	}
}

func TestFromImageRejects(t *testing.T) {
	for _, img := range []image.Image{
		image.NewGray(image.Rect(0, 0, 28, 28)),
		stroke(50, 50, color.White, color.White, image.Rect(0, 0, 9, 9)),
		stroke(50, 50, color.Gray{Y: 250}, color.White, image.Rect(10, 10, 19, 19)),
		image.NewGray(image.Rect(0, 0, 0, 0)),
	} {
		if _, err := mnist.FromImage(img); err == nil || !strings.HasPrefix(err.Error(), "mnist: FromImage: image must ") {
			t.Errorf("want an error, got %v", err)
		}
	}
}
