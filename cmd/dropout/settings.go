package main

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// settings are what a run is made of; its directory keeps them.
type settings struct {
	Data       string            `arg:"" optional:"" json:"data" help:"Table (CSV or TSV, also .gz), folder with a folder of images for each class or with the files of MNIST, or text or folder of texts."`
	Target     []string          `json:"target,omitempty" short:"t" sep:"," help:"Column to predict; several for several numbers or labels."`
	Task       string            `json:"task,omitempty" enum:",classes,numbers,labels" default:"" help:"What the target has: classes, numbers or labels (several that are yes or no). Recognized by default."`
	Group      string            `json:"group,omitempty" help:"Column of what belongs together, such as a patient: never in two parts of a split."`
	Order      string            `json:"order,omitempty" help:"Column of time: tests follow what is learned from."`
	Column     map[string]string `json:"column,omitempty" help:"Use of a column, such as zip=category: number, category, embedding, boolean, date or out." placeholder:"NAME=USE"`
	Header     string            `json:"header,omitempty" enum:",yes,no" default:"" help:"Whether the first line has the names of the columns: yes or no. Recognized by default."`
	Comma      string            `json:"comma,omitempty" help:"What is between the columns, such as ';' or tab. Recognized by default." placeholder:"CHAR"`
	Size       int               `json:"size" default:"0" help:"Height and width to which images are scaled; 0: their own if they are small and alike, otherwise 32."`
	Images     int               `json:"images" default:"5000" help:"Images that are used, at most."`
	Characters int               `json:"characters" default:"200000" help:"Characters of a text that are used, at most."`
	Folds      int               `json:"folds,omitempty" default:"0" help:"Folds of the cross-validation; 0: five."`
	Repeats    int               `json:"repeats,omitempty" default:"0" help:"How often it is repeated with other folds; 0: by the number of rows."`
	Epochs     int               `json:"epochs,omitempty" default:"0" help:"Passes over the training part, at most; 0: by the number of rows."`
	Batch      int               `json:"batch,omitempty" default:"0" help:"Examples in a step; 0: by the number of rows."`
	Seed       uint64            `json:"seed" default:"1" help:"Seed of the splits, of the settings tried, and of the training."`
}

// check returns an error if the settings make no sense together.
func (s *settings) check() error {
	switch {
	case s.Data == "":
		return errors.New("a file or folder to compare on must be given, got none")
	case s.Folds != 0 && s.Folds < 2, s.Folds > 100:
		return errors.Errorf("--folds must be in [2, 100], got %d", s.Folds)
	case s.Repeats < 0, s.Repeats > 100:
		return errors.Errorf("--repeats must be in [1, 100], got %d", s.Repeats)
	case s.Epochs < 0, s.Epochs > 10_000:
		return errors.Errorf("--epochs must be in [1, 10000], got %d", s.Epochs)
	case s.Batch < 0, s.Batch > 1<<16:
		return errors.Errorf("--batch must be in [1, %d], got %d", 1<<16, s.Batch)
	}
	_, err := s.format()
	return err
}

func (s *settings) format() (tabular.Format, error) {
	f := tabular.Format{Header: s.Header}
	switch s.Comma {
	case "":
	case "tab", `\t`:
		f.Comma = '\t'
	default:
		var size int
		if f.Comma, size = utf8.DecodeRuneInString(s.Comma); size != len(s.Comma) || strings.ContainsRune("\"\r\n", f.Comma) {
			return f, errors.Errorf("--comma must be one character or tab, got %q", s.Comma)
		}
	}
	return f, nil
}

func (s *settings) wishes() tabular.Wishes {
	w := tabular.Wishes{Targets: s.Target, Task: tabular.Task(s.Task), Group: s.Group, Order: s.Order, Uses: map[string]tabular.Use{}}
	for name, use := range s.Column {
		w.Uses[name] = tabular.Use(use)
	}
	return w
}

func (s *settings) splitting() compare.Splitting {
	return compare.Splitting{Folds: s.Folds, Repeats: s.Repeats, Seed: s.Seed}
}

// state is how far a run has come: what its directory keeps besides.
type state struct {
	Settings settings       `json:"settings"`
	Digest   string         `json:"digest"` // of the data, sha256
	Length   compare.Length `json:"length"`
	Repeats  int            `json:"repeats"` // of the splits; 0 until it is decided
	Spent    time.Duration  `json:"spent_ns"`
}
