package main

import "github.com/pkg/errors"

// settings are the flags that say what is trained and how.
type settings struct {
	Train      int    `group:"Data" default:"5000" help:"Number of training images: a stratified subset, or 60000 for all." json:"train"`
	Data       string `group:"Data" help:"Directory with the four IDX files, gzipped or not, instead of the embedded ones." placeholder:"DIR" type:"existingdir" json:"data"`
	Validation int    `group:"Data" default:"0" help:"Report on a validation set of this many images, held out of the 60,000 and disjoint from the training images, instead of the test set." placeholder:"N" json:"validation"`

	Curve int `group:"Data" default:"2000" help:"Evaluate on this many images, held out of the 60,000, after each epoch; 0 is none." placeholder:"N" json:"curve"`

	Hidden []int   `group:"Network" default:"256,256" help:"Units of each hidden layer." json:"hidden"`
	P      float64 `group:"Network" short:"p" default:"0.1" help:"Drop probability of the hidden units." json:"p"`
	InputP float64 `group:"Network" default:"0.3" help:"Drop probability of the inputs." json:"input_p"`

	Epochs        int     `group:"Training" default:"40" help:"Passes over the training images, with dropout." json:"epochs"`
	PlainEpochs   int     `group:"Training" default:"40" help:"The same without dropout." json:"plain_epochs"`
	Batch         int     `group:"Training" default:"100" help:"Images in a step." json:"batch"`
	LR            float64 `group:"Training" name:"lr" default:"0.1" help:"Learning rate with dropout." json:"lr"`
	PlainLR       float64 `group:"Training" name:"plain-lr" default:"0.2" help:"Learning rate without dropout." json:"plain_lr"`
	Schedule      string  `group:"Training" enum:"constant,cosine,step,exponential,inverse" default:"cosine" help:"How the learning rate falls: ${enum}." json:"schedule"`
	Momentum      float64 `group:"Training" default:"0.9" help:"Momentum of SGD." json:"momentum"`
	Nesterov      bool    `group:"Training" help:"Use Nesterov's momentum." json:"nesterov"`
	MaxNorm       float64 `group:"Training" default:"0" help:"Largest L2 norm of a unit's incoming weights; 0 is no limit." placeholder:"C" json:"max_norm"`
	WeightDecay   float64 `group:"Training" default:"0" help:"L2 penalty." placeholder:"W" json:"weight_decay"`
	EarlyStopping int     `group:"Training" default:"0" help:"Stop when the error on 1/6 of the training images, held out, has not fallen for this many epochs; 0 is never." placeholder:"EPOCHS" json:"early_stopping"`

	Seeds   int    `group:"Experiment" default:"3" help:"Number of seeds: each arm is trained once with each." json:"seeds"`
	Seed    uint64 `group:"Experiment" default:"1" help:"The first seed." json:"seed"`
	Workers int    `group:"Experiment" default:"2" help:"Runs at a time." json:"-"`
	Out     string `group:"Experiment" help:"New directory to keep the run in: records, checkpoints, report." placeholder:"DIR" type:"path" json:"-"`
}

// Validate is called by kong. What the packages check themselves is left to
// them.
func (c *settings) Validate() error {
	for _, f := range []struct {
		name     string
		value    int
		min, max int
	}{
		{"train", c.Train, 10, 60000}, {"validation", c.Validation, 0, 59990}, {"curve", c.Curve, 0, 59990}, {"epochs", c.Epochs, 1, 1 << 20},
		{"plain-epochs", c.PlainEpochs, 1, 1 << 20}, {"batch", c.Batch, 1, 60000}, {"seeds", c.Seeds, 1, 1000},
		{"workers", c.Workers, 1, 64}, {"early-stopping", c.EarlyStopping, 0, 1 << 20},
	} {
		if f.value < f.min || f.value > f.max {
			return errors.Errorf("--%s must be in [%d, %d], got %d", f.name, f.min, f.max, f.value)
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"p", c.P}, {"input-p", c.InputP}} {
		if !(f.value >= 0 && f.value <= 1) {
			return errors.Errorf("--%s must be in [0, 1], got %v", f.name, f.value)
		}
	}
	for _, n := range c.Hidden {
		if n < 1 || n > 1<<16 {
			return errors.Errorf("--hidden must be in [1, %d], got %d", 1<<16, n)
		}
	}
	if c.Train+c.Validation > 60000 {
		return errors.Errorf("--train and --validation must be at most 60000 together, got %d", c.Train+c.Validation)
	}
	return nil
}
