package compare

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
)

// An Arm is one of the two ways of training.
type Arm string

// The arms.
const (
	Without Arm = "without dropout"
	With    Arm = "with dropout"
)

// Arms are both arms.
var Arms = []Arm{Without, With}

// Linear is a network without hidden layers, for comparison: it is tuned in the same way,
// with as many trials as it has penalties.
const Linear Arm = "logistic regression"

// penalties are the weight decays of logistic regression.
var penalties = []float64{1e-4, 0.1, 0.01, 1}

// Settings are what is tuned.
type Settings struct {
	Hidden      []int   `json:"hidden"` // units of each hidden layer
	LR          float64 `json:"lr"`
	WeightDecay float64 `json:"weight_decay"`
	InputP      float64 `json:"input_p"`  // drop probability of inputs
	HiddenP     float64 `json:"hidden_p"` // and of hidden units
}

// A Space is what settings are chosen from.
type Space struct {
	First       Settings // the settings to begin with; its rates are those with dropout
	Hidden      [][]int
	LR          [2]float64 // drawn by its logarithm
	WeightDecay [2]float64 // drawn by its logarithm
	// Rates of inputs are 0 in half of the draws. All are drawn by their logarithms where
	// LogP is true, as for numbers, where small ones are common.
	InputP, HiddenP [2]float64
	LogP            bool
	LinearLR        float64 // of logistic regression
}

// The first rounds draw at random. Then every second one tries a neighbour of the best
// settings so far.
const randomRounds = 5

// Propose returns the settings of a trial, given the earlier trials of the same split and
// arm. What both arms have is drawn alike for both.
func (s Space) Propose(seed uint64, split, round int, arm Arm, earlier []Trial) Settings {
	r := rand.New(rand.NewPCG(seedOf(seed, uint64(split), uint64(round)), 1))
	var settings Settings
	best := bestOf(earlier)
	switch {
	case arm == Linear:
		return Settings{Hidden: []int{}, LR: s.LinearLR, WeightDecay: penalties[round]}
	case round == 0:
		settings = s.First
		settings.Hidden = slices.Clone(settings.Hidden)
	case round >= randomRounds && round%2 == 1 && best >= 0:
		settings = s.neighbour(r, earlier[best].Settings)
	default:
		settings = s.draw(r)
	}
	if arm == Without {
		settings.InputP, settings.HiddenP = 0, 0
	}
	return settings
}

func (s Space) draw(r *rand.Rand) Settings {
	settings := Settings{
		Hidden:      slices.Clone(s.Hidden[r.IntN(len(s.Hidden))]),
		LR:          rounded(logUniform(r, s.LR)),
		WeightDecay: rounded(logUniform(r, s.WeightDecay)),
	}
	draw := uniform
	if s.LogP {
		draw = logUniform
	}
	settings.HiddenP, settings.InputP = percent(draw(r, s.HiddenP)), percent(draw(r, s.InputP))
	if r.IntN(2) == 0 {
		settings.InputP = 0
	}
	return settings
}

// neighbour changes settings a little.
func (s Space) neighbour(r *rand.Rand, near Settings) Settings {
	settings := near
	settings.LR = rounded(within(near.LR*math.Exp(0.4*r.NormFloat64()), s.LR))
	settings.WeightDecay = rounded(within(near.WeightDecay*math.Exp(1.2*r.NormFloat64()), s.WeightDecay))
	if s.LogP {
		settings.HiddenP = percent(within(near.HiddenP*math.Exp(0.6*r.NormFloat64()), s.HiddenP))
	} else {
		settings.HiddenP = percent(within(near.HiddenP+0.08*r.NormFloat64(), s.HiddenP))
	}
	settings.InputP = percent(within(near.InputP+0.03*r.NormFloat64(), [2]float64{0, s.InputP[1]}))
	settings.Hidden = slices.Clone(near.Hidden)
	if r.IntN(4) == 0 {
		settings.Hidden = slices.Clone(s.Hidden[r.IntN(len(s.Hidden))])
	}
	return settings
}

func uniform(r *rand.Rand, of [2]float64) float64 { return of[0] + (of[1]-of[0])*r.Float64() }

func logUniform(r *rand.Rand, of [2]float64) float64 {
	return math.Exp(uniform(r, [2]float64{math.Log(of[0]), math.Log(of[1])}))
}

func within(x float64, of [2]float64) float64 { return min(max(x, of[0]), of[1]) }

// percent rounds a rate to half a per cent, so that settings can be typed again.
func percent(p float64) float64 { return math.Round(200*p) / 200 }

// rounded keeps two digits.
func rounded(x float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	return math.Round(x/unit) * unit
}

// seedOf mixes numbers to a seed.
func seedOf(of ...uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for _, n := range of {
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
	return h.Sum64()
}
