package optim_test

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Zero is 0 where a field's own 0 stands for a default: the formulas hold with it.
func TestZero(t *testing.T) {
	gradients := []float64{0.5, -2, 0.25}
	// What a step moves w by, with the gradient g, the t-th from 1, and the mean q of
	// the squares so far.
	root := func(q float64, t int) float64 { return math.Sqrt(q / (1 - math.Pow(0.999, float64(t)))) }
	sign := func(g float64) float64 { return math.Copysign(1, g) }
	for _, tt := range []struct {
		name   string
		solver optim.Solver
		decay  float64 // of the mean of squares; 1: their sum
		moves  func(g, q float64, t int) float64
	}{
		{"Adam Beta1", &optim.Adam{LR: 0.1, Beta1: optim.Zero}, 0.999, func(g, q float64, t int) float64 { return 0.1 * g / (root(q, t) + 1e-8) }},
		{"Adam Beta1 Eps", &optim.Adam{LR: 0.1, Beta1: optim.Zero, Eps: optim.Zero}, 0.999, func(g, q float64, t int) float64 { return 0.1 * g / root(q, t) }},
		{"Adam Beta1 Beta2", &optim.Adam{LR: 0.1, Beta1: optim.Zero, Beta2: optim.Zero, Eps: 1}, 0, func(g, q float64, _ int) float64 { return 0.1 * g / (math.Abs(g) + 1) }},
		{"AdamW Beta1", &optim.AdamW{LR: 0.1, Beta1: optim.Zero}, 0.999, func(g, q float64, t int) float64 { return 0.1 * g / (root(q, t) + 1e-8) }},
		{"RMSProp Decay Eps", &optim.RMSProp{LR: 0.1, Decay: optim.Zero, Eps: optim.Zero}, 0, func(g, _ float64, _ int) float64 { return 0.1 * sign(g) }},
		{"AdaGrad Eps", &optim.AdaGrad{LR: 0.1, Eps: optim.Zero}, 1, func(g, q float64, _ int) float64 { return 0.1 * g / math.Sqrt(q) }},
		{"SGD LR", &optim.SGD{LR: optim.Zero}, 0, func(float64, float64, int) float64 { return 0 }},
		{"Adam LR", &optim.Adam{LR: optim.Zero}, 0, func(float64, float64, int) float64 { return 0 }},
		{"AdamW LR", &optim.AdamW{LR: optim.Zero}, 0, func(float64, float64, int) float64 { return 0 }},
		{"RMSProp LR", &optim.RMSProp{LR: optim.Zero}, 0, func(float64, float64, int) float64 { return 0 }},
		{"AdaGrad LR", &optim.AdaGrad{LR: optim.Zero}, 0, func(float64, float64, int) float64 { return 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.solver.Validate(); err != nil {
				t.Fatal(err)
			}
			w, g := []float64{3, 3}, []float64{0, 0}
			want, q := 3.0, 0.0
			for i, d := range gradients {
				rest := 1 - tt.decay
				if tt.decay == 1 {
					rest = 1
				}
				q = tt.decay*q + rest*d*d
				want -= tt.moves(d, q, i+1)
				g[0], g[1] = d, d
				if err := tt.solver.Step(list(w, g)); err != nil {
					t.Fatal(err)
				}
				if math.Abs(w[0]-want) > 1e-12 || w[1] != w[0] {
					t.Fatalf("step %d: want %v, got %v", i, want, w)
				}
			}
			if lr := tt.solver.LearningRate(); lr != 0.1 && lr != 0 {
				t.Errorf("want a learning rate of 0.1 or 0, got %v", lr)
			}
		})
	}
}
