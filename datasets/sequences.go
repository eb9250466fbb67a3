package datasets

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Sequences is a set of sequences of different lengths, a [training.NamedDataset]. It
// pads them with zeros behind, all to one length, and has their mask, 1 at each step and
// 0 at padding: as the field [models.MaskInput], which models take [models.WithMask],
// and, where each step has a label or numbers to predict, as their weights, so that
// losses and metrics leave padding out.
//
//	data := &datasets.Sequences{X: words, StepLabels: tags}
//	model, err := models.New(net, data.InputShape(), models.WithMask())
//
// Exactly one of Labels, StepLabels and StepTargets is set.
type Sequences struct {
	// X holds the steps of each sequence one after the other: Width values each, or,
	// with a Width of 0, one id.
	X     [][]float32
	Width int
	// Time is the length to pad to; 0 is that of the longest sequence. Data for one
	// model need one Time. A longer sequence is an error.
	Time int

	Labels     []int   // one label for each sequence
	StepLabels [][]int // a label for each step
	// StepTargets holds TargetWidth numbers to predict for each step, as X holds
	// inputs.
	StepTargets [][]float32
	TargetWidth int
}

// Len returns the number of sequences.
func (s *Sequences) Len() int { return len(s.X) }

// width returns the number of values of a step.
func (s *Sequences) width() int { return max(1, s.Width) }

// time returns the length that sequences are padded to, at least 1.
func (s *Sequences) time() int {
	if s.Time > 0 {
		return s.Time
	}
	longest := 1
	for _, x := range s.X {
		longest = max(longest, len(x)/s.width())
	}
	return longest
}

// Length returns the number of steps of sequence i, which may be 0.
func (s *Sequences) Length(i int) int { return len(s.X[i]) / s.width() }

// InputShape returns (time, Width), or (time) for ids.
func (s *Sequences) InputShape() []int {
	if s.Width == 0 {
		return []int{s.time()}
	}
	return []int{s.time(), s.Width}
}

// Fields implements [training.FieldDataset].
func (s *Sequences) Fields() training.Fields {
	f := training.Fields{Named: []training.Field{{Name: models.MaskInput, Type: tensor.Float32, Shape: []int{s.time()}}}}
	if s.StepTargets != nil {
		f.Target = []int{s.time(), s.TargetWidth}
	}
	if s.Labels == nil {
		f.Weights = s.time()
	}
	return f
}

// check returns an error unless the sequences with the given indices are what the
// fields say.
func (s *Sequences) check(indices []int) error {
	set := 0
	for _, is := range []bool{s.Labels != nil, s.StepLabels != nil, s.StepTargets != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return errors.Errorf("one of Labels, StepLabels and StepTargets must be set, got %d of them", set)
	}
	if s.Width < 0 || s.Time < 0 || s.StepTargets != nil && s.TargetWidth < 1 {
		return errors.Errorf("Width and Time must not be negative and TargetWidth be positive for StepTargets, got %d, %d and %d", s.Width, s.Time, s.TargetWidth)
	}
	if n := len(s.Labels) + len(s.StepLabels) + len(s.StepTargets); n != len(s.X) {
		return errors.Errorf("targets must be those of %d sequences, got %d", len(s.X), n)
	}
	if err := inRange(indices, len(s.X)); err != nil {
		return err
	}
	time := s.time()
	for _, i := range indices {
		if len(s.X[i])%s.width() != 0 || s.Length(i) > time {
			return errors.Errorf("sequence %d must have at most %d steps of %d values, got %d values", i, time, s.width(), len(s.X[i]))
		}
		if s.StepLabels != nil && len(s.StepLabels[i]) != s.Length(i) {
			return errors.Errorf("sequence %d must have a label for each of %d steps, got %d", i, s.Length(i), len(s.StepLabels[i]))
		}
		if s.StepTargets != nil && len(s.StepTargets[i]) != s.Length(i)*s.TargetWidth {
			return errors.Errorf("sequence %d must have %d numbers to predict for each of %d steps, got %d", i, s.TargetWidth, s.Length(i), len(s.StepTargets[i]))
		}
	}
	return nil
}

// Gather implements [training.Dataset].
func (s *Sequences) Gather(indices []int, x []float32, y []int) error {
	err := s.check(indices)
	labels := 0
	switch {
	case err != nil:
	case s.Labels != nil:
		labels = 1
	case s.StepLabels != nil:
		labels = s.time()
	}
	if each := s.time() * s.width(); err == nil && (len(x) != len(indices)*each || len(y) != len(indices)*labels) {
		err = errors.Errorf("x and y must have %d values and %d labels for %d sequences, got %d and %d",
			len(indices)*each, len(indices)*labels, len(indices), len(x), len(y))
	}
	if err != nil {
		return errors.WithMessage(err, "datasets: Sequences: Gather")
	}
	pad(x, s.X, indices)
	switch {
	case s.Labels != nil:
		for k, i := range indices {
			y[k] = s.Labels[i]
		}
	case s.StepLabels != nil:
		pad(y, s.StepLabels, indices)
	}
	return nil
}

// pad copies the rows with the given indices to equal parts of to, with zeros behind.
func pad[T any](to []T, rows [][]T, indices []int) {
	if len(indices) == 0 {
		return
	}
	clear(to)
	each := len(to) / len(indices)
	for k, i := range indices {
		copy(to[k*each:(k+1)*each], rows[i])
	}
}

// GatherFields implements [training.FieldDataset]: weights are the mask.
func (s *Sequences) GatherFields(indices []int, targets, weights []float32) error {
	err := s.check(indices)
	if err == nil && len(targets) > 0 {
		if want := len(indices) * s.time() * s.TargetWidth; s.StepTargets == nil || len(targets) != want {
			err = errors.Errorf("targets must have %d values, got %d", want, len(targets))
		} else {
			pad(targets, s.StepTargets, indices)
		}
	}
	if err == nil && len(weights) > 0 {
		err = s.mask(indices, weights)
	}
	return errors.WithMessage(err, "datasets: Sequences: GatherFields")
}

// GatherField implements [training.NamedDataset].
func (s *Sequences) GatherField(indices []int, name string, to any) error {
	mask, ok := to.([]float32)
	err := s.check(indices)
	switch {
	case err != nil:
	case name != models.MaskInput || !ok:
		err = errors.Errorf("field must be %q of float32, got %q of %T", models.MaskInput, name, to)
	default:
		err = s.mask(indices, mask)
	}
	return errors.WithMessage(err, "datasets: Sequences: GatherField")
}

// mask sets mask to 1 at the steps of the sequences with the given indices.
func (s *Sequences) mask(indices []int, mask []float32) error {
	time := s.time()
	if len(mask) != len(indices)*time {
		return errors.Errorf("mask must have %d values for each of %d sequences, got %d in all", time, len(indices), len(mask))
	}
	clear(mask)
	for k, i := range indices {
		for t := range s.Length(i) {
			mask[k*time+t] = 1
		}
	}
	return nil
}
