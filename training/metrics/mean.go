package metrics

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/exactsum"
)

// A LabelMean is your own metric: the mean over the labels, weighted by their
// weights, of a function of the class outputs and the label.
type LabelMean struct {
	Title  string
	Better Direction
	// Of gets the outputs as they are, logits or probabilities. It must not
	// keep the slice.
	Of func(outputs []float64, label int) float64
}

// Name returns Title.
func (m LabelMean) Name() string { return m.Title }

// Direction returns Better.
func (m LabelMean) Direction() Direction { return m.Better }

// Start returns an accumulator for batches with labels, or an error if Of is
// nil.
func (m LabelMean) Start() (Accumulator, error) {
	if m.Of == nil {
		return nil, errors.Errorf("metrics: LabelMean: Of must be a function, got none for %q", m.Title)
	}
	return newLabelMean(m.Title, func(row []float64, _ bool, label int) float64 { return m.Of(row, label) }, identity), nil
}

// A ValueMean is your own metric: the mean over the values, weighted by their
// weights, of a function of output and target.
type ValueMean struct {
	Title  string
	Better Direction
	Of     func(output, target float64) float64
}

// Name returns Title.
func (m ValueMean) Name() string { return m.Title }

// Direction returns Better.
func (m ValueMean) Direction() Direction { return m.Better }

// Start returns an accumulator for batches with values, or an error if Of is
// nil.
func (m ValueMean) Start() (Accumulator, error) {
	if m.Of == nil {
		return nil, errors.Errorf("metrics: ValueMean: Of must be a function, got none for %q", m.Title)
	}
	return newValueMean(m.Title, m.Of, identity), nil
}

func identity(x float64) float64 { return x }

// mean is an exact weighted mean, the state of several metrics.
type mean struct {
	Total  exactsum.Sum `json:"total"` // of the weighted
	Weight exactsum.Sum `json:"weight"`

	name  string
	final func(mean float64) float64 // gives the value
	add   func(m *mean, b Batch) error
}

func (m *mean) Add(b Batch) error {
	return errors.Wrapf(m.add(m, b), "metrics: %s", m.name)
}

func (m *mean) Merge(a Accumulator) error {
	other, err := same(m, a)
	if err != nil {
		return err
	}
	if other.name != m.name {
		return errors.Errorf("metrics: Merge: accumulator must be of %s, got one of %s", m.name, other.name)
	}
	m.Total.Merge(&other.Total)
	m.Weight.Merge(&other.Weight)
	return nil
}

func (m *mean) Value() float64 { return m.final(exactsum.Ratio(&m.Total, &m.Weight)) }

// put adds a number with a weight.
func (m *mean) put(x, weight float64) {
	m.Weight.Add(weight)
	if math.IsInf(x, 0) { // AddProduct would take it apart
		m.Total.Add(x)
		return
	}
	m.Total.AddProduct(weight, x)
}

// newLabelMean returns the mean over labels of a function; final turns it into
// the value.
func newLabelMean(name string, of func(row []float64, probabilities bool, label int) float64, final func(float64) float64) *mean {
	return &mean{name: name, final: final, add: func(m *mean, b Batch) error {
		l, err := b.byLabels()
		if err != nil {
			return err
		}
		l.each(func(row []float64, label int, weight float64) { m.put(of(row, b.Probabilities, label), weight) })
		return nil
	}}
}

// newValueMean returns the mean over values of a function; final turns it into
// the value.
func newValueMean(name string, of func(output, target float64) float64, final func(float64) float64) *mean {
	return &mean{name: name, final: final, add: func(m *mean, b Batch) error {
		v, err := b.byValues()
		if err != nil {
			return err
		}
		v.each(func(_ int, output, target, weight float64) { m.put(of(output, target), weight) })
		return nil
	}}
}
