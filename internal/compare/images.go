package compare

import (
	"slices"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Images are images of classes, as a subject. InputP of their settings is the drop
// probability of whole channels.
type Images struct{ *datasets.Images }

// A Picture is what it takes to make an example of an image.
type Picture struct {
	Shape []int     `json:"shape"` // channels, height and width
	Mean  []float32 `json:"mean"`  // of each channel
	Std   []float32 `json:"std"`
}

// Kind implements [Subject].
func (i *Images) Kind() Kind { return Classes }

// Outputs implements [Subject].
func (i *Images) Outputs() int { return len(i.Classes) }

// Names implements [Subject].
func (i *Images) Names() []string { return i.Classes }

// Space implements [Subject].
func (i *Images) Space() Space {
	return Space{
		First:  Settings{Hidden: []int{64}, LR: 0.002, WeightDecay: 0.01, HiddenP: 0.3},
		Hidden: [][]int{{32}, {64}, {64}, {128}}, LR: [2]float64{0.0005, 0.006}, WeightDecay: [2]float64{0.0001, 0.5},
		InputP: [2]float64{0.02, 0.25}, HiddenP: [2]float64{0.1, 0.6}, LinearLR: 0.0005,
	}
}

// Length implements [Subject].
func (i *Images) Length(n int) Length { return lengthFor(n, 400, 40) }

// imageFolds is the number of folds of images and text, which take long to learn from.
const imageFolds = 3

// Splits implements [Subject].
func (i *Images) Splits(s Splitting) ([]Split, error) {
	if s.Folds == 0 {
		s.Folds = imageFolds
	}
	s.Repeats = max(1, s.Repeats)
	all := indices(i.Len())
	// Copies of a file are in one part.
	number := make(map[string]int)
	blocks := make([]int, i.Len())
	size := len(i.X) / i.Len()
	for k := range blocks {
		pixels := make([]byte, size)
		for j, v := range i.X[k*size : (k+1)*size] {
			pixels[j] = byte(255*v + 0.5)
		}
		b, ok := number[string(pixels)]
		if !ok {
			b = len(number)
			number[string(pixels)] = b
		}
		blocks[k] = b
	}
	return s.byBlock(all, blocks, i.Y)
}

// Part implements [Subject]: channels are standardized by the training part.
func (i *Images) Part(s Split) (*Part, error) {
	part := func(rows []int) (training.Dataset, error) { return datasets.Subset(i.Images, rows) }
	train, err := part(s.Train)
	if err != nil {
		return nil, err
	}
	scale, err := datasets.FitChannels(train)
	if err != nil {
		return nil, err
	}
	p := &Part{Input: slices.Clone(i.Shape), Train: scale.Apply(train), Fitted: &Picture{i.Shape, scale.Mean, scale.Std}}
	validation, err := part(s.Validation)
	if err != nil {
		return nil, err
	}
	p.Validation = scale.Apply(validation)
	if len(s.Test) > 0 {
		test, err := part(s.Test)
		if err != nil {
			return nil, err
		}
		p.Test = scale.Apply(test)
	}
	return p, nil
}

// Sketch implements [Subject].
func (i *Images) Sketch(s Split) (*Part, int64, error) {
	p, err := i.Part(s)
	return p, 0, err
}

// Network implements [Subject].
func (i *Images) Network(s Settings, _ *Part) models.Layer {
	return Convolutional(len(i.Classes), s)
}

// channels are those of the convolutions.
var channels = []int{16, 32}

// Convolutional returns the network for images.
func Convolutional(outputs int, s Settings) models.Layer {
	if len(s.Hidden) == 0 {
		return models.Sequential{models.Flatten(), models.Linear(0, outputs)}
	}
	return models.ConvNet{Channels: channels, Hidden: s.Hidden, Outputs: outputs, ChannelDropout: s.InputP, HiddenDropout: s.HiddenP}
}
