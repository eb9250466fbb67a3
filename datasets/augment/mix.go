package augment

import (
	"math"
	"math/rand/v2"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Mix mixes an example with another: [Mixup] or [CutMix].
type Mix interface {
	// Draw chooses how two examples of the given shape are mixed.
	Draw(shape []int, r *rand.Rand) (Mixture, error)
}

// A Mixture is how two examples are mixed.
type Mixture struct {
	Share float64                  // of the example itself in its targets, in [0, 1]
	Apply func(x, other []float32) // makes x the mixture
}

// mixInto makes x the mean of x and other with the given share of x.
func mixInto(x, other []float32, share float64) {
	a := float32(share)
	for i, v := range other {
		x[i] = float32(a*x[i]) + float32((1-a)*v) // each product rounded on its own
	}
}

// Mixup replaces an example by share*example + (1-share)*other, and its targets likewise,
// where share is drawn from Beta(Alpha, Alpha) (Zhang et al., "mixup: Beyond Empirical Risk
// Minimization", 2018).
type Mixup struct {
	Alpha float64 // positive; 0 means 0.2
}

// Draw implements [Mix].
func (m Mixup) Draw(_ []int, r *rand.Rand) (Mixture, error) {
	share, err := beta(r, "Mixup", m.Alpha, 0.2)
	return Mixture{share, func(x, other []float32) { mixInto(x, other, share) }}, err
}

// CutMix replaces a rectangle of an image by that of the other, and as much of its targets as the
// rectangle is of the area, which is drawn from Beta(Alpha, Alpha) but for what lies over
// the edges (Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
// Localizable Features", ICCV 2019).
type CutMix struct {
	Alpha float64 // positive; 0 means 1
}

// Draw implements [Mix].
func (c CutMix) Draw(shape []int, r *rand.Rand) (Mixture, error) {
	m, err := imageOf("CutMix", nil, shape)
	if err != nil {
		return Mixture{}, err
	}
	share, err := beta(r, "CutMix", c.Alpha, 1)
	if err != nil {
		return Mixture{}, err
	}
	side := math.Sqrt(1 - share)
	b := boxAround(r, m.height, m.width, float64(float64(m.height)*side), float64(float64(m.width)*side))
	cut := max(0, b.bottom-b.top) * max(0, b.right-b.left)
	return Mixture{
		Share: 1 - float64(cut)/float64(m.height*m.width),
		Apply: func(x, other []float32) {
			for at := 0; at < len(x); at += m.height * m.width {
				for row := b.top; row < b.bottom; row++ {
					from, to := at+row*m.width+b.left, at+row*m.width+b.right
					copy(x[from:to], other[from:to])
				}
			}
		},
	}, nil
}

// beta draws from Beta(alpha, alpha), where alpha of 0 means def: the share of one of two equal
// Gamma variables in their sum.
func beta(r *rand.Rand, what string, alpha, def float64) (float64, error) {
	if alpha == 0 {
		alpha = def
	}
	if !(alpha > 0) || math.IsInf(alpha, 1) {
		return 0, errors.Errorf("augment: %s: Alpha must be finite and not negative, got %v", what, alpha)
	}
	a, b := logGamma(r, alpha), logGamma(r, alpha)
	return 1 / (1 + portable.Exp(b-a)), nil
}

// logGamma draws the logarithm of a Gamma variable of the given shape (Marsaglia and Tsang,
// "A Simple Method for Generating Gamma Variables", 2000). Gonum's uses functions that differ
// between processors in the last bit.
func logGamma(r *rand.Rand, shape float64) float64 {
	// A shape below 1 is one above, times a power of a uniform variable.
	d := shape + 1 - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := portable.Normal(r.Uint32())
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		log := 3 * portable.Log(v)
		cube := float64(float64(v*v) * v)
		u := 1 - r.Float64() // in (0, 1]
		if portable.Log(u) < float64(0.5*float64(x*x))+float64(d*(1-cube+log)) {
			return portable.Log(d) + log + portable.Log(1-r.Float64())/shape
		}
	}
}
