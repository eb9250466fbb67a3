package training

import (
	"context"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// A Callback is told how a run goes; nil functions are left out. Each function is
// called for all callbacks, in their order, before the next one is for any. An error
// ends the run and is returned by Fit.
type Callback struct {
	// Name tells the state of one callback from that of another when a run is
	// resumed. What has Save needs one, of its own among the callbacks of a trainer.
	Name string

	// OnStart is called before the first step. Of a run that is resumed, Epoch, Steps
	// and History are those that it goes on from; the model is not yet.
	OnStart func(*Run) error
	// OnGradients is called before each update, when Gradients has what the batches
	// of the step have given. It is not called for a step that is skipped.
	OnGradients func(*Run) error
	OnStep      func(*Run) error // after each update, and each step that was skipped
	OnEpoch     func(*Run) error // after each epoch and its evaluation
	// OnCheckpoint is called after OnStep and after OnEpoch, when all callbacks have
	// seen the step or the epoch: the place to take the run's State.
	OnCheckpoint func(*Run) error
	// OnEnd is called after the last step, also of a run that failed. The model is as
	// training has left it.
	OnEnd func(*Run) error
	// OnFinish is called after OnEnd and before the final evaluation: for what
	// changes the model, as EarlyStopping does.
	OnFinish func(*Run) error

	// Save and Load are for callbacks that remember something, so that a run can
	// be resumed. Load is called after OnStart.
	Save func() (CallbackState, error)
	Load func(CallbackState) error
}

// A Run is a run under way, as callbacks see it.
type Run struct {
	Trainer *Trainer
	Epoch   int   // the current one, from 0; for OnEnd the one to go on with
	Steps   int64 // updates made or skipped
	// StepsPerEpoch is the number of updates in an epoch.
	StepsPerEpoch int
	Batch         Metrics  // of the last step that was not skipped, with dropout
	Loss          float64  // of the last step that was not skipped, as it was minimized
	Skipped       bool     // whether the last step was skipped; see SkipNonFinite
	LR            *float64 // of the last update, nil without a schedule
	History       *History
	// Err is what ended the run before its time: for OnEnd, nil until then.
	Err error

	setup    Setup
	model    *models.Model
	params   []gorgonia.ValueGrad // of the current step, before the update
	stop     string
	next     int          // the epoch to go on with
	batches  int          // of that epoch that are done
	partial  Epoch        // the record of that epoch so far
	seen     *metrics.Set // of its batches
	fields   Fields       // of the training set
	judgedBy Fields       // of the set that the run is judged by
	whole    bool         // all callbacks have seen all that was done: a state can be taken
	sum      gradientSum  // of the batches of a step
	average  *average
	updates  *updates // on a device; nil before the first
	ahead    []int    // the examples of the next step in this epoch
	baseLR   float64  // the solver's learning rate at the start
	reduces  bool     // ReduceLROnPlateau is at work
	lrFactor float64  // what ReduceLROnPlateau multiplies learning rates by
	started  int      // callbacks that have begun, and are to be told of the end
}

// Stop ends the run after the current step or epoch, and records the reason. A run
// that is stopped at the end of an epoch is over: resumed, it does no more steps. One
// that is stopped within an epoch has left it unfinished, and goes on with the next
// batch when it is resumed.
func (r *Run) Stop(reason string) { r.stop = reason }

// Current is the record of the epoch so far, over the batches that are done.
func (r *Run) Current() Epoch { return r.partial }

// tell calls one function of every callback.
func (r *Run) tell(which func(Callback) func(*Run) error) error {
	for _, c := range r.Trainer.Callbacks {
		if f := which(c); f != nil {
			if err := f(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkpoint tells all callbacks that all have been told, when the last of them has
// returned err.
func (r *Run) checkpoint(err error) error {
	if err != nil {
		return err
	}
	r.whole = true
	return r.tell(func(c Callback) func(*Run) error { return c.OnCheckpoint })
}

// end tells all callbacks that have begun of the end, also where one of them fails,
// and returns the first error of the run, or what could not be kept of one
// that was interrupted, which is to go on from there.
func (r *Run) end() error {
	first := r.Err
	tell := func(which func(Callback) func(*Run) error) {
		for _, c := range r.Trainer.Callbacks[:min(r.started, len(r.Trainer.Callbacks))] {
			if f := which(c); f != nil {
				if err := f(r); err != nil && (first == nil || errors.Is(first, context.Canceled)) {
					first = err
				}
			}
		}
	}
	tell(func(c Callback) func(*Run) error { return c.OnEnd })
	r.whole = false
	r.average.finish(r)
	tell(func(c Callback) func(*Run) error { return c.OnFinish })
	return first
}

// A Gradient is that of a parameter.
type Gradient struct {
	Name  string // of the parameter
	Value gorgonia.Value
}

// Gradients returns the gradients of the parameters for the current batch, as the
// solver will get them. It is for OnGradients: afterwards they are gone.
func (r *Run) Gradients() []Gradient {
	var all []Gradient
	for _, p := range r.params {
		if v, err := p.Grad(); err == nil {
			all = append(all, Gradient{p.(gorgonia.Namer).Name(), v})
		}
	}
	return all
}

// Norm returns the L2 norm of the gradient; NaN if it is not of floats.
func (g Gradient) Norm() float64 {
	var sum float64
	switch v := g.Value.(type) {
	case *gorgonia.F32:
		return math.Abs(float64(*v))
	case *gorgonia.F64:
		return math.Abs(float64(*v))
	case *tensor.Dense:
		switch v.Dtype() {
		case tensor.Float32:
			for _, x := range v.Float32s() {
				sum += float64(float64(x) * float64(x))
			}
		case tensor.Float64:
			for _, x := range v.Float64s() {
				sum += float64(x * x)
			}
		default:
			return math.NaN()
		}
	default:
		return math.NaN()
	}
	return math.Sqrt(sum)
}
