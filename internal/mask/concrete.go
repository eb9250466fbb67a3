package mask

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// concrete is the derivative of an order with respect to the logit of the factor
//
//	m = (1-z)*(1+e^logit),  z = sigmoid((logit + log(u/(1-u)))/t)
//
// as a function of u's word. Derivative k of z is P[k](z)/t^k with P[0] = z and
// P[k+1] = P[k]'*z*(1-z), and those of 1+e^logit are e^logit; Leibniz's rule
// combines the two. Each product is rounded on its own, so that all machines
// agree.
type concrete struct {
	logit, temperature float64
	polynomials        [][]float64 // by derivative of z: coefficients of ascending powers
	weights            []float64   // binomials of order, each times its derivative of 1+e^logit, by derivative of z
}

// Concrete returns multiplicative noise: the factors of Concrete dropout, or
// their derivative of an order with respect to the logit.
func Concrete(l Layout, s drop.Stream, order int, logit, temperature float64) Noise {
	e := portable.Exp(logit)
	c := &concrete{logit: logit, temperature: temperature, polynomials: [][]float64{{0, 1}}, weights: []float64{e}}
	if order == 0 {
		c.weights[0] = 1 + e
	}
	binomial, power := 1.0, 1.0
	for k := 1; k <= order; k++ {
		last := c.polynomials[k-1]
		next := make([]float64, len(last)+1)
		for i, a := range last {
			next[i] += float64(a * float64(i))
			next[i+1] -= float64(a * float64(i))
		}
		c.polynomials = append(c.polynomials, next)
		binomial = binomial * float64(order-k+1) / float64(k)
		power *= temperature
		outer := e
		if k == order {
			outer = 1 + e
		}
		c.weights = append(c.weights, binomial*outer/power)
	}
	return Noise{Layout: l, Stream: s, concrete: c}
}

// factors sets m to those of words, at most piece of them.
func (c *concrete) factors(m []float64, words []uint32) {
	for i, word := range words {
		u := float64(word) + 0.5 // times 2^32
		m[i] = u / (1<<32 - u)
	}
	elementary.Log(m)
	var buffer [piece]float64
	z := buffer[:len(m)]
	for i, log := range m {
		z[i] = (c.logit + log) / c.temperature
		m[i] = -z[i]
	}
	elementary.Sigmoid64(m) // 1-z, without the loss of 1 minus z
	for i, kept := range m {
		m[i] = float64(c.weights[0] * kept)
	}
	if len(c.weights) == 1 {
		return
	}
	elementary.Sigmoid64(z)
	for k, p := range c.polynomials[1:] {
		weight := c.weights[k+1]
		for i, z := range z {
			sum := 0.0
			for j := len(p) - 1; j >= 0; j-- {
				sum = float64(sum*z) + p[j]
			}
			m[i] -= float64(weight * sum)
		}
	}
}
