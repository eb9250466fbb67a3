package compare

import (
	"context"
	"image"
	"unicode/utf8"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/training"
)

// mnistSide is the height and width of the images of MNIST.
const mnistSide = 28

// Handwriting reports whether the network reads single characters in the form of MNIST's: of
// 28 by 28 pixels, light on dark.
func (f *Final) Handwriting() bool {
	if f.Picture == nil {
		return false
	}
	shape := f.Picture.Shape
	if len(shape) != 3 || shape[0] != 1 || shape[1] != mnistSide || shape[2] != mnistSide || f.Picture.Mean[0] >= 0.5 {
		return false
	}
	for _, name := range f.Names {
		if utf8.RuneCountInString(name) != 1 {
			return false
		}
	}
	return true
}

// Pixels returns what the network gets to see of an image, in [0, 1]: the image scaled or,
// of handwriting, the character found, scaled and centred as [mnist.FromImage] does.
func (f *Final) Pixels(img image.Image) ([]float32, error) {
	if f.Handwriting() {
		return mnist.FromImage(img)
	}
	shape := f.Picture.Shape
	return datasets.ImageFolder{Height: shape[1], Width: shape[2], Gray: shape[0] == 1}.Scale(img)
}

// PredictPixels returns the predictions for images, one after another, as Pixels returns
// them.
func (f *Final) PredictPixels(ctx context.Context, network *Network, pixels []float32) (*Predictions, error) {
	size := 1
	for _, n := range f.Picture.Shape {
		size *= n
	}
	n := len(pixels) / size
	// Which class it is is unknown; a data set has one.
	data := &training.Examples{Shape: f.Picture.Shape, X: pixels, Y: make([]int, n)}
	scale := &datasets.Standardization{Mean: f.Picture.Mean, Std: f.Picture.Std}
	return network.Predict(ctx, scale.Apply(data))
}
