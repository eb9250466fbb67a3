package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/training"
)

const (
	usualSide = 32 // to which images are scaled
	// Images that all have one size up to this keep it.
	ownSide = 64
	// peekedAt is the number of images whose size is looked at.
	peekedAt = 200
)

// loadFolder reads a folder: of images by class, of MNIST's files, or of texts.
func (s *settings) loadFolder() (*data, error) {
	for _, name := range []string{"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"} {
		if fileExists(filepath.Join(s.Data, name)) {
			return s.loadMNIST()
		}
	}
	pictures, err := filesIn(s.Data, datasets.IsImage)
	if err != nil {
		return nil, err
	}
	if len(pictures) == 0 {
		texts, err := filesIn(s.Data, isText)
		if err != nil {
			return nil, err
		}
		if len(texts) > 0 {
			return s.loadText(texts)
		}
	}
	if s.Size == 0 {
		s.Size = sizeOf(pictures)
	}
	if s.Size < 8 || s.Size > 256 || s.Size%4 != 0 {
		return nil, cmdline.Usagef("--size must be a multiple of 4 in [8, 256], got %d", s.Size)
	}
	images, err := datasets.ImageFolder{Height: s.Size, Width: s.Size}.Open(s.Data)
	if err != nil {
		return nil, cmdline.Usage(err)
	}
	if n := s.Size * s.Size; isGray(images.X, n) {
		// One channel says as much as three.
		one := make([]float32, 0, len(images.X)/3)
		for i := 0; i < len(images.X); i += 3 * n {
			one = append(one, images.X[i:i+n]...)
		}
		images.X, images.Shape = one, []int{1, s.Size, s.Size}
	}
	return s.pictures(images, "scaled to")
}

// loadMNIST reads the training images of MNIST's files.
func (s *settings) loadMNIST() (*data, error) {
	train, _, err := mnist.Open(s.Data)
	if err != nil {
		return nil, cmdline.Usage(err)
	}
	if s.Size != 0 && s.Size != train.Rows || train.Rows != train.Cols || train.Rows%4 != 0 {
		return nil, cmdline.Usagef("--size must be left out for images of %d by %d pixels in MNIST's files, got %d", train.Rows, train.Cols, s.Size)
	}
	s.Size = train.Rows
	all := make([]int, train.Len())
	for i := range all {
		all[i] = i
	}
	images := &datasets.Images{Examples: training.Examples{
		Shape: []int{1, train.Rows, train.Cols}, X: make([]float32, train.Len()*train.Rows*train.Cols), Y: make([]int, train.Len()),
	}}
	if err := train.Gather(all, images.X, images.Y); err != nil {
		return nil, err
	}
	for k := range 1 + slices.Max(images.Y) {
		images.Classes = append(images.Classes, fmt.Sprint(k))
	}
	for i := range all {
		images.Files = append(images.Files, fmt.Sprintf("training image %d", i))
	}
	return s.pictures(images, "of")
}

// pictures makes data of images, of which it takes at most as many as the settings say.
func (s *settings) pictures(images *datasets.Images, scaled string) (*data, error) {
	if s.Images < 1 {
		return nil, cmdline.Usagef("--images must be positive, got %d", s.Images)
	}
	found, note := images.Len(), ""
	if found > s.Images {
		var err error
		if images, err = fewer(images, s.Images, s.Seed); err != nil {
			return nil, err
		}
		note = fmt.Sprintf(" %s of them are used, as many of each class as it has a share of all; --images takes more.", thousands(images.Len()))
	}
	channels := "in colour"
	if images.Shape[0] == 1 {
		channels = "in grey"
	}
	d := &data{Subject: &compare.Images{Images: images}, rows: images.Len(), files: images.Files}
	d.notes = []string{fmt.Sprintf("%s: %s of %s (%s), %s %d by %d pixels, %s.%s", filepath.Base(s.Data), count(found, "image", "images"),
		count(len(images.Classes), "class", "classes"), names(images.Classes), scaled, s.Size, s.Size, channels, note)}
	h := sha256.New()
	for i, name := range images.Files {
		fmt.Fprintln(h, name, images.Y[i])
	}
	if err := binary.Write(h, binary.LittleEndian, images.X); err != nil {
		return nil, err
	}
	d.digest = hex.EncodeToString(h.Sum(nil))
	return d, nil
}

// fewer returns about n of the images, stratified by class.
func fewer(of *datasets.Images, n int, seed uint64) (*datasets.Images, error) {
	share := float64(n) / float64(of.Len())
	parts, err := datasets.Stratified(of.Y, seed, share, 1-share)
	if err != nil {
		return nil, err
	}
	size := len(of.X) / of.Len()
	images := &datasets.Images{Examples: training.Examples{Shape: of.Shape}, Classes: of.Classes}
	for _, i := range parts[0] {
		images.X = append(images.X, of.X[i*size:(i+1)*size]...)
		images.Y, images.Files = append(images.Y, of.Y[i]), append(images.Files, of.Files[i])
	}
	return images, nil
}

// sizeOf returns the size to which images are scaled: their own where it is small, and the
// same for all that are looked at.
func sizeOf(files []string) int {
	side := 0
	for i, path := range files {
		if len(files) > peekedAt && i%(len(files)/peekedAt) != 0 {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return usualSide
		}
		c, _, err := image.DecodeConfig(f)
		f.Close()
		if err != nil || c.Width != c.Height || c.Width%4 != 0 || c.Width < 8 || c.Width > ownSide || side != 0 && c.Width != side {
			return usualSide
		}
		side = c.Width
	}
	if side == 0 {
		return usualSide
	}
	return side
}

// isGray reports whether the three channels of all images, of n pixels each, are the same.
func isGray(x []float32, n int) bool {
	for i := 0; i < len(x); i += 3 * n {
		if !slices.Equal(x[i:i+n], x[i+n:i+2*n]) || !slices.Equal(x[i:i+n], x[i+2*n:i+3*n]) {
			return false
		}
	}
	return true
}

// gatherImages returns the images that paths name: files, and those in folders.
func gatherImages(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, cmdline.Usagef("%q must be an image or a folder of images: %v", path, errors.Cause(err))
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		in, err := filesIn(path, datasets.IsImage)
		if err != nil {
			return nil, err
		}
		if len(in) == 0 {
			return nil, cmdline.Usagef("%q must have images, got none", path)
		}
		files = append(files, in...)
	}
	return files, nil
}
