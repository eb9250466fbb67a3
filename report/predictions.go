package report

import "github.com/pkg/errors"

// Predictions holds the class probabilities that a classifier gave to labelled
// examples.
type Predictions struct {
	Name          string    // of the classifier, such as that of its arm
	Classes       int       // at least 2
	Probabilities []float32 // (examples, classes), row by row
	Labels        []int     // the true class of each example, in [0, Classes)
}

func (p Predictions) check() error {
	if p.Classes < 2 {
		return errors.Errorf("classes must be at least 2, got %d", p.Classes)
	}
	if len(p.Labels) == 0 {
		return errors.New("must have at least one example, got none")
	}
	if len(p.Probabilities) != len(p.Labels)*p.Classes {
		return errors.Errorf("must have %d probabilities for %d examples of %d classes, got %d",
			len(p.Labels)*p.Classes, len(p.Labels), p.Classes, len(p.Probabilities))
	}
	for i, y := range p.Labels {
		if y < 0 || y >= p.Classes {
			return errors.Errorf("label of example %d must be in [0, %d), got %d", i, p.Classes, y)
		}
		for _, v := range p.row(i) {
			const slack = 1e-5 // of sums in float32
			if !(v >= 0 && v <= 1+slack) {
				return errors.Errorf("probabilities of example %d must be in [0, 1], got %v", i, v)
			}
		}
	}
	return nil
}

func (p Predictions) row(i int) []float32 { return p.Probabilities[i*p.Classes : (i+1)*p.Classes] }

// answer returns the predicted class of example i and its probability.
func (p Predictions) answer(i int) (class int, probability float64) {
	row := p.row(i)
	for k, v := range row {
		if v > row[class] {
			class = k
		}
	}
	return class, min(1, float64(row[class]))
}
