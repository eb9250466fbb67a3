// Package mnistrun trains a network on MNIST as a configuration says: cmd/mnist
// does so twice for each seed, cmd/sweep once for each trial.
package mnistrun

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// A Config says what is trained, on what and how, except for the seed. Its tags
// are those of flags with their defaults, and of JSON.
type Config struct {
	Train      int    `group:"Data" default:"5000" help:"Number of training images: a stratified subset, or 60000 for all." json:"train" label:"training images"`
	Data       string `group:"Data" help:"Directory with the four IDX files, gzipped or not, instead of the embedded ones." placeholder:"DIR" type:"existingdir" json:"data" label:"data directory"`
	Validation int    `group:"Data" default:"0" help:"Report on a validation set of this many images, held out of the 60,000 and disjoint from the training images, instead of the test set." placeholder:"N" json:"validation" label:"validation images"`

	Curve int `group:"Data" default:"2000" help:"Evaluate on this many images, held out of the 60,000, after each epoch; 0 for none." placeholder:"N" json:"curve" label:"images for the curves"`

	Network

	Epochs         int     `group:"Training" default:"40" help:"Passes over the training images, with dropout." json:"epochs"`
	Batch          int     `group:"Training" default:"100" help:"Images in a step." json:"batch" label:"batch size"`
	DropLast       bool    `group:"Training" help:"Leave out the last step of an epoch if it would have fewer images: batch normalization needs more than one." json:"drop_last,omitempty" label:"last batch dropped"`
	LR             float64 `group:"Training" name:"lr" default:"0.1" help:"Learning rate with dropout." json:"lr" label:"learning rate"`
	Schedule       string  `group:"Training" enum:"constant,cosine,step,exponential,inverse" default:"cosine" help:"How the learning rate falls: ${enum}." json:"schedule"`
	Warmup         int     `group:"Training" default:"0" help:"Steps in which the learning rate rises to the start of the schedule." placeholder:"STEPS" json:"warmup" label:"warm-up steps"`
	Momentum       float64 `group:"Training" default:"0.9" help:"Momentum of SGD." json:"momentum"`
	Nesterov       bool    `group:"Training" help:"Use Nesterov's momentum." json:"nesterov" label:"Nesterov's momentum"`
	ClipNorm       float64 `group:"Training" default:"0" help:"Largest L2 norm of all gradients of a step together; 0 for no limit." placeholder:"C" json:"clip_norm"`
	MaxNorm        float64 `group:"Training" default:"0" help:"Largest L2 norm of a unit's incoming weights; 0 for no limit." placeholder:"C" json:"max_norm" label:"max-norm"`
	WeightDecay    float64 `group:"Training" default:"0" help:"L2 penalty." placeholder:"W" json:"weight_decay"`
	LabelSmoothing float64 `group:"Training" default:"0" help:"Share of a label's probability that is spread evenly over all digits." placeholder:"S" json:"label_smoothing"`
	RDrop          float64 `group:"Training" name:"r-drop" default:"0" help:"With dropout, weight of the divergence between two passes of each image with different masks; 0 for one pass. Doubles the time." placeholder:"ALPHA" json:"r_drop,omitempty" label:"R-Drop"`
	EarlyStopping  int     `group:"Training" default:"0" help:"Stop when the error on 1/6 of the training images, held out, has not fallen for this many epochs; 0 for never." placeholder:"EPOCHS" json:"early_stopping" label:"early stopping, epochs"`
}

// A Network says what is trained, as a part of [Config] and of every command
// that only builds the network.
type Network struct {
	Hidden []int   `group:"Network" default:"256,256" help:"Units of each hidden layer." json:"hidden" label:"hidden units"`
	P      float64 `group:"Network" short:"p" default:"0.1" help:"Drop probability of the hidden units." json:"p" label:"p of the hidden units"`
	InputP float64 `group:"Network" default:"0.3" help:"Drop probability of the inputs." json:"input_p" label:"p of the inputs"`

	Submatrix bool `group:"Network" help:"Drop the same units in all images of a step and leave them out of the products: faster, with noisier steps; see docs/submatrix.md." json:"submatrix"`
	BatchNorm bool `group:"Network" help:"Normalize the sums of hidden units over the batch, with and without dropout." json:"batch_norm" label:"batch normalization"`
}

