package training

import (
	"encoding/json"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

// A Plateau says when and how [ReduceLROnPlateau] lowers the learning rate.
type Plateau struct {
	// Factor, in (0, 1), multiplies the learning rate; 0 means 0.1.
	Factor float64
	// Patience is the number of epochs without improvement before the rate falls; 0 means 10.
	Patience int
	// Cooldown is the number of epochs after a fall in which none is counted.
	Cooldown int
	// MinLR is the learning rate below which it does not fall.
	MinLR float64
	// Monitor says by which metric epochs are judged; the zero Monitor is the Trainer's.
	Monitor Monitor
}

// ReduceLROnPlateau lowers the learning rate, that of the schedule or else the solver's,
// whenever the metric has not become better for some epochs, like the classes of that name
// in Keras and PyTorch (whose patience is lower by 1). It needs a validation set and a
// solver whose learning rate can be read and set, as those of package optim. Resumed runs
// go on exactly. At the end the solver has its own learning rate again.
func ReduceLROnPlateau(p Plateau) Callback {
	c := &plateau{Plateau: p}
	if p.Factor == 0 {
		c.Factor = 0.1
	}
	if p.Patience == 0 {
		c.Patience = 10
	}
	return Callback{Name: "ReduceLROnPlateau", OnStart: c.start, OnEpoch: c.epoch, OnFinish: c.finish, Save: c.save, Load: c.load}
}

type plateau struct {
	Plateau
	run     *Run
	monitor Monitor
	plateauState
}

// plateauState is what has to be remembered.
type plateauState struct {
	Settings Plateau  `json:"settings"`
	Best     *float64 `json:"best"` // nil before the first number
	Bad      int      `json:"bad"`  // epochs since then that count
	Cooling  int      `json:"cooling"`
	LRFactor float64  `json:"lr_factor"`
}

func (p *plateau) start(r *Run) error {
	p.run, p.monitor, p.plateauState = r, p.Monitor, plateauState{Settings: p.Plateau, LRFactor: 1}
	if p.Monitor == (Monitor{}) {
		p.monitor = r.Trainer.Monitor
	}
	p.Settings.Monitor = p.monitor
	_, reads := r.Trainer.Solver.(interface{ LearningRate() float64 })
	_, sets := r.Trainer.Solver.(interface{ SetLR(float64) })
	switch {
	case !(p.Factor > 0 && p.Factor < 1):
		return errors.Errorf("training: ReduceLROnPlateau: Factor must be in (0, 1), got %v", p.Factor)
	case p.Patience < 1:
		return errors.Errorf("training: ReduceLROnPlateau: Patience must be at least 1, got %d", p.Patience)
	case p.Cooldown < 0:
		return errors.Errorf("training: ReduceLROnPlateau: Cooldown must not be negative, got %d", p.Cooldown)
	case !(p.MinLR >= 0) || !finite(p.MinLR):
		return errors.Errorf("training: ReduceLROnPlateau: MinLR must be finite and not negative, got %v", p.MinLR)
	case !reads || !sets:
		return errors.Errorf("training: ReduceLROnPlateau: solver must have LearningRate and SetLR, got %T", r.Trainer.Solver)
	}
	r.reduces = true
	return errors.WithMessage(p.monitor.check(r), "training: ReduceLROnPlateau")
}

func (p *plateau) epoch(r *Run) error {
	score, ok := p.monitor.of(r.History.Epochs[len(r.History.Epochs)-1])
	if !ok {
		return nil
	}
	if finite(score.Value) && (p.Best == nil || score.Direction.Better(score.Value, *p.Best, p.monitor.MinDelta)) {
		p.Best, p.Bad = &score.Value, 0
	} else {
		p.Bad++
	}
	if p.Cooling > 0 {
		p.Cooling--
		p.Bad = 0
	}
	if p.Bad < p.Patience {
		return nil
	}
	p.Bad, p.Cooling = 0, p.Cooldown
	now := r.baseLR * r.lrFactor
	if r.LR != nil {
		now = *r.LR
	}
	by := p.Factor
	if now*by < p.MinLR {
		by = min(1, p.MinLR/now)
	}
	p.LRFactor *= by
	r.lrFactor = p.LRFactor
	return nil
}

// finish gives the solver its own learning rate back where there is no schedule.
func (p *plateau) finish(r *Run) error {
	if r.Trainer.LR == nil {
		r.Trainer.Solver.(interface{ SetLR(float64) }).SetLR(r.baseLR)
	}
	return nil
}

func (p *plateau) save() (CallbackState, error) {
	data, err := json.Marshal(p.plateauState)
	return CallbackState{Data: data}, errors.Wrap(err, "training: ReduceLROnPlateau")
}

func (p *plateau) load(s CallbackState) error {
	var state plateauState
	n, err := configfile.ParseJSON("state", s.Data)
	if err == nil {
		err = n.DecodeAll(&state)
	}
	if err != nil {
		return errors.Wrap(err, "training: ReduceLROnPlateau")
	}
	if state.Settings != p.Settings {
		return errors.Errorf("training: ReduceLROnPlateau: settings must be %+v as in the state, got %+v", state.Settings, p.Settings)
	}
	if !(state.LRFactor > 0 && state.LRFactor <= 1) {
		return errors.Errorf("training: ReduceLROnPlateau: lr_factor must be in (0, 1], got %v", state.LRFactor)
	}
	p.plateauState = state
	p.run.lrFactor = state.LRFactor
	return nil
}
