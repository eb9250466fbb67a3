package optim_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// formula is a solver written out: it updates one element w by its gradient g
// at step t = 1, 2, ... with what it remembers of the element in s.
type formula func(w, g float64, s *[2]float64, t int) float64

func sgd(lr, mu float64, nesterov bool) formula {
	return func(w, g float64, s *[2]float64, _ int) float64 {
		s[0] = mu*s[0] + g
		if nesterov {
			return w - lr*(g+mu*s[0])
		}
		return w - lr*s[0]
	}
}

func adam(lr, beta1, beta2, eps float64) formula {
	return func(w, g float64, s *[2]float64, t int) float64 {
		s[0] = beta1*s[0] + (1-beta1)*g
		s[1] = beta2*s[1] + (1-beta2)*g*g
		m := s[0] / (1 - math.Pow(beta1, float64(t)))
		v := s[1] / (1 - math.Pow(beta2, float64(t)))
		return w - lr*m/(math.Sqrt(v)+eps)
	}
}

func adamw(lr, decay, beta1, beta2, eps float64) formula {
	f := adam(lr, beta1, beta2, eps)
	return func(w, g float64, s *[2]float64, t int) float64 { return f(w-lr*decay*w, g, s, t) }
}

func rmsprop(lr, decay, eps, mu float64) formula {
	return func(w, g float64, s *[2]float64, _ int) float64 {
		s[0] = decay*s[0] + (1-decay)*g*g
		s[1] = mu*s[1] + g/(math.Sqrt(s[0])+eps)
		return w - lr*s[1]
	}
}

func adagrad(lr, eps float64) formula {
	return func(w, g float64, s *[2]float64, _ int) float64 {
		s[0] += g * g
		return w - lr*g/(math.Sqrt(s[0])+eps)
	}
}

// reference takes a step of a whole model: the rules of Regularization in plain
// loops around a formula. decay is the weight decay in the gradient.
func reference(w, g [][]float64, memory [][][2]float64, shapes [][]int, f formula, r optim.Regularization, decay float64, t int) {
	squares := 0.0
	for i := range g {
		for j, d := range g[i] {
			if r.ClipValue > 0 {
				g[i][j] = math.Max(-r.ClipValue, math.Min(r.ClipValue, d))
			}
			squares += g[i][j] * g[i][j]
		}
	}
	if norm := math.Sqrt(squares); r.ClipNorm > 0 && norm > r.ClipNorm {
		for i := range g {
			for j := range g[i] {
				g[i][j] *= r.ClipNorm / norm
			}
		}
	}
	for i := range w {
		for j := range w[i] {
			d := g[i][j] + decay*w[i][j]
			if w[i][j] > 0 {
				d += r.L1
			} else if w[i][j] < 0 {
				d -= r.L1
			}
			w[i][j] = f(w[i][j], d, &memory[i][j], t)
		}
		switch {
		case r.MaxNorm == 0:
		case len(shapes[i]) == 2:
			bound(w[i], shapes[i], 1, r.MaxNorm)
		case len(shapes[i]) == 4:
			bound(w[i], shapes[i], 0, r.MaxNorm)
		}
	}
}

// bound projects the units along an axis by the definition.
func bound(w []float64, shape []int, axis int, c float64) {
	unit := func(j int) int { return j / size(shape[axis+1:]) % shape[axis] }
	sums := make([]float64, shape[axis])
	for j, x := range w {
		sums[unit(j)] += x * x
	}
	for j := range w {
		if norm := math.Sqrt(sums[unit(j)]); norm > c {
			w[j] *= c / norm
		}
	}
}

// solverCase is a solver with the formula it promises.
type solverCase struct {
	name   string
	solver func(optim.Regularization) optim.Solver
	f      func(optim.Regularization) formula
	// decoupled solvers have the weight decay in the formula.
	decoupled bool
}

func fixed(f formula) func(optim.Regularization) formula {
	return func(optim.Regularization) formula { return f }
}

