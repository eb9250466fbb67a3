package training

import (
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Callback is told how a run goes; nil functions are left out. An error ends
// the run and is returned by Fit.
type Callback struct {
	OnStart func(*Run) error // before the first step
	// OnGradients is called before each update, when Gradients has what the batch
	// has given.
	OnGradients func(*Run) error
	OnStep      func(*Run) error // after each update
	OnEpoch     func(*Run) error // after each epoch and its evaluation
	OnEnd       func(*Run) error // after the last step, before the final evaluation; also when interrupted

	// Save and Load are for callbacks that remember something, so that a run can
	// be resumed. Load is called after OnStart.
	Save func() (CallbackState, error)
	Load func(CallbackState) error
}

// A Run is a run under way, as callbacks see it.
type Run struct {
	Trainer *Trainer
	Epoch   int   // the current one, from 0
	Steps   int64 // updates made
	// StepsPerEpoch is the number of batches in an epoch.
	StepsPerEpoch int
	Batch         Metrics  // of the last batch, with dropout
	Loss          float64  // of the last batch, as it was minimized
	LR            *float64 // of the last update, nil without a schedule
	History       *History
	// Err is what ended the run before its time: for OnEnd, nil until then.
	Err error

	params  []gorgonia.ValueGrad // of the current step, before the update
	stop    string
	next    int   // the epoch to go on with
	batches int   // of that epoch that are done
	partial Epoch // the record of that epoch so far
}

// Stop ends the run after the current step or epoch, and records the reason.
func (r *Run) Stop(reason string) { r.stop = reason }

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

// end tells all callbacks of the end, also where one of them fails, and returns
// the first error of the run.
func (r *Run) end() error {
	first := r.Err
	for _, c := range r.Trainer.Callbacks {
		if c.OnEnd == nil {
			continue
		}
		if err := c.OnEnd(r); first == nil {
			first = err
		}
	}
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
				sum += float64(x) * float64(x)
			}
		case tensor.Float64:
			for _, x := range v.Float64s() {
				sum += x * x
			}
		default:
			return math.NaN()
		}
	default:
		return math.NaN()
	}
	return math.Sqrt(sum)
}
