package optim

import "gorgonia.org/gorgonia"

// Solver is implemented by every solver of this package: a [gorgonia.Solver]
// whose learning rate can follow a schedule and whose state can be saved.
type Solver interface {
	gorgonia.Solver

	// LearningRate returns the learning rate of the next step: LR or, if that
	// was left at zero, the solver's default.
	LearningRate() float64

	// SetLR sets LR. Unlike a field left at zero, SetLR(0) means a rate of 0,
	// with which a schedule may end; so does LR: [Zero].
	SetLR(lr float64)

	// Validate returns the error about settings that Step would return, nil if
	// there is none. It does not consider parameters.
	Validate() error

	// State returns a copy of everything that the next step depends on besides
	// the settings, the parameters and the gradients.
	State() State

	// SetState replaces the state by a copy of s. It is an error if s does not
	// fit the solver or the parameters it has seen; the solver is then
	// unchanged. If s does not fit the parameters of the next Step, that is an
	// error there. The zero State resets the solver.
	SetState(s State) error
}

var (
	_ Solver = (*SGD)(nil)
	_ Solver = (*Adam)(nil)
	_ Solver = (*AdamW)(nil)
	_ Solver = (*RMSProp)(nil)
	_ Solver = (*AdaGrad)(nil)
)

// rate is the learning rate's state beside the field LR.
type rate struct{ explicit bool }

// of returns the learning rate in effect.
func (r rate) of(lr, def float64) float64 {
	if lr == 0 && r.explicit {
		return 0
	}
	return orDefault(lr, def)
}
