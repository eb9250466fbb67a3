package optim

import (
	"cmp"

	"gorgonia.org/gorgonia"
)

// AdamW is [Adam] with decoupled weight decay (Loshchilov and Hutter,
// "Decoupled weight decay regularization", 2019): a parameter w is scaled by
// 1-LR*WeightDecay before Adam's update, and the decay does not enter the
// moments. The default of WeightDecay is 0, unlike PyTorch's 0.01. L1 is not
// decoupled.
//
// Its slots are "first_moment" and "second_moment".
type AdamW struct {
	// LR is the learning rate; 0 stands for 0.001, [Zero] for 0.
	LR float64
	// Beta1 and Beta2 are the decay rates of the moments, below 1; 0 stands for
	// 0.9 and 0.999, [Zero] for 0.
	Beta1, Beta2 float64
	// Eps keeps the division finite; 0 stands for 1e-8, [Zero] for 0.
	Eps float64

	Regularization

	moments
}

// Step implements [gorgonia.Solver].
func (s *AdamW) Step(model []gorgonia.ValueGrad) error {
	r, err := s.next()
	if err != nil {
		return err
	}
	return s.core.step(model, r, &s.Regularization)
}

// next returns the rule of the next step.
func (s *AdamW) next() (rule, error) {
	c, err := s.settings("AdamW.Step")
	return s.rule("AdamW", c, true), err
}

func (s *AdamW) parts() (*core, *Regularization) { return &s.core, &s.Regularization }

// Validate implements [Solver].
func (s *AdamW) Validate() error {
	_, err := s.settings("AdamW")
	return err
}

func (s *AdamW) settings(where string) (adamSettings, error) {
	return resolve(where, adamSettings{s.LearningRate(), s.Beta1, s.Beta2, s.Eps}, &s.Regularization)
}

// LearningRate implements [Solver].
func (s *AdamW) LearningRate() float64 { return s.core.rate.of(s.LR, 1e-3) }

// SetLR implements [Solver].
func (s *AdamW) SetLR(lr float64) { s.LR, s.core.rate.explicit = lr, true }

// SetMomentum sets Beta1, which is the momentum of this solver, as PyTorch's one-cycle
// schedule does. Unlike a field left at zero, SetMomentum(0) means 0.
func (s *AdamW) SetMomentum(momentum float64) { s.Beta1 = cmp.Or(momentum, Zero) }

// State implements [Solver].
func (s *AdamW) State() State { return s.core.state(adamSlots) }

// SetState implements [Solver].
func (s *AdamW) SetState(state State) error { return s.core.setState("AdamW", adamSlots, 2, state) }