var solverCases = []solverCase{
	{"SGD", func(r optim.Regularization) optim.Solver {
		return &optim.SGD{LR: 0.01, Regularization: r}
	}, fixed(sgd(0.01, 0, false)), false},
	{"SGD momentum", func(r optim.Regularization) optim.Solver {
		return &optim.SGD{LR: 0.01, Momentum: 0.9, Regularization: r}
	}, fixed(sgd(0.01, 0.9, false)), false},
	{"SGD Nesterov", func(r optim.Regularization) optim.Solver {
		return &optim.SGD{LR: 0.01, Momentum: 0.95, Nesterov: true, Regularization: r}
	}, fixed(sgd(0.01, 0.95, true)), false},
	{"Adam", func(r optim.Regularization) optim.Solver {
		return &optim.Adam{Regularization: r}
	}, fixed(adam(1e-3, 0.9, 0.999, 1e-8)), false},
	{"Adam set", func(r optim.Regularization) optim.Solver {
		return &optim.Adam{LR: 0.01, Beta1: 0.8, Beta2: 0.9, Eps: 1e-3, Regularization: r}
	}, fixed(adam(0.01, 0.8, 0.9, 1e-3)), false},
	{"AdamW", func(r optim.Regularization) optim.Solver {
		return &optim.AdamW{Regularization: r}
	}, func(r optim.Regularization) formula { return adamw(1e-3, r.WeightDecay, 0.9, 0.999, 1e-8) }, true},
	{"AdamW set", func(r optim.Regularization) optim.Solver {
		return &optim.AdamW{LR: 0.01, Beta1: 0.8, Beta2: 0.9, Eps: 1e-3, Regularization: r}
	}, func(r optim.Regularization) formula { return adamw(0.01, r.WeightDecay, 0.8, 0.9, 1e-3) }, true},
	{"RMSProp", func(r optim.Regularization) optim.Solver {
		return &optim.RMSProp{LR: 1e-3, Regularization: r}
	}, fixed(rmsprop(1e-3, 0.99, 1e-8, 0)), false},
	{"RMSProp defaults", func(r optim.Regularization) optim.Solver {
		return &optim.RMSProp{Decay: 0.5, Eps: 0.1, Regularization: r}
	}, fixed(rmsprop(0.01, 0.5, 0.1, 0)), false},
	{"RMSProp momentum", func(r optim.Regularization) optim.Solver {
		return &optim.RMSProp{LR: 1e-3, Decay: 0.9, Eps: 1e-4, Momentum: 0.5, Regularization: r}
	}, fixed(rmsprop(1e-3, 0.9, 1e-4, 0.5)), false},
	{"AdaGrad", func(r optim.Regularization) optim.Solver {
		return &optim.AdaGrad{Regularization: r}
	}, fixed(adagrad(0.01, 1e-10)), false},
	{"AdaGrad set", func(r optim.Regularization) optim.Solver {
		return &optim.AdaGrad{LR: 0.02, Eps: 0.1, Regularization: r}
	}, fixed(adagrad(0.02, 0.1)), false},
}

// everything is on, and acts.
var everything = optim.Regularization{WeightDecay: 0.1, L1: 0.05, ClipValue: 0.3, ClipNorm: 2, MaxNorm: 1.5}

var regularizations = []struct {
	name string
	r    optim.Regularization
}{
	{"plain", optim.Regularization{}},
	{"WeightDecay", optim.Regularization{WeightDecay: 0.1}},
	{"L1", optim.Regularization{L1: 0.05}},
	{"ClipValue", optim.Regularization{ClipValue: 0.3}},
	{"ClipNorm", optim.Regularization{ClipNorm: 2}},
	{"ClipNorm out of reach", optim.Regularization{ClipNorm: 1e6}},
	{"MaxNorm", optim.Regularization{MaxNorm: 1.5}},
	{"everything", everything},
}

// Each solver does what its formula says, in both element types.
func TestFormulas(t *testing.T) {
	for _, c := range solverCases {
		for _, reg := range regularizations {
			for _, wide := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/float64=%t", c.name, reg.name, wide), func(t *testing.T) {
					checkFormula(t, c, reg.r, wide)
				})
			}
		}
	}
}

