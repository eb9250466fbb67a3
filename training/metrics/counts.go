package metrics

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/exactsum"
)

// An Average says how the scores of the classes become one.
type Average int

const (
	// Macro is the mean over the classes that occur among the labels or the
	// predictions.
	Macro Average = iota
	// Micro is the score of all predictions together. If each example has one
	// label, precision, recall and F1 all equal the accuracy.
	Micro
	// Weighted is the mean over the classes, weighted by the number of their
	// labels.
	Weighted
)

// String returns "macro", "micro" or "weighted".
func (a Average) String() string {
	switch a {
	case Macro:
		return "macro"
	case Micro:
		return "micro"
	case Weighted:
		return "weighted"
	}
	return "unknown"
}

// Precision is the share of the predictions of a class that are right. The
// class with the largest output is predicted, the first of several equal ones;
// none if an output is NaN.
//
// With MultiLabel the targets are values of 0 and 1: each class is present or
// absent independently, and is predicted if its logit is above 0 or its
// probability above 1/2.
//
// A class without predictions has precision 0; one without labels either has
// none: it is NaN in [PerClass], and left out of the average.
type Precision struct {
	Average    Average
	MultiLabel bool
}

// Name returns "macro precision", or the same with another average.
func (p Precision) Name() string { return p.Average.String() + " precision" }

// Direction returns [HigherIsBetter].
func (Precision) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator, which is a [PerClass], or an error if Average
// is not one of the constants.
func (p Precision) Start() (Accumulator, error) {
	return newCounts(p.Name(), p.Average, p.MultiLabel, func(c *count) float64 { return over(&c.Right, &c.Decided) })
}

// Recall is the share of the labels of a class that are predicted, 0 if there
// are none. Classes are predicted and left out as in [Precision].
type Recall struct {
	Average    Average
	MultiLabel bool
}

// Name returns "macro recall", or the same with another average.
func (r Recall) Name() string { return r.Average.String() + " recall" }

// Direction returns [HigherIsBetter].
func (Recall) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator, which is a [PerClass], or an error if Average
// is not one of the constants.
func (r Recall) Start() (Accumulator, error) {
	return newCounts(r.Name(), r.Average, r.MultiLabel, func(c *count) float64 { return over(&c.Right, &c.Labels) })
}

// F1 is the harmonic mean of precision and recall of a class: twice the number
// of right predictions, divided by the number of labels plus predictions.
// Classes are predicted and left out as in [Precision]. Macro is the mean of
// the classes' F1, not the F1 of mean precision and mean recall.
//
// Source: van Rijsbergen, "Information Retrieval", 1979, chapter 7.
type F1 struct {
	Average    Average
	MultiLabel bool
}

// Name returns "macro F1", or the same with another average.
func (f F1) Name() string { return f.Average.String() + " F1" }

// Direction returns [HigherIsBetter].
func (F1) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator, which is a [PerClass], or an error if Average
// is not one of the constants.
func (f F1) Start() (Accumulator, error) {
	return newCounts(f.Name(), f.Average, f.MultiLabel, func(c *count) float64 {
		var right, all exactsum.Sum
		for range 2 {
			right.Merge(&c.Right)
		}
		all.Merge(&c.Labels)
		all.Merge(&c.Decided)
		return over(&right, &all)
	})
}

// over returns part/whole, 0 if both are 0.
func over(part, whole *exactsum.Sum) float64 {
	if whole.Float64() == 0 {
		return 0
	}
	return exactsum.Ratio(part, whole)
}

// count holds the weights of a class.
type count struct {
	Right   exactsum.Sum `json:"right"` // labels that are predicted
	Decided exactsum.Sum `json:"decided"`
	Labels  exactsum.Sum `json:"labels"`
}

func (c *count) merge(other *count) {
	c.Right.Merge(&other.Right)
	c.Decided.Merge(&other.Decided)
	c.Labels.Merge(&other.Labels)
}

// empty reports whether the class does not occur.
func (c *count) empty() bool { return c.Decided.Float64() == 0 && c.Labels.Float64() == 0 }

