package solver

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// Momentum does a step of gradient descent with classical momentum (Polyak
// 1964), with the gradient g of w and its velocity v:
//
//	v = mu*v + g
//	w = w - lr*v
func Momentum[F Float](w, g, v []F, lr, mu F) {
	g, v = g[:len(w)], v[:len(w)]
	if w, ok := any(w).([]float32); ok {
		momentum32(isa.Active(), w, any(g).([]float32), any(v).([]float32), float32(lr), float32(mu))
		return
	}
	momentum(w, g, v, lr, mu)
}

func momentum[F Float](w, g, v []F, lr, mu F) {
	g, v = g[:len(w)], v[:len(w)]
	for i, d := range g {
		u := F(mu*v[i]) + d
		v[i] = u
		w[i] -= F(lr * u)
	}
}
