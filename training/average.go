package training

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

// An Average keeps a mean of the weights that training goes through, which often
// generalizes better than the last of them. Running statistics are averaged like
// parameters. Until it begins, the weights as trained stand for it.
//
//	Average: &training.Average{Decay: 0.999} // EMA
//	Average: &training.Average{Start: 15}    // SWA from the 16th epoch on
//
// The model has the mean while it is evaluated on the validation set and while callbacks
// are told of the epoch, so that early stopping and the best checkpoint go by it, and
// at the end of the run. With Apart it has the weights as trained instead, and
// [Run.WithAverage] gives the mean.
type Average struct {
	// Decay, in (0, 1), makes it an exponential moving average (EMA): the mean becomes
	// Decay*mean + (1-Decay)*weights after each step; at first it is the weights (Polyak
	// and Juditsky, 1992; Tarvainen and Valpola, "Mean teachers are better role models",
	// 2017). 0 makes it the plain mean of the weights at the ends of epochs (SWA:
	// Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
	// Generalization", 2018).
	Decay float64
	// Start is the first epoch, from 0, whose weights count.
	Start int
	// Apart keeps the mean beside the model.
	Apart bool
}

// String returns the settings, "" for nil.
func (a *Average) String() string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("%+v", *a)
}

func (a *Average) check() error {
	switch {
	case a == nil:
		return nil
	case !(a.Decay >= 0 && a.Decay < 1):
		return errors.Errorf("Average: Decay must be in [0, 1), got %v", a.Decay)
	case a.Start < 0:
		return errors.Errorf("Average: Start must not be negative, got %d", a.Start)
	}
	return nil
}

// average is the mean of a run; nil for none.
type average struct {
	Average
	of     []*models.Param // parameters and states
	mean   []*tensor.Dense
	n      int64 // weights in it
	inside bool  // the model has the mean, and mean the weights as trained
}

func newAverage(t *Trainer) *average {
	if t.Average == nil {
		return nil
	}
	a := &average{Average: *t.Average, of: slices.Concat(t.Model.Params(), t.Model.States())}
	for _, p := range a.of {
		a.mean = append(a.mean, p.Value().Clone().(*tensor.Dense))
	}
	return a
}

// begun reports whether the mean has weights.
func (a *average) begun() bool { return a != nil && a.n > 0 }

// endStep adds the weights after a step to an exponential mean.
func (a *average) endStep(r *Run) {
	if a != nil && a.Decay > 0 && r.Epoch >= a.Start {
		a.add(1 - a.Decay)
	}
}

// endEpoch adds the weights at the end of an epoch to a plain mean, unless it has them
// already: a run may go on from there.
func (a *average) endEpoch(r *Run) {
	if a != nil && a.Decay == 0 && int64(r.Epoch-a.Start) == a.n {
		a.add(1 / float64(a.n+1))
	}
}

// add moves the mean towards the weights by a share of the distance.
func (a *average) add(share float64) {
	for i, p := range a.of {
		switch w := p.Value().Data().(type) {
		case []float32:
			approach(a.mean[i].Float32s(), w, float32(share), a.n == 0)
		case []float64:
			approach(a.mean[i].Float64s(), w, share, a.n == 0)
		}
	}
	a.n++
}

func approach[F float32 | float64](mean, to []F, share F, first bool) {
	if first {
		copy(mean, to)
		return
	}
	for i, w := range to {
		mean[i] += F(share * (w - mean[i])) // the conversion keeps the product from being fused with the sum
	}
}

// swap exchanges the weights of the model and the mean.
func (a *average) swap(m *models.Model) {
	a.inside = !a.inside
	_ = m.Update(func() error {
		for i, p := range a.of {
			switch w := p.Value().Data().(type) {
			case []float32:
				exchange(w, a.mean[i].Float32s())
			case []float64:
				exchange(w, a.mean[i].Float64s())
			}
		}
		return nil
	})
}

func exchange[F float32 | float64](a, b []F) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// judged calls f while the model has the weights that the run is judged by.
func (r *Run) judged(f func() error) error {
	if !r.average.begun() || r.average.Apart {
		return f()
	}
	r.average.swap(r.model)
	defer r.average.swap(r.model)
	return f()
}

// WithAverage calls f while the model has the mean of the weights that Trainer.Average
// keeps, to evaluate or to save it, and gives it back its own. It is for callbacks. Within f
// State is an error. So is WithAverage if there is no mean yet.
func (r *Run) WithAverage(f func() error) error {
	if !r.average.begun() {
		return errors.New("training: WithAverage: Trainer.Average must have begun, got none")
	}
	if r.average.inside {
		return f()
	}
	whole := r.whole
	r.whole = false
	defer func() { r.whole = whole }()
	r.average.swap(r.model)
	defer r.average.swap(r.model)
	return f()
}

// finish gives the model the mean, at the end of a run.
func (a *average) finish(r *Run) {
	if a.begun() && !a.Apart {
		a.swap(r.model)
	}
}

// state returns copies of the mean by the names of the tensors, and how many weights are in it.
func (a *average) state() (map[string]*tensor.Dense, int64) {
	if !a.begun() {
		return nil, 0
	}
	all := make(map[string]*tensor.Dense)
	for i, p := range a.of {
		all[p.Name()] = a.mean[i].Clone().(*tensor.Dense)
	}
	return all, a.n
}

// fits returns an error unless a state is one of a.
func (a *average) fits(mean map[string]*tensor.Dense, n int64) error {
	if n == 0 && len(mean) == 0 {
		return nil
	}
	if a == nil {
		return errors.New("state must have no mean of weights without Average, got one")
	}
	if n < 1 || len(mean) != len(a.of) {
		return errors.Errorf("mean must be of the model's %d tensors, got %d, of %d weights", len(a.of), len(mean), n)
	}
	for _, p := range a.of {
		d, want := mean[p.Name()], p.Value()
		if d == nil || !d.Shape().Eq(want.Shape()) || d.Dtype() != want.Dtype() {
			return errors.Errorf("mean of %s must be of %v and shape %v, got %v", p.Name(), want.Dtype(), want.Shape(), d)
		}
		if value, at, bad := nonFiniteIn(d); bad {
			return errors.Errorf("mean of %s must be finite, got %v at %d", p.Name(), value, at)
		}
	}
	return nil
}

// setState takes a state that fits.
func (a *average) setState(mean map[string]*tensor.Dense, n int64) {
	if a == nil || n == 0 {
		return
	}
	a.n = n
	for i, p := range a.of {
		a.mean[i] = mean[p.Name()].Clone().(*tensor.Dense)
	}
}
