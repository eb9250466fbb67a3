package solver

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

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

// MomentumAt is Momentum for the elements of w and v that are units [from, to) of at. g
// has an element for each of them. What will be updated next is best so many elements
// ahead in w and v; it is fetched meanwhile.
func MomentumAt[F Float](w, g, v []F, lr, mu F, at *units.Units, from, to, ahead int) {
	momentumAt(isa.Active(), w, g, v, lr, mu, at, from, to, ahead)
}

func momentumAt[F Float](set isa.Set, w, g, v []F, lr, mu F, at *units.Units, from, to, ahead int) {
	indices := at.Indices()[from:to]
	g = g[:len(indices)]
	var done units.Groups
	if w, ok := any(w).([]float32); ok {
		done = momentumGroups32(set, w, any(g).([]float32), any(v).([]float32), float32(lr), float32(mu), at, from, to, ahead)
	}
	momentumSingly(w, g[:done.From], v, lr, mu, indices[:done.From])
	momentumSingly(w, g[done.To:], v, lr, mu, indices[done.To:])
}

func momentumSingly[F Float](w, g, v []F, lr, mu F, indices []int) {
	g, v = g[:len(indices)], v[:len(w)]
	for i, at := range indices {
		u := F(mu*v[at]) + g[i]
		v[at] = u
		w[at] -= F(lr * u)
	}
}
