package mnistrun

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist"
)

// The parts that are taken from a set have the sizes asked for, and no image is in
// two of them.
func TestSplit(t *testing.T) {
	train, test := tiny()
	// Each image says which it is.
	for i := range train.Len() {
		train.Pixels[9*i], train.Pixels[9*i+1] = uint8(i), 255
	}
	ids := func(s *mnist.Set) (all []uint8) {
		for i := range s.Len() {
			all = append(all, s.Pixels[9*i])
		}
		return all
	}
	c := Config{Train: 60, Validation: 30, Curve: 20}
	s, err := c.Split(train, test)
	if err != nil {
		t.Fatal(err)
	}
	if s.Test.Len() != 30 || s.Curve.Len() != 20 || s.Train.Len() != 70 {
		t.Errorf("got %d, %d and %d images, want 70, 20 and 30", s.Train.Len(), s.Curve.Len(), s.Test.Len())
	}
	all := slices.Concat(ids(s.Train), ids(s.Curve), ids(s.Test))
	slices.Sort(all)
	if len(slices.Compact(all)) != 120 {
		t.Errorf("%d images are in one part each, want all 120", len(slices.Compact(all)))
	}
	again, err := c.Split(train, test)
	if err != nil || !slices.Equal(ids(again.Test), ids(s.Test)) {
		t.Errorf("another split takes other images: %v", err)
	}
	// A curve that there are no images for is none.
	c = Config{Train: 115, Curve: 20}
	if s, err = c.Split(train, test); err != nil || s.Curve != nil || s.Test != test || s.Train != train {
		t.Errorf("got %+v, %v", s, err)
	}
	c = Config{Train: 100, Validation: 30}
	if _, err = c.Split(train, test); err == nil || !strings.Contains(err.Error(), "train must be at most 90, the number of images, got 100") {
		t.Errorf("got %v", err)
	}
	c = Config{Train: 10, Validation: 500}
	if _, err = c.Split(train, test); err == nil {
		t.Error("a validation set larger than all must be an error")
	}
}

// The embedded sets are there, and a directory without the files is an error.
func TestLoad(t *testing.T) {
	s, err := (&Config{Train: 100, Validation: 1000, Curve: 500}).Load()
	if err != nil {
		t.Fatal(err)
	}
	if s.Train.Len() != 58500 || s.Curve.Len() != 500 || s.Test.Len() != 1000 {
		t.Errorf("got %d, %d and %d images", s.Train.Len(), s.Curve.Len(), s.Test.Len())
	}
	if _, err := (&Config{Train: 100, Data: t.TempDir()}).Load(); err == nil || !strings.Contains(err.Error(), "mnist: Open") {
		t.Errorf("got %v", err)
	}
}

// A trainer holds what its configuration says; early stopping takes its images from
// those to train on.
func TestTrainer(t *testing.T) {
	train, test := tiny()
	s := &Sets{Train: train, Test: test}
	c := Config{Train: 60, Network: Network{Hidden: []int{4}, P: 0.5}, Epochs: 2, Batch: 20, LR: 0.1, Schedule: "constant", Momentum: 0.5}
	tr, data, err := c.Trainer(s, 7)
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 60 || data.Validation != nil || data.Test != test || tr.Seed != 7 || len(tr.Callbacks) != 0 {
		t.Errorf("got %d images, validation %v and trainer %+v", data.Train.Len(), data.Validation, tr)
	}
	h, err := tr.Fit(context.Background(), data)
	if err != nil || h.Steps != 6 || h.Epochs[1].LR == nil || *h.Epochs[1].LR != 0.1 {
		t.Errorf("got %+v, %v", h, err)
	}
	c.LabelSmoothing = 1 // nothing to learn: the loss stays at that of equal probabilities, or above
	tr, data, err = c.Trainer(s, 7)
	if err != nil {
		t.Fatal(err)
	}
	smooth, err := tr.Fit(context.Background(), data)
	if err != nil || smooth.Epochs[1].Loss < math.Log(float64(train.Classes)) || smooth.Epochs[1].Loss == h.Epochs[1].Loss {
		t.Errorf("label smoothing: got a loss of %v, %v", smooth.Epochs[1].Loss, err)
	}
	c.LabelSmoothing, c.EarlyStopping = 0, 1
	s.Curve = test
	tr, data, err = c.Trainer(s, 7)
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 50 || data.Validation.Len() != 10 || len(tr.Callbacks) != 1 {
		t.Errorf("early stopping: got %d images and %d to stop by", data.Train.Len(), data.Validation.Len())
	}
	for _, bad := range []func(*Config){
		func(c *Config) { c.Train = 500 }, func(c *Config) { c.P = 2 },
	} {
		c := c
		bad(&c)
		if _, _, err := c.Trainer(s, 7); err == nil {
			t.Errorf("%+v: want an error", c)
		}
	}
}

// Images that the network and the figures are not made for are refused when they are
// read.
func TestOpenOtherImages(t *testing.T) {
	dir := t.TempDir()
	for _, part := range []string{"train", "t10k"} {
		images := []byte{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}
		labels := []byte{0, 0, 8, 1, 0, 0, 0, 1, 7}
		for name, data := range map[string][]byte{"-images-idx3-ubyte": images, "-labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(dir, part+name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := Open(dir); err == nil || err.Error() != dir+": images must be 28 by 28 pixels, got 2 by 3" {
		t.Errorf("got %v", err)
	}
}
