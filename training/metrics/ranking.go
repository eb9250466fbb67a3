package metrics

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/stat"
)

// AUROC is the area under the receiver operating characteristic: the
// probability that an example of a class has a higher score than one of the
// others; ties count half.
//
// With labels of two classes it is that of class 1, with the difference of the
// outputs as the score; with more, the mean over the classes, each against the
// rest by its probability. With values it is the mean over the last axis, with
// targets of 0 and 1. A class has none if it has no examples or there are no
// others: it is NaN in [PerClass], and left out of the mean. A NaN score makes
// it NaN.
//
// It keeps the scores of all examples, 24 bytes for each example and class.
//
// Source: Hanley and McNeil, "The Meaning and Use of the Area under a Receiver Operating
// Characteristic (ROC) Curve", 1982; the mean as in Provost and Domingos, 2001, unweighted.
type AUROC struct{}

// Name returns "AUROC".
func (AUROC) Name() string { return "AUROC" }

// Direction returns [HigherIsBetter].
func (AUROC) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator for batches with labels or values, which is a [PerClass].
func (a AUROC) Start() (Accumulator, error) { return &ranking{name: a.Name(), of: areaUnderROC}, nil }

// AveragePrecision sums the precision at each threshold times the gain in
// recall there:
//
//	AP = sum over thresholds of (recall[n] - recall[n-1]) * precision[n]
//
// It says more than [AUROC] if a class is rare. Scores, means and memory are as
// there; a class without examples has none.
//
// Source: scikit-learn's average_precision_score, which does not interpolate.
type AveragePrecision struct{}

// Name returns "average precision".
func (AveragePrecision) Name() string { return "average precision" }

// Direction returns [HigherIsBetter].
func (AveragePrecision) Direction() Direction { return HigherIsBetter }

// Start returns an accumulator for batches with labels or values, which is a [PerClass].
func (a AveragePrecision) Start() (Accumulator, error) {
	return &ranking{name: a.Name(), of: averagePrecision}, nil
}

// scored is an example with its score, of a class or of another.
type scored struct {
	Score    score   `json:"s"`
	Weight   float64 `json:"w"`
	Positive bool    `json:"p"`
}

// ranking holds the scores of all examples by class.
type ranking struct {
	Classes [][]scored `json:"classes"`

	name string
	of   func(all []scored) float64
}

func (r *ranking) Add(b Batch) error {
	_, _, err := floatsOf("target", b.Target)
	if err == nil {
		err = r.addChoices(b)
	} else {
		err = r.addLabels(b)
	}
	return errors.Wrapf(err, "metrics: %s", r.name)
}

func (r *ranking) addChoices(b Batch) error {
	v, err := b.byChoices()
	if err == nil {
		err = r.fit(v.columns)
	}
	if err != nil {
		return err
	}
	v.each(func(column int, output, target, weight float64) { r.put(column, output, target == 1, weight) })
	return nil
}

func (r *ranking) addLabels(b Batch) error {
	l, err := b.byLabels()
	if err != nil {
		return err
	}
	if l.classes == 2 {
		if err := r.fit(1); err != nil {
			return err
		}
		l.each(func(row []float64, label int, weight float64) { r.put(0, row[1]-row[0], label == 1, weight) })
		return nil
	}
	if err := r.fit(l.classes); err != nil {
		return err
	}
	l.each(func(row []float64, label int, weight float64) {
		if !b.Probabilities {
			toProbabilities(row)
		}
		for k, p := range row {
			r.put(k, p, k == label, weight)
		}
	})
	return nil
}

func (r *ranking) put(class int, x float64, positive bool, weight float64) {
	r.Classes[class] = append(r.Classes[class], scored{score(x), weight, positive})
}

func (r *ranking) fit(classes int) error {
	if len(r.Classes) == 0 {
		r.Classes = make([][]scored, classes)
	}
	if len(r.Classes) != classes {
		return errors.Errorf("scores must be of %d classes as before, got %d", len(r.Classes), classes)
	}
	return nil
}

func (r *ranking) Merge(a Accumulator) error {
	other, err := same(r, a)
	if err != nil {
		return err
	}
	if other.name != r.name {
		return errors.Errorf("metrics: Merge: accumulator must be of %s, got one of %s", r.name, other.name)
	}
	if len(other.Classes) == 0 {
		return nil
	}
	if err := r.fit(len(other.Classes)); err != nil {
		return errors.Wrapf(err, "metrics: %s", r.name)
	}
	for k, all := range other.Classes {
		r.Classes[k] = append(r.Classes[k], all...)
	}
	return nil
}

// PerClass returns the value of each class, NaN for those that have none; with
// labels of two classes, that of class 1 only.
func (r *ranking) PerClass() []float64 {
	values := make([]float64, len(r.Classes))
	for k, all := range r.Classes {
		values[k] = r.of(all)
	}
	return values
}

func (r *ranking) Value() float64 {
	var there []float64
	for k, v := range r.PerClass() {
		switch {
		case v == v:
			there = append(there, v)
		case slices.ContainsFunc(r.Classes[k], func(s scored) bool { return math.IsNaN(float64(s.Score)) }):
			return math.NaN()
		}
	}
	return average(there)
}

func areaUnderROC(all []scored) float64 {
	right, wrong, positives, negatives := curve(all)
	if !(positives > 0 && negatives > 0) {
		return math.NaN()
	}
	return integrate.Trapezoidal(wrong, right)
}

func averagePrecision(all []scored) float64 {
	right, wrong, positives, negatives := curve(all)
	if !(positives > 0) {
		return math.NaN()
	}
	var total float64
	for i := range right[1:] {
		tp := float64(positives * right[i+1])
		fp := 0.0
		if negatives > 0 {
			fp = float64(negatives * wrong[i+1])
		}
		if gain := right[i+1] - right[i]; gain > 0 {
			total += float64(gain * float64(tp/(tp+fp)))
		}
	}
	return total
}

// curve returns the receiver operating characteristic: the shares of the
// positive and of the negative examples with scores from a threshold on, from
// none to all, and the weights of both. The order of the examples does not
// matter: they are sorted so that weights are added in one order. The weights
// are NaN if a score is.
func curve(all []scored) (right, wrong []float64, positives, negatives float64) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Weight, b.Weight))
	})
	if len(all) > 0 && math.IsNaN(float64(all[0].Score)) {
		return nil, nil, math.NaN(), math.NaN()
	}
	// Ranks instead of scores, since infinite scores would not be thresholds
	// for stat.ROC.
	ranks, weights, classes := make([]float64, len(all)), make([]float64, len(all)), make([]bool, len(all))
	for i, s := range all {
		if i > 0 {
			ranks[i] = ranks[i-1]
			if s.Score != all[i-1].Score {
				ranks[i]++
			}
		}
		weights[i], classes[i] = s.Weight, s.Positive
		if s.Positive {
			positives += s.Weight
		} else {
			negatives += s.Weight
		}
	}
	right, wrong, _ = stat.ROC(nil, ranks, classes, weights)
	return right, wrong, positives, negatives
}
