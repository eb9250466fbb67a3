package optim

import (
	"math"

	"github.com/pkg/errors"
)

// treat settles how a parameter, the gorgonia.ValueGrad m, is treated in a step: with which
// multiple of the learning rate and which weight decay.
func (p *param) treat(m any, r *rule, reg *Regularization) error {
	factor := 1.0
	if m, ok := m.(interface{ LRFactor() float64 }); ok {
		factor = m.LRFactor()
	}
	p.decay = reg.WeightDecay
	if m, ok := m.(interface{ WeightDecay(solver float64) float64 }); ok {
		p.decay = m.WeightDecay(reg.WeightDecay)
	}
	for _, s := range [...]setting{{"LRFactor", factor}, {"WeightDecay", p.decay}} {
		if !(s.value >= 0) || math.IsInf(s.value, 1) {
			return errors.Errorf("%s must be finite and not negative, got %v", s.name, s.value)
		}
	}
	p.shrink = 0
	if r.decoupled {
		p.shrink = r.lr * factor * p.decay
	}
	p.f32.use(r.f32, factor)
	p.f64.use(r.f64, factor)
	return nil
}

// use chooses the kernel of a parameter: that of the step, or one of its own where the
// learning rate differs.
func (a *arrays[F]) use(k kernel[F], factor float64) {
	if factor != 1 {
		a.own = k.scaled(factor, a.own)
		k = a.own
	}
	a.kernel = k
}

// memoryOf returns the memory of a kernel that is of the type K, or new memory.
func memoryOf[K any, F float](own kernel[F]) *K {
	if k, ok := any(own).(*K); ok {
		return k
	}
	return new(K)
}