// classes is the number of digits, and so the smallest set that can have all of
// them.
const classes = 10

// Check returns an error that begins with the name of the flag whose value is
// wrong. A configuration that passes can be trained, if there are enough
// images. The packages check the same, but only after data are loaded.
func (c *Config) Check() error {
	if err := c.checkData(); err != nil {
		return err
	}
	if err := c.CheckNetwork(); err != nil {
		return err
	}
	return c.checkTraining()
}

func (c *Config) checkData() error {
	if err := InRange("train", c.Train, classes, 60000); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"validation", c.Validation}, {"curve", c.Curve}} {
		if f.value != 0 && (f.value < classes || f.value > 60000-classes) {
			return errors.Errorf("%s must be 0 or in [%d, %d], got %d", f.name, classes, 60000-classes, f.value)
		}
	}
	if c.Train+c.Validation > 60000 {
		return errors.Errorf("train and validation must be at most 60000 together, got %d", c.Train+c.Validation)
	}
	return nil
}

// CheckNetwork does what [Config.Check] does, for the network only.
func (c *Network) CheckNetwork() error {
	for _, n := range c.Hidden {
		if err := InRange("hidden", n, 1, 1<<16); err != nil {
			return err
		}
	}
	if err := InUnit("p", c.P); err != nil {
		return err
	}
	return InUnit("input-p", c.InputP)
}

func (c *Config) checkTraining() error {
	for _, f := range []struct {
		name     string
		value    int
		min, max int
	}{
		{"epochs", c.Epochs, 1, 1 << 20}, {"batch", c.Batch, 1, 60000}, {"early-stopping", c.EarlyStopping, 0, 1 << 20}, {"warmup", c.Warmup, 0, 1 << 20},
	} {
		if err := InRange(f.name, f.value, f.min, f.max); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"lr", c.LR}, {"clip-norm", c.ClipNorm}, {"max-norm", c.MaxNorm}, {"weight-decay", c.WeightDecay}, {"r-drop", c.RDrop},
	} {
		if err := NotNegative(f.name, f.value); err != nil {
			return err
		}
	}
	if err := InUnit("label-smoothing", c.LabelSmoothing); err != nil {
		return err
	}
	if !(c.Momentum >= 0 && c.Momentum < 1) {
		return errors.Errorf("momentum must be in [0, 1), got %v", c.Momentum)
	}
	if c.Nesterov && c.Momentum == 0 {
		return errors.New("momentum must be above 0 with nesterov, got 0")
	}
	if c.RDrop > 0 && c.Submatrix {
		return errors.Errorf("r-drop must be 0 with submatrix, whose masks both passes would share, got %v", c.RDrop)
	}
	if !slices.Contains(Schedules(), c.Schedule) {
		return errors.Errorf("schedule must be one of %s, got %.80q", strings.Join(Schedules(), ", "), c.Schedule)
	}
	train := c.Train
	if c.EarlyStopping > 0 {
		held := train / heldOut
		if held < classes {
			return errors.Errorf("train must be at least %d with early-stopping, which holds 1/%d out, got %d", heldOut*classes, heldOut, c.Train)
		}
		train -= held
	}
	if c.DropLast && c.Batch > train {
		return errors.Errorf("batch must be at most %d with drop-last, the number of images to train on, got %d", train, c.Batch)
	}
	return nil
}

// Schedules returns the names of learning rate schedules that the flag accepts.
func Schedules() []string {
	f, _ := reflect.TypeFor[Config]().FieldByName("Schedule")
	return strings.Split(f.Tag.Get("enum"), ",")
}

// InUnit returns an error that begins with name unless value is in [0, 1].
func InUnit(name string, value float64) error {
	if !(value >= 0 && value <= 1) {
		return errors.Errorf("%s must be in [0, 1], got %v", name, value)
	}
	return nil
}

// NotNegative returns an error that begins with name unless value is finite and not
// negative.
func NotNegative(name string, value float64) error {
	if !(value >= 0) || math.IsInf(value, 1) {
		return errors.Errorf("%s must be finite and not negative, got %v", name, value)
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
