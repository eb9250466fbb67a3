package mnist_test

import (
	"bytes"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/gorgonia-dropout/dropout/mnist"
)

// Four images of 1 x 2 pixels in two IDX files, and their labels.
var (
	images = []byte{0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 0, 255, 102, 0, 0}
	labels = []byte{0, 0, 8, 1, 0, 0, 0, 4, 5, 0, 5, 0}
)

func ExampleRead() {
	set, err := mnist.Read(bytes.NewReader(images), bytes.NewReader(labels))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Len(), set.InputShape(), set.Counts())

	// A damaged file says what is wrong with it.
	_, err = mnist.Read(bytes.NewReader(images[:20]), bytes.NewReader(labels))
	fmt.Println(err)
	// Output:
	// 4 [2] [2 0 0 0 0 2 0 0 0 0]
	// mnist: Read: images: must have 4 x 1 x 2 = 8 values, got 4: file truncated
}

// Data sets with another number of classes say so.
func ExampleClasses() {
	_, err := mnist.Read(bytes.NewReader(images), bytes.NewReader(labels), mnist.Classes(5))
	fmt.Println(err)

	letters, err := mnist.Read(bytes.NewReader(images), bytes.NewReader(labels), mnist.Classes(27))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(letters.Classes)
	// Output:
	// mnist: Read: labels: label of example 0 must be in [0, 4], got 5
	// 27
}

func ExampleOpenFS() {
	_, _, err := mnist.OpenFS(fstest.MapFS{
		"train-images-idx3-ubyte": {Data: images},
		"train-labels-idx1-ubyte": {Data: labels},
		"t10k-images-idx3-ubyte":  {Data: images},
	})
	fmt.Println(err)
	// Output:
	// mnist: OpenFS: must have 4 files, each plain or with .gz, found no t10k-labels-idx1-ubyte: file does not exist
}

func ExampleSet_Gather() {
	set, err := mnist.Read(bytes.NewReader(images), bytes.NewReader(labels))
	if err != nil {
		log.Fatal(err)
	}
	// The buffers of a batch are made once and filled again and again.
	x, y := make([]float32, 2*2), make([]int, 2)
	if err := set.Gather([]int{1, 0}, x, y); err != nil {
		log.Fatal(err)
	}
	fmt.Println(x, y)
	// Output:
	// [0.2 0 0 1] [0 5]
}

func ExampleSet_Slice() {
	set, err := mnist.Read(bytes.NewReader(images), bytes.NewReader(labels))
	if err != nil {
		log.Fatal(err)
	}
	last, err := set.Slice(2, 4)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(last.Len(), last.Pixels, last.Labels)
	// Output:
	// 2 [255 102 0 0] [5 0]
}

func ExampleSet_Stratified() {
	set, err := mnist.Read(bytes.NewReader(images), bytes.NewReader(labels))
	if err != nil {
		log.Fatal(err)
	}
	const seed = 1
	training, validation, err := set.Stratified(2, seed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(training.Counts(), validation.Counts())
	// Output:
	// [1 0 0 0 0 1 0 0 0 0] [1 0 0 0 0 1 0 0 0 0]
}
