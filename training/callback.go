package training

// A Callback is told how a run goes; nil functions are left out. An error ends
// the run and is returned by Fit.
type Callback struct {
	OnStart func(*Run) error // before the first step
	OnStep  func(*Run) error // after each update
	OnEpoch func(*Run) error // after each epoch and its evaluation
	OnEnd   func(*Run) error // after the last step, before the final evaluation; also when interrupted

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
	Batch         Metrics // of the last batch, with dropout
	Loss          float64 // of the last batch, as it was minimized
	LR            float64 // of the last update, 0 without a schedule
	History       *History

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
