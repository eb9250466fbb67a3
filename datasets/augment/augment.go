// Package augment changes examples at random as they are gathered: images are
// flipped, shifted and cut out, noise is added, and examples are mixed with each
// other and their labels with them.
//
//	train := &augment.Dataset{
//		Data: images, Seed: 1,
//		Transforms: []augment.Transform{augment.Flip{}, augment.Shift{Max: 4}},
//		Mix: augment.Mixup{}, Classes: 10,
//	}
//	history, err := trainer.Fit(ctx, training.Data{Train: train, Validation: validation})
//
// What becomes of an example is a function of (seed, example, epoch) and of
// nothing else: not of the batch that it is in, nor of when it is gathered. So runs
// are reproducible and can be resumed, with the same bits on every machine.
package augment

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/training"
)

// A Transform changes an example.
type Transform interface {
	// Apply changes the values x of an example of the given shape, with random
	// numbers from r, which are its own.
	Apply(x []float32, shape []int, r *rand.Rand) error
}

// A Func is a Transform of your own.
type Func func(x []float32, shape []int, r *rand.Rand) error

// Apply implements [Transform].
func (f Func) Apply(x []float32, shape []int, r *rand.Rand) error { return f(x, shape, r) }

// A Dataset has the examples of another with random changes, which differ from
// epoch to epoch. A Trainer whose training set it is says which epoch it is, and
// evaluates the examples as they are.
type Dataset struct {
	Data training.Dataset
	Seed uint64
	// Transforms are applied in their order.
	Transforms []Transform
	// Mix mixes each example, after the transforms, with another of Data, chosen
	// at random; nil mixes none. Labels become soft labels, or numbers to predict are
	// mixed as the examples are. Data must have no weights, and at most one label
	// each.
	Mix Mix
	// Classes is the number of classes, for Mix with labels.
	Classes int
	// Shape is that in which transforms see an example, such as {1, 28, 28} for flat
	// images of 784 values; nil means that of the data.
	Shape []int

	epoch int
}

var _ training.EpochDataset = (*Dataset)(nil)

// SetEpoch implements training.EpochDataset.
func (d *Dataset) SetEpoch(epoch int) { d.epoch = epoch }

// Plain returns Data.
func (d *Dataset) Plain() training.Dataset { return d.Data }

// Len implements training.Dataset.
func (d *Dataset) Len() int { return d.Data.Len() }

// InputShape implements training.Dataset.
func (d *Dataset) InputShape() []int { return d.Data.InputShape() }

// Fields implements training.FieldDataset: those of Data, but soft labels instead of labels
// with Mix.
func (d *Dataset) Fields() training.Fields {
	f := training.FieldsOf(d.Data)
	if d.softens() {
		f.Target, f.SoftLabels = []int{d.Classes}, true
	}
	return f
}

// softens reports whether labels become soft.
func (d *Dataset) softens() bool { return d.Mix != nil && training.FieldsOf(d.Data).Target == nil }

// Gather implements training.Dataset.
func (d *Dataset) Gather(indices []int, x []float32, y []int) error {
	return errors.WithMessage(d.gather(indices, x, y), "augment: Gather")
}

func (d *Dataset) gather(indices []int, x []float32, y []int) error {
	shape, err := d.shape()
	if err != nil {
		return err
	}
	if err := d.transformed(indices, shape, x, y); err != nil || d.Mix == nil {
		return err
	}
	with, draws, err := d.draw(indices, shape)
	if err != nil {
		return err
	}
	others, size := make([]float32, len(x)), len(x)/max(1, len(indices))
	if err := d.transformed(with, shape, others, y[:0:0]); err != nil {
		return err
	}
	for k, draw := range draws {
		draw.Apply(x[k*size:(k+1)*size], others[k*size:(k+1)*size])
	}
	return nil
}

