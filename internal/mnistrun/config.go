// Package mnistrun trains one network on MNIST as a configuration says: what
// cmd/mnist does twice for each seed, and cmd/sweep once for each trial.
package mnistrun

import "github.com/pkg/errors"

// A Config says what is trained on what and how, all but the seed. Its tags are
// those of flags, with their defaults, and of JSON.
type Config struct {
	Train      int    `group:"Data" default:"5000" help:"Number of training images: a stratified subset, or 60000 for all." json:"train"`
	Data       string `group:"Data" help:"Directory with the four IDX files, gzipped or not, instead of the embedded ones." placeholder:"DIR" type:"existingdir" json:"data"`
	Validation int    `group:"Data" default:"0" help:"Report on a validation set of this many images, held out of the 60,000 and disjoint from the training images, instead of the test set." placeholder:"N" json:"validation"`

	Curve int `group:"Data" default:"2000" help:"Evaluate on this many images, held out of the 60,000, after each epoch; 0 is none." placeholder:"N" json:"curve"`

	Hidden []int   `group:"Network" default:"256,256" help:"Units of each hidden layer." json:"hidden"`
	P      float64 `group:"Network" short:"p" default:"0.1" help:"Drop probability of the hidden units." json:"p"`
	InputP float64 `group:"Network" default:"0.3" help:"Drop probability of the inputs." json:"input_p"`

	Submatrix bool `group:"Network" help:"Drop the same units in all images of a step and leave them out of the products: faster, with noisier steps; see docs/submatrix.md." json:"submatrix"`
	BatchNorm bool `group:"Network" help:"Normalize the sums of hidden units over the batch, with and without dropout." json:"batch_norm"`

	Epochs         int     `group:"Training" default:"40" help:"Passes over the training images, with dropout." json:"epochs"`
	Batch          int     `group:"Training" default:"100" help:"Images in a step." json:"batch"`
	DropLast       bool    `group:"Training" help:"Leave out the last step of an epoch where it would have fewer images: batch normalization needs more than one." json:"drop_last,omitempty"`
	LR             float64 `group:"Training" name:"lr" default:"0.1" help:"Learning rate with dropout." json:"lr"`
	Schedule       string  `group:"Training" enum:"constant,cosine,step,exponential,inverse" default:"cosine" help:"How the learning rate falls: ${enum}." json:"schedule"`
	Warmup         int     `group:"Training" default:"0" help:"Steps in which the learning rate climbs to where the schedule starts." placeholder:"STEPS" json:"warmup"`
	Momentum       float64 `group:"Training" default:"0.9" help:"Momentum of SGD." json:"momentum"`
	Nesterov       bool    `group:"Training" help:"Use Nesterov's momentum." json:"nesterov"`
	ClipNorm       float64 `group:"Training" default:"0" help:"Largest L2 norm of all gradients of a step together; 0 is no limit." placeholder:"C" json:"clip_norm"`
	MaxNorm        float64 `group:"Training" default:"0" help:"Largest L2 norm of a unit's incoming weights; 0 is no limit." placeholder:"C" json:"max_norm"`
	WeightDecay    float64 `group:"Training" default:"0" help:"L2 penalty." placeholder:"W" json:"weight_decay"`
	LabelSmoothing float64 `group:"Training" default:"0" help:"Share of a label's probability that is spread evenly over all digits." placeholder:"S" json:"label_smoothing"`
	EarlyStopping  int     `group:"Training" default:"0" help:"Stop when the error on 1/6 of the training images, held out, has not fallen for this many epochs; 0 is never." placeholder:"EPOCHS" json:"early_stopping"`
}

// Check returns an error that begins with the name of the flag whose value is
// wrong. What the packages check themselves is left to them.
func (c *Config) Check() error {
	for _, f := range []struct {
		name     string
		value    int
		min, max int
	}{
		{"train", c.Train, 10, 60000}, {"validation", c.Validation, 0, 59990}, {"curve", c.Curve, 0, 59990},
		{"epochs", c.Epochs, 1, 1 << 20}, {"batch", c.Batch, 1, 60000}, {"early-stopping", c.EarlyStopping, 0, 1 << 20},
		{"warmup", c.Warmup, 0, 1 << 20},
	} {
		if err := InRange(f.name, f.value, f.min, f.max); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"p", c.P}, {"input-p", c.InputP}, {"label-smoothing", c.LabelSmoothing}} {
		if !(f.value >= 0 && f.value <= 1) {
			return errors.Errorf("%s must be in [0, 1], got %v", f.name, f.value)
		}
	}
	for _, n := range c.Hidden {
		if err := InRange("hidden", n, 1, 1<<16); err != nil {
			return err
		}
	}
	if c.Train+c.Validation > 60000 {
		return errors.Errorf("train and validation must be at most 60000 together, got %d", c.Train+c.Validation)
	}
	return nil
}

// InRange returns an error that begins with name unless low <= value <= high.
func InRange(name string, value, low, high int) error {
	if value < low || value > high {
		return errors.Errorf("%s must be in [%d, %d], got %d", name, low, high, value)
	}
	return nil
}