func checkFormula(t *testing.T, c solverCase, r optim.Regularization, wide bool) {
	rng := seeded(11)
	all := slices.Clone(shapes)
	if c.name == "SGD" && r == everything {
		all = append(all, large...)
	}
	model := newModel(rng, wide, all)
	if wide {
		model = append(model, &parameter{gorgonia.NewF64(0.75), gorgonia.NewF64(0)})
	} else {
		model = append(model, &parameter{gorgonia.NewF32(0.75), gorgonia.NewF32(0)})
	}
	all = append(all, []int{})

	want, memory := values(model), make([][][2]float64, len(model))
	for i := range want {
		memory[i] = make([][2]float64, len(want[i]))
	}
	decay := r.WeightDecay
	if c.decoupled {
		decay = 0
	}
	solver, f := c.solver(r), c.f(r)
	for step := 1; step <= 20; step++ {
		setGradients(rng, model)
		var gradients [][]float64
		for _, m := range model {
			gradients = append(gradients, numbers(m.(*parameter).grad))
		}
		reference(want, gradients, memory, all, f, r, decay, step)
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
	}
	tolerance := 1e-12
	if !wide {
		tolerance = 5e-6
	}
	for i, got := range values(model) {
		for j, x := range got {
			if !near(x, want[i][j], tolerance) {
				t.Fatalf("shape %v, element %d: %v, want %v", all[i], j, x, want[i][j])
			}
		}
		for j, x := range numbers(model[i].(*parameter).grad) {
			if x != 0 {
				t.Fatalf("shape %v, element %d: gradient %v after the step, want 0", all[i], j, x)
			}
		}
	}
}

// The subgradient of |w| at 0 is 0, and L1 does not tell -0 from 0.
func TestL1AtZero(t *testing.T) {
	w := []float64{0, math.Copysign(0, -1), 1, -1}
	solver := &optim.SGD{LR: 0.5, Regularization: optim.Regularization{L1: 0.25}}
	if err := solver.Step(list(w, make([]float64, 4))); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0, 0, 0.875, -0.875} {
		if w[i] != want {
			t.Errorf("element %d: %v, want %v", i, w[i], want)
		}
	}
}

// chosen is a parameter that decides how it is regularized.
type chosen struct {
	parameter
	noDecay bool
	axis    int
}

func (p *chosen) NoDecay() bool { return p.noDecay }
func (p *chosen) UnitAxis() int { return p.axis }

// NoDecay keeps penalties off a parameter, coupled and decoupled ones, and
// UnitAxis chooses what MaxNorm bounds.
func TestParametersChoose(t *testing.T) {
	r := optim.Regularization{WeightDecay: 0.5, L1: 0.5}
	for _, no := range []bool{false, true} {
		for _, solver := range []optim.Solver{&optim.SGD{LR: 0.5, Regularization: r}, &optim.AdamW{LR: 0.5, Regularization: r}} {
			w := zeros[float64]([]int{2, 2})
			assign(w, []float64{3, 4, 6, 8})
			p := &chosen{parameter{w, zeros[float64]([]int{2, 2})}, no, -1}
			if err := solver.Step([]gorgonia.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
			if kept := w.Float64s()[0] == 3; kept != no {
				t.Errorf("%T: NoDecay %t: 3 became %v", solver, no, w.Float64s()[0])
			}
		}
	}
	for _, c := range []struct {
		axis int
		want []float64
	}{
		{-1, []float64{3, 4, 6, 8}},
		{0, []float64{3, 4, 3, 4}},
		{1, []float64{5 / math.Sqrt(5), 5 / math.Sqrt(5), 10 / math.Sqrt(5), 10 / math.Sqrt(5)}},
	} {
		w := zeros[float64]([]int{2, 2})
		assign(w, []float64{3, 4, 6, 8})
		p := &chosen{parameter{w, zeros[float64]([]int{2, 2})}, false, c.axis}
		solver := &optim.SGD{LR: 0.5, Regularization: optim.Regularization{MaxNorm: 5}}
		if err := solver.Step([]gorgonia.ValueGrad{p}); err != nil {
			t.Fatal(err)
		}
		for i, x := range w.Float64s() {
			if !near(x, c.want[i], 1e-14) {
				t.Errorf("axis %d: %v, want %v", c.axis, w.Float64s(), c.want)
				break
			}
		}
	}
}
