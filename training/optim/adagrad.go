package optim

import (
	"cmp"
	"math"

	"gorgonia.org/gorgonia"
)

// AdaGrad divides the gradient by the root of the sum of all its squares so far
// (Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning
// and stochastic optimization", JMLR 12, 2011). With the gradient g of a
// parameter w and q, at first 0,
//
//	q = q + g^2
//	w = w - LR*g/(sqrt(q) + Eps)
//
// as in PyTorch; for its lr_decay use schedule.InverseTime. The slot
// "square_sum" holds q.
type AdaGrad struct {
	// LR is the learning rate; 0 stands for 0.01, [Zero] for 0.
	LR float64
	// Eps keeps the division finite; 0 stands for 1e-10, [Zero] for 0.
	Eps float64

	Regularization

	core core
	k32  adagradKernel[float32]
	k64  adagradKernel[float64]
}

var adagradSlots = slotNames{"square_sum"}

// Step implements [gorgonia.Solver].
func (s *AdaGrad) Step(model []gorgonia.ValueGrad) error {
	if err := s.check("AdaGrad.Step"); err != nil {
		return err
	}
	lr, eps := s.settings()
	s.k32 = adagradKernel[float32]{float32(lr), float32(eps)}
	s.k64 = adagradKernel[float64]{lr, eps}
	return s.core.step(model, rule{
		solver: "AdaGrad",
		slots:  [maxSlots]bool{true},
		f32:    &s.k32,
		f64:    &s.k64,
	}, &s.Regularization)
}

// Validate implements [Solver].
func (s *AdaGrad) Validate() error { return s.check("AdaGrad") }

// settings returns the settings that have defaults.
func (s *AdaGrad) settings() (lr, eps float64) { return s.LearningRate(), orDefault(s.Eps, 1e-10) }

func (s *AdaGrad) check(where string) error {
	lr, eps := s.settings()
	return cmp.Or(setting{"LR", lr}.notNegative(where), setting{"Eps", eps}.notNegative(where), s.validate(where))
}

// LearningRate implements [Solver].
func (s *AdaGrad) LearningRate() float64 { return s.core.rate.of(s.LR, 1e-2) }

// SetLR implements [Solver].
func (s *AdaGrad) SetLR(lr float64) { s.LR, s.core.rate.explicit = lr, true }

// State implements [Solver].
func (s *AdaGrad) State() State { return s.core.state(adagradSlots) }

// SetState implements [Solver].
func (s *AdaGrad) SetState(state State) error {
	return s.core.setState("AdaGrad", adagradSlots, 1, state)
}

type adagradKernel[F float] struct{ lr, eps F }

func (k *adagradKernel[F]) update(w, g, q, _ []F) {
	lr, eps := k.lr, k.eps
	g, q = g[:len(w)], q[:len(w)]
	for i, d := range g {
		a := q[i] + F(d*d) // the conversion keeps the product from being fused with the sum
		q[i] = a
		w[i] -= lr * d / (F(math.Sqrt(float64(a))) + eps)
	}
}

func (k *adagradKernel[F]) scaled(by float64, own kernel[F]) kernel[F] {
	s := memoryOf[adagradKernel[F]](own)
	*s = *k
	s.lr = F(float64(k.lr) * by)
	return s
}
