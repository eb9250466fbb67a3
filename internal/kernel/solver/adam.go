package solver

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// Adam is the update of Kingma and Ba, "Adam: a method for stochastic
// optimization", 2015, in the order of section 2 that saves a division: with
// the gradient g of w and the moments m and v,
//
//	m = Beta1*m + Rest1*g
//	v = Beta2*v + Rest2*g*g
//	w = w - Step*m/(sqrt(v) + Eps)
//
// Step and Eps include the bias corrections.
type Adam[F Float] struct{ Step, Beta1, Beta2, Rest1, Rest2, Eps F }

// Update updates w, m and v. Square roots and divisions take several times as
// long one by one as in vectors.
func (k *Adam[F]) Update(w, g, m, v []F) {
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	if k, ok := any(k).(*Adam[float32]); ok {
		adam32(isa.Active(), k, any(w).([]float32), any(g).([]float32), any(m).([]float32), any(v).([]float32))
		return
	}
	k.update(w, g, m, v)
}

func (k *Adam[F]) update(w, g, m, v []F) {
	step, beta1, beta2, rest1, rest2, eps := k.Step, k.Beta1, k.Beta2, k.Rest1, k.Rest2, k.Eps
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i, d := range g {
		a := F(beta1*m[i]) + F(rest1*d)
		b := F(beta2*v[i]) + F(rest2*d*d)
		m[i], v[i] = a, b
		w[i] -= step * a / (F(math.Sqrt(float64(b))) + eps)
	}
}