// counts holds the counts of each class, from which scores are computed.
type counts struct {
	Classes []count `json:"classes"`

	name       string
	average    Average
	multiLabel bool
	score      func(*count) float64
}

func newCounts(name string, average Average, multiLabel bool, score func(*count) float64) (Accumulator, error) {
	if average < Macro || average > Weighted {
		return nil, errors.Errorf("metrics: %s: Average must be Macro, Micro or Weighted, got %d", name, average)
	}
	return &counts{name: name, average: average, multiLabel: multiLabel, score: score}, nil
}

func (c *counts) Add(b Batch) error {
	if c.multiLabel {
		return errors.Wrapf(c.addChoices(b), "metrics: %s", c.name)
	}
	return errors.Wrapf(c.addLabels(b), "metrics: %s", c.name)
}

func (c *counts) addLabels(b Batch) error {
	l, err := b.byLabels()
	if err == nil {
		err = c.fit(l.classes)
	}
	if err != nil {
		return err
	}
	l.each(func(row []float64, label int, weight float64) {
		c.Classes[label].Labels.Add(weight)
		if k, ok := decision(row); ok {
			c.Classes[k].Decided.Add(weight)
			if k == label {
				c.Classes[k].Right.Add(weight)
			}
		}
	})
	return nil
}

// decision returns the first of the largest outputs; ok is false if one is NaN.
func decision(row []float64) (k int, ok bool) {
	for i, x := range row {
		if x != x {
			return 0, false
		}
		if x > row[k] {
			k = i
		}
	}
	return k, true
}

func (c *counts) addChoices(b Batch) error {
	v, err := b.byChoices()
	if err == nil {
		err = c.fit(v.columns)
	}
	if err != nil {
		return err
	}
	threshold := 0.0
	if b.Probabilities {
		threshold = 0.5
	}
	v.each(func(column int, output, target, weight float64) {
		class := &c.Classes[column]
		if target == 1 {
			class.Labels.Add(weight)
		}
		if output > threshold {
			class.Decided.Add(weight)
			if target == 1 {
				class.Right.Add(weight)
			}
		}
	})
	return nil
}

// fit makes counts for a number of classes, or returns an error if there are
// counts for another number.
func (c *counts) fit(classes int) error {
	if len(c.Classes) == 0 {
		c.Classes = make([]count, classes)
	}
	if len(c.Classes) != classes {
		return errors.Errorf("classes must be %d as before, got %d", len(c.Classes), classes)
	}
	return nil
}

func (c *counts) Merge(a Accumulator) error {
	other, err := same(c, a)
	if err != nil {
		return err
	}
	if other.name != c.name || other.multiLabel != c.multiLabel {
		return errors.Errorf("metrics: Merge: accumulator must be of %s, got one of %s", c.name, other.name)
	}
	if len(other.Classes) == 0 {
		return nil
	}
	if err := c.fit(len(other.Classes)); err != nil {
		return errors.Wrapf(err, "metrics: %s", c.name)
	}
	for k := range other.Classes {
		c.Classes[k].merge(&other.Classes[k])
	}
	return nil
}

// PerClass returns the score of each class, NaN for those that do not occur.
func (c *counts) PerClass() []float64 {
	scores := make([]float64, len(c.Classes))
	for k := range c.Classes {
		class := &c.Classes[k]
		if scores[k] = math.NaN(); !class.empty() {
			scores[k] = c.score(class)
		}
	}
	return scores
}

func (c *counts) Value() float64 {
	if c.average == Micro {
		var all count
		for k := range c.Classes {
			all.merge(&c.Classes[k])
		}
		if all.empty() {
			return math.NaN()
		}
		return c.score(&all)
	}
	var total, weight float64
	for k, score := range c.PerClass() {
		if score != score {
			continue
		}
		share := 1.0
		if c.average == Weighted {
			share = c.Classes[k].Labels.Float64()
		}
		total += float64(share * score)
		weight += share
	}
	return total / weight
}
