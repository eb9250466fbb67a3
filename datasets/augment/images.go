package augment

import (
	"math"
	"math/rand/v2"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// An image is an example seen as planes of height times width: its last two axes.
type image struct {
	x             []float32
	height, width int
}

// imageOf returns x as an image, or an error if its shape is none.
func imageOf(what string, x []float32, shape []int) (image, error) {
	n := len(shape)
	if n < 2 || shape[n-1] < 1 || shape[n-2] < 1 || len(x)%(shape[n-1]*shape[n-2]) != 0 {
		return image{}, errors.Errorf("augment: %s: examples must be images (..., height, width), got shape %v; Dataset.Shape tells that of flat ones", what, shape)
	}
	return image{x, shape[n-2], shape[n-1]}, nil
}

// planes calls f for each plane.
func (m image) planes(f func(plane []float32)) {
	size := m.height * m.width
	for at := 0; at < len(m.x); at += size {
		f(m.x[at : at+size])
	}
}

// A Flip mirrors images, left and right.
type Flip struct {
	P        float64 // the probability, in [0, 1]; 0 means 0.5
	Vertical bool    // up and down instead
}

// Apply implements [Transform].
func (f Flip) Apply(x []float32, shape []int, r *rand.Rand) error {
	m, err := imageOf("Flip", x, shape)
	if err != nil {
		return err
	}
	p := f.P
	if p == 0 {
		p = 0.5
	}
	if !(p > 0 && p <= 1) {
		return errors.Errorf("augment: Flip: P must be in [0, 1], got %v", f.P)
	}
	if r.Float64() >= p {
		return nil
	}
	w, h := m.width, m.height
	m.planes(func(plane []float32) {
		if f.Vertical {
			for row := range h / 2 {
				for col := range w {
					a, b := row*w+col, (h-1-row)*w+col
					plane[a], plane[b] = plane[b], plane[a]
				}
			}
			return
		}
		for row := range h {
			for col := range w / 2 {
				a, b := row*w+col, row*w+w-1-col
				plane[a], plane[b] = plane[b], plane[a]
			}
		}
	})
	return nil
}

// A Shift moves images by up to Max pixels along both axes, each distance as likely as any
// other: a random crop after padding by Max on all sides, as torchvision's RandomCrop with
// padding.
type Shift struct {
	Max  int     // not negative
	Fill float32 // what comes in at the edges
}

// Apply implements [Transform].
func (s Shift) Apply(x []float32, shape []int, r *rand.Rand) error {
	m, err := imageOf("Shift", x, shape)
	if err != nil {
		return err
	}
	if s.Max < 0 || s.Max > math.MaxInt32 {
		return errors.Errorf("augment: Shift: Max must be in [0, 2^31), got %d", s.Max)
	}
	down, right := r.IntN(2*s.Max+1)-s.Max, r.IntN(2*s.Max+1)-s.Max
	before := make([]float32, m.height*m.width)
	m.planes(func(plane []float32) {
		copy(before, plane)
		for row := range m.height {
			for col := range m.width {
				v := s.Fill
				if from, at := row-down, col-right; from >= 0 && from < m.height && at >= 0 && at < m.width {
					v = before[from*m.width+at]
				}
				plane[row*m.width+col] = v
			}
		}
	})
	return nil
}

// A Cutout fills a square of an image, in all channels, that lies around a pixel chosen at
// random and may reach over the edges (DeVries and Taylor, "Improved Regularization of
// Convolutional Neural Networks with Cutout", 2017).
type Cutout struct {
	Size int     // the side of the square in pixels, positive
	Fill float32 // the paper has the mean, 0 after standardization
}

// Apply implements [Transform].
func (c Cutout) Apply(x []float32, shape []int, r *rand.Rand) error {
	m, err := imageOf("Cutout", x, shape)
	if err != nil {
		return err
	}
	if c.Size < 1 {
		return errors.Errorf("augment: Cutout: Size must be positive, got %d", c.Size)
	}
	b := boxAround(r, m.height, m.width, float64(c.Size), float64(c.Size))
	m.planes(func(plane []float32) {
		for row := b.top; row < b.bottom; row++ {
			for col := b.left; col < b.right; col++ {
				plane[row*m.width+col] = c.Fill
			}
		}
	})
	return nil
}

// A box is a rectangle of an image.
type box struct{ top, bottom, left, right int }

// boxAround returns a box of the given size around a random pixel, as far as it lies within the image.
func boxAround(r *rand.Rand, height, width int, tall, wide float64) box {
	top, left := r.IntN(height)-int(tall/2), r.IntN(width)-int(wide/2)
	return box{max(top, 0), min(top+int(tall), height), max(left, 0), min(left+int(wide), width)}
}

// Noise adds normal noise to all values.
type Noise struct {
	SD float64 // the standard deviation; finite and not negative
}

// Apply implements [Transform].
func (n Noise) Apply(x []float32, _ []int, r *rand.Rand) error {
	if !(n.SD >= 0) || math.IsInf(n.SD, 1) {
		return errors.Errorf("augment: Noise: SD must be finite and not negative, got %v", n.SD)
	}
	for i := range x {
		x[i] += float32(n.SD * portable.Normal(r.Uint32()))
	}
	return nil
}
