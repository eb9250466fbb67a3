package optim

import (
	"cmp"
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/solver"
)

// Adam is the solver of Kingma and Ba, "Adam: a method for stochastic
// optimization", 2015. With the gradient g of a parameter w at step t = 1, 2,
// ... and moments m and v, at first 0,
//
//	m = Beta1*m + (1-Beta1)*g
//	v = Beta2*v + (1-Beta2)*g^2
//	w = w - LR * m/(1-Beta1^t) / (sqrt(v/(1-Beta2^t)) + Eps)
//
// Its slots are "first_moment" and "second_moment".
type Adam struct {
	// LR is the learning rate; 0 stands for 0.001, [Zero] for 0.
	LR float64
	// Beta1 and Beta2 are the decay rates of the moments, below 1; 0 stands for
	// 0.9 and 0.999, [Zero] for 0. With Beta1: Zero, Adam is [RMSProp] with bias
	// correction.
	Beta1, Beta2 float64
	// Eps keeps the division finite; 0 stands for 1e-8, [Zero] for 0.
	Eps float64

	Regularization

	moments
}

// Step implements [gorgonia.Solver].
func (s *Adam) Step(model []gorgonia.ValueGrad) error {
	r, err := s.next()
	if err != nil {
		return err
	}
	return s.core.step(model, r, &s.Regularization)
}

// next returns the rule of the next step.
func (s *Adam) next() (rule, error) {
	c, err := s.settings("Adam.Step")
	return s.rule("Adam", c, false), err
}

func (s *Adam) parts() (*core, *Regularization) { return &s.core, &s.Regularization }

// Validate implements [Solver].
func (s *Adam) Validate() error {
	_, err := s.settings("Adam")
	return err
}

func (s *Adam) settings(where string) (adamSettings, error) {
	return resolve(where, adamSettings{s.LearningRate(), s.Beta1, s.Beta2, s.Eps}, &s.Regularization)
}

// LearningRate implements [Solver].
func (s *Adam) LearningRate() float64 { return s.core.rate.of(s.LR, 1e-3) }

// SetLR implements [Solver].
func (s *Adam) SetLR(lr float64) { s.LR, s.core.rate.explicit = lr, true }

// SetMomentum sets Beta1, which is the momentum of this solver, as PyTorch's one-cycle
// schedule does. Unlike a field left at zero, SetMomentum(0) means 0.
func (s *Adam) SetMomentum(momentum float64) { s.Beta1 = cmp.Or(momentum, Zero) }

// State implements [Solver].
func (s *Adam) State() State { return s.core.state(adamSlots) }

// SetState implements [Solver].
func (s *Adam) SetState(state State) error { return s.core.setState("Adam", adamSlots, 2, state) }

var adamSlots = slotNames{"first_moment", "second_moment"}

// adamSettings are the settings of Adam and AdamW.
type adamSettings struct{ lr, beta1, beta2, eps float64 }

// resolve fills in defaults and checks the result and r.
func resolve(where string, c adamSettings, r *Regularization) (adamSettings, error) {
	c.beta1 = orDefault(c.beta1, 0.9)
	c.beta2 = orDefault(c.beta2, 0.999)
	c.eps = orDefault(c.eps, 1e-8)
	for _, s := range [...]setting{{"LR", c.lr}, {"Eps", c.eps}} {
		if err := s.notNegative(where); err != nil {
			return c, err
		}
	}
	for _, s := range [...]setting{{"Beta1", c.beta1}, {"Beta2", c.beta2}} {
		if err := s.belowOne(where); err != nil {
			return c, err
		}
	}
	return c, r.validate(where)
}

// moments are what Adam and AdamW keep from step to step.
type moments struct {
	core core
	k32  adamKernel[float32]
	k64  adamKernel[float64]
}

// rule returns that of the next step; decoupled is for the weight decay of AdamW.
func (m *moments) rule(solver string, c adamSettings, decoupled bool) rule {
	m.k32.set(c, m.core.steps+1)
	m.k64.set(c, m.core.steps+1)
	return rule{solver: solver, slots: [maxSlots]bool{true, true}, f32: &m.k32, f64: &m.k64, decoupled: decoupled, lr: c.lr}
}

// adamKernel is the update of [solver.Adam].
type adamKernel[F float] struct{ solver.Adam[F] }

func (k *adamKernel[F]) set(c adamSettings, t int64) {
	root := math.Sqrt(1 - math.Pow(c.beta2, float64(t)))
	k.Adam = solver.Adam[F]{
		Step:  F(c.lr * root / (1 - math.Pow(c.beta1, float64(t)))),
		Beta1: F(c.beta1),
		Beta2: F(c.beta2),
		Rest1: F(1 - c.beta1),
		Rest2: F(1 - c.beta2),
		Eps:   F(c.eps * root),
	}
}

func (k *adamKernel[F]) update(w, g, m, v []F) { k.Update(w, g, m, v) }

func (k *adamKernel[F]) scaled(by float64, own kernel[F]) kernel[F] {
	s := memoryOf[adamKernel[F]](own)
	*s = *k
	s.Step = F(float64(k.Step) * by)
	return s
}
