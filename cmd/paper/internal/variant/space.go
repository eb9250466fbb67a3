package variant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"
)

// A Space is what a setting may be: from Low to High, uniformly or uniformly in
// the logarithm.
type Space struct {
	Name      string
	Low, High float64
	Log       bool
}

// The settings of every method: the learning rate, and the decay of weights.
var (
	Rate  = Space{Name: "rate", Low: 5e-4, High: 5e-3, Log: true}
	Decay = Space{Name: "decay", Low: 1e-3, High: 0.5, Log: true}
)

// Dimensions is the number of settings of a trial: rate, decay, and as many as a
// method has at most.
const Dimensions = 4

// At returns the setting at a place between 0, the lowest, and 1. Three digits
// are enough to choose by, and are the same on all machines.
func (s Space) At(place float64) float64 {
	x := s.Low + float64(place*(s.High-s.Low))
	if s.Log {
		x = s.Low * math.Pow(s.High/s.Low, place)
	}
	x, _ = strconv.ParseFloat(fmt.Sprintf("%.3g", x), 64) // of what was just formatted
	return x
}

func (s Space) String() string {
	if s.Log {
		return fmt.Sprintf("%s %g to %g (log)", s.Name, s.Low, s.High)
	}
	return fmt.Sprintf("%s %g to %g", s.Name, s.Low, s.High)
}

// Places returns the places of n trials in the space of settings: a Latin
// hypercube, which has one trial in each of n equal parts of every setting. They
// are the same for all methods, and others for each seed.
func Places(n int, seed uint64) [][]float64 {
	source := rand.NewPCG(seed, uint64(n))
	draws := mat.NewDense(n, Dimensions, nil)
	samplemv.LatinHypercube{Q: distmv.NewUnitUniform(Dimensions, source), Src: source}.Sample(draws)
	all := make([][]float64, n)
	for i := range all {
		all[i] = draws.RawRowView(i)
	}
	return all
}