// transformed gathers examples and transforms each.
func (d *Dataset) transformed(indices, shape []int, x []float32, y []int) error {
	if d.Mix != nil && d.softens() {
		y = make([]int, len(indices))
	}
	if err := d.Data.Gather(indices, x, y); err != nil {
		return err
	}
	size := len(x) / max(1, len(indices))
	for k, i := range indices {
		r := d.random(i, transforming)
		for _, t := range d.Transforms {
			if err := t.Apply(x[k*size:(k+1)*size], shape, r); err != nil {
				return errors.Wrapf(err, "example %d", i)
			}
		}
	}
	return nil
}

// draw returns with which other examples the examples are mixed, and how.
func (d *Dataset) draw(indices, shape []int) (with []int, draws []Mixture, err error) {
	for _, i := range indices {
		r := d.random(i, mixing)
		with = append(with, r.IntN(d.Data.Len()))
		m, err := d.Mix.Draw(shape, r)
		if err != nil {
			return nil, nil, err
		}
		draws = append(draws, m)
	}
	return with, draws, nil
}

// GatherFields implements training.FieldDataset.
func (d *Dataset) GatherFields(indices []int, targets, weights []float32) error {
	if d.Mix == nil || len(targets) == 0 && len(weights) == 0 {
		return training.GatherFields(d.Data, indices, targets, weights)
	}
	return errors.WithMessage(d.mixTargets(indices, targets, weights), "augment: GatherFields")
}

func (d *Dataset) mixTargets(indices []int, targets, weights []float32) error {
	if len(weights) > 0 {
		return errors.New("data must have no weights with Mix, got some")
	}
	shape, err := d.shape()
	if err != nil {
		return err
	}
	with, draws, err := d.draw(indices, shape)
	if err != nil {
		return err
	}
	others := make([]float32, len(targets))
	for _, part := range []struct {
		indices []int
		to      []float32
	}{{indices, targets}, {with, others}} {
		if d.softens() {
			err = d.oneHot(part.indices, part.to)
		} else {
			err = training.GatherFields(d.Data, part.indices, part.to, nil)
		}
		if err != nil {
			return err
		}
	}
	each := len(targets) / max(1, len(indices))
	for k, draw := range draws {
		mixInto(targets[k*each:(k+1)*each], others[k*each:(k+1)*each], draw.Share)
	}
	return nil
}

// oneHot sets the soft labels of examples to 1 at their labels.
func (d *Dataset) oneHot(indices []int, to []float32) error {
	if d.Classes < 1 || len(to) != len(indices)*d.Classes {
		return errors.Errorf("Classes must be the number of classes for Mix with labels, got %d", d.Classes)
	}
	size, err := bounded.Product(math.MaxInt32, append([]int{len(indices)}, d.InputShape()...)...)
	if err != nil {
		return err
	}
	labels := make([]int, len(indices))
	if err := d.Data.Gather(indices, make([]float32, size), labels); err != nil {
		return err
	}
	clear(to)
	for k, label := range labels {
		if label < 0 || label >= d.Classes {
			return errors.Errorf("label of example %d must be in [0, %d), got %d", indices[k], d.Classes, label)
		}
		to[k*d.Classes+label] = 1
	}
	return nil
}

// shape returns the shape in which transforms see an example.
func (d *Dataset) shape() ([]int, error) {
	if d.Data == nil {
		return nil, errors.New("Data must be set, got nil")
	}
	if d.Shape == nil {
		return d.InputShape(), nil
	}
	seen, err := bounded.Product(math.MaxInt32, d.Shape...)
	if err != nil {
		return nil, err
	}
	if n, err := bounded.Product(math.MaxInt32, d.InputShape()...); err != nil || n != seen {
		return nil, errors.Errorf("Shape must have as many values as the shape of the data, %v, got %v", d.InputShape(), d.Shape)
	}
	return slices.Clone(d.Shape), nil
}

// What random numbers are for.
const (
	transforming = iota
	mixing
)

// random returns the random numbers of an example in the epoch.
func (d *Dataset) random(example int, purpose uint64) *rand.Rand {
	var key [32]byte
	for i, v := range [...]uint64{d.Seed, uint64(d.epoch), uint64(example), purpose} {
		binary.LittleEndian.PutUint64(key[8*i:], v)
	}
	return rand.New(rand.NewChaCha8(key))
}
