package optim

import (
	"cmp"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/solver"
	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

// SGD is stochastic gradient descent with momentum. With the gradient g of a
// parameter w and its velocity v, at first 0,
//
//	v = Momentum*v + g
//	w = w - LR*v                 classical momentum (Polyak 1964)
//	w = w - LR*(g + Momentum*v)  Nesterov
//
// as in PyTorch with dampening 0; Sutskever et al., "On the importance of
// initialization and momentum in deep learning", 2013, scale v by LR instead,
// which is the same as long as LR is constant. Without momentum w = w - LR*g.
//
// The slot "velocity" exists from the first step with momentum; from then on it
// is kept up to date even if Momentum is 0.
type SGD struct {
	// LR is the learning rate. It must be given: a field left at zero is an
	// error; [Zero] stands for 0.
	LR float64
	// Momentum is in [0, 1).
	Momentum float64
	// Nesterov looks ahead along the velocity; it needs Momentum > 0.
	Nesterov bool

	Regularization

	core core
	k32  sgdKernel[float32]
	k64  sgdKernel[float64]
}

var sgdSlots = slotNames{"velocity"}

// Step implements [gorgonia.Solver].
func (s *SGD) Step(model []gorgonia.ValueGrad) error {
	r, err := s.next()
	if err != nil {
		return err
	}
	return s.core.step(model, r, &s.Regularization)
}

// next returns the rule of the next step.
func (s *SGD) next() (rule, error) {
	if err := s.check("SGD.Step"); err != nil {
		return rule{}, err
	}
	velocity := s.Momentum > 0 || s.core.slots[0]
	s.k32.set(s, velocity)
	s.k64.set(s, velocity)
	return rule{
		solver: "SGD",
		slots:  [maxSlots]bool{velocity},
		f32:    &s.k32,
		f64:    &s.k64,
	}, nil
}

func (s *SGD) parts() (*core, *Regularization) { return &s.core, &s.Regularization }

// Validate implements [Solver].
func (s *SGD) Validate() error { return s.check("SGD") }

func (s *SGD) check(where string) error {
	if s.LR == 0 && !s.core.rate.explicit {
		return errors.Errorf("optim: %s: LR must be given, got 0; SetLR(0) stands for a rate of 0", where)
	}
	err := cmp.Or(setting{"LR", s.LR}.notNegative(where), setting{"Momentum", s.Momentum}.belowOne(where))
	if err == nil && s.Nesterov && s.Momentum == 0 {
		err = errors.Errorf("optim: %s: Momentum must be positive for Nesterov, got 0", where)
	}
	return cmp.Or(err, s.validate(where))
}

// LearningRate implements [Solver].
func (s *SGD) LearningRate() float64 { return orDefault(s.LR, 0) }

// SetLR implements [Solver].
func (s *SGD) SetLR(lr float64) { s.LR, s.core.rate.explicit = lr, true }

// SetMomentum sets Momentum.
func (s *SGD) SetMomentum(momentum float64) { s.Momentum = momentum }

// State implements [Solver].
func (s *SGD) State() State { return s.core.state(sgdSlots) }

// SetState implements [Solver].
func (s *SGD) SetState(state State) error { return s.core.setState("SGD", sgdSlots, 0, state) }

type sgdKernel[F float] struct {
	lr, momentum       F
	velocity, nesterov bool
}

func (k *sgdKernel[F]) set(s *SGD, velocity bool) {
	*k = sgdKernel[F]{F(s.LearningRate()), F(s.Momentum), velocity, s.Nesterov}
}

func (k *sgdKernel[F]) update(w, g, v, _ []F) {
	lr, mu := k.lr, k.momentum
	switch {
	case !k.velocity:
		g = g[:len(w)]
		for i, d := range g {
			// The conversions keep products from being fused with sums.
			w[i] -= F(lr * d)
		}
	case !k.nesterov:
		solver.Momentum(w, g, v, lr, mu)
	default:
		g, v = g[:len(w)], v[:len(w)]
		for i, d := range g {
			u := F(mu*v[i]) + d
			v[i] = u
			w[i] -= F(lr * (d + F(mu*u)))
		}
	}
}

func (k *sgdKernel[F]) updateAt(w, g, v, _ []F, units *units.Units, from, to, ahead int) {
	lr, mu := k.lr, k.momentum
	if k.velocity && !k.nesterov {
		solver.MomentumAt(w, g, v, lr, mu, units, from, to, ahead)
		return
	}
	indices := units.Indices()[from:to]
	g = g[:len(indices)]
	if !k.velocity {
		for i, at := range indices {
			w[at] -= F(lr * g[i])
		}
		return
	}
	v = v[:len(w)]
	for i, at := range indices {
		d := g[i]
		u := F(mu*v[at]) + d
		v[at] = u
		w[at] -= F(lr * (d + F(mu*u)))
	}
}

func (k *sgdKernel[F]) scaled(by float64, own kernel[F]) kernel[F] {
	s := memoryOf[sgdKernel[F]](own)
	*s = *k
	s.lr = F(float64(k.lr) * by)
	return s
}
