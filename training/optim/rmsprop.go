package optim

import (
	"cmp"
	"math"

	"gorgonia.org/gorgonia"
)

// RMSProp divides the gradient by a running root mean square of itself (Tieleman
// and Hinton, "Lecture 6.5: rmsprop", COURSERA: Neural Networks for Machine
// Learning, 2012). With the gradient g of a parameter w and q, u at first 0,
//
//	q = Decay*q + (1-Decay)*g^2
//	u = Momentum*u + g/(sqrt(q) + Eps)
//	w = w - LR*u
//
// as in PyTorch. The slot "square_average" holds q; "velocity" holds u and
// exists from the first step with momentum.
type RMSProp struct {
	// LR is the learning rate; 0 stands for 0.01, [Zero] for 0.
	LR float64
	// Decay is the decay rate of the mean, PyTorch's alpha, below 1; 0 stands
	// for 0.99, [Zero] for 0.
	Decay float64
	// Eps keeps the division finite; 0 stands for 1e-8, [Zero] for 0.
	Eps float64
	// Momentum is in [0, 1).
	Momentum float64

	Regularization

	core core
	k32  rmspropKernel[float32]
	k64  rmspropKernel[float64]
}

var rmspropSlots = slotNames{"square_average", "velocity"}

// Step implements [gorgonia.Solver].
func (s *RMSProp) Step(model []gorgonia.ValueGrad) error {
	if err := s.check("RMSProp.Step"); err != nil {
		return err
	}
	lr, decay, eps := s.settings()
	velocity := s.Momentum > 0 || s.core.slots[1]
	s.k32.set(lr, decay, eps, s.Momentum, velocity)
	s.k64.set(lr, decay, eps, s.Momentum, velocity)
	return s.core.step(model, rule{
		solver: "RMSProp",
		slots:  [maxSlots]bool{true, velocity},
		f32:    &s.k32,
		f64:    &s.k64,
	}, &s.Regularization)
}

// Validate implements [Solver].
func (s *RMSProp) Validate() error { return s.check("RMSProp") }

// settings returns the settings that have defaults.
func (s *RMSProp) settings() (lr, decay, eps float64) {
	return s.LearningRate(), orDefault(s.Decay, 0.99), orDefault(s.Eps, 1e-8)
}

func (s *RMSProp) check(where string) error {
	lr, decay, eps := s.settings()
	return cmp.Or(
		setting{"LR", lr}.notNegative(where),
		setting{"Eps", eps}.notNegative(where),
		setting{"Decay", decay}.belowOne(where),
		setting{"Momentum", s.Momentum}.belowOne(where),
		s.validate(where),
	)
}

// LearningRate implements [Solver].
func (s *RMSProp) LearningRate() float64 { return s.core.rate.of(s.LR, 1e-2) }

// SetLR implements [Solver].
func (s *RMSProp) SetLR(lr float64) { s.LR, s.core.rate.explicit = lr, true }

// SetMomentum sets Momentum.
func (s *RMSProp) SetMomentum(momentum float64) { s.Momentum = momentum }

// State implements [Solver].
func (s *RMSProp) State() State { return s.core.state(rmspropSlots) }

// SetState implements [Solver].
func (s *RMSProp) SetState(state State) error {
	return s.core.setState("RMSProp", rmspropSlots, 1, state)
}

type rmspropKernel[F float] struct {
	lr, decay, rest, eps, momentum F
	velocity                       bool
}

func (k *rmspropKernel[F]) set(lr, decay, eps, momentum float64, velocity bool) {
	*k = rmspropKernel[F]{F(lr), F(decay), F(1 - decay), F(eps), F(momentum), velocity}
}

func (k *rmspropKernel[F]) update(w, g, q, u []F) {
	lr, decay, rest, eps, mu := k.lr, k.decay, k.rest, k.eps, k.momentum
	g, q = g[:len(w)], q[:len(w)]
	if !k.velocity {
		for i, d := range g {
			// The conversions keep products from being fused with sums.
			a := F(decay*q[i]) + F(rest*d*d)
			q[i] = a
			w[i] -= lr * d / (F(math.Sqrt(float64(a))) + eps)
		}
		return
	}
	u = u[:len(w)]
	for i, d := range g {
		a := F(decay*q[i]) + F(rest*d*d)
		b := F(mu*u[i]) + d/(F(math.Sqrt(float64(a)))+eps)
		q[i], u[i] = a, b
		w[i] -= F(lr * b)
	}
}

func (k *rmspropKernel[F]) scaled(by float64, own kernel[F]) kernel[F] {
	s := memoryOf[rmspropKernel[F]](own)
	*s = *k
	s.lr = F(float64(k.lr) * by)
	return s
}
