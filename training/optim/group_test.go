package optim_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// grouped is a parameter with a learning rate and a weight decay of its own.
type grouped struct {
	parameter
	factor, decay float64
	rows, cols    []int
}

func (p *grouped) LRFactor() float64                  { return p.factor }
func (p *grouped) WeightDecay(solver float64) float64 { return p.decay * solver }
func (p *grouped) Block() (rows, cols []int)          { return p.rows, p.cols }

// A parameter with settings of its own goes where a solver with these settings brings it,
// and those beside it where the solver brings them.
func TestGroups(t *testing.T) {
	const factor, decay = 0.25, 2 // powers of 2, so that nothing is rounded twice
	reg := everything
	reg.ClipNorm = 0 // which couples all parameters
	for _, c := range solverCases {
		for _, wide := range []bool{false, true} {
			train := func(solver optim.Solver, choose func(i int) bool) [][]float64 {
				rng := seeded(4)
				model := newModel(seeded(3), wide, shapes)
				for i, m := range model {
					if choose(i) {
						model[i] = &grouped{parameter: *m.(*parameter), factor: factor, decay: decay}
					}
				}
				for range 5 {
					for _, m := range model {
						g, _ := m.Grad()
						assign(g, draw(rng, len(numbers(g)), 0, 1))
					}
					if err := solver.Step(model); err != nil {
						t.Fatal(err)
					}
				}
				return values(model)
			}
			none := func(int) bool { return false }
			own := reg
			own.WeightDecay *= decay
			slow := c.solver(own)
			slow.SetLR(factor * slow.LearningRate())
			with, without := train(slow, none), train(c.solver(reg), none)
			got := train(c.solver(reg), func(i int) bool { return i%2 == 0 })
			for i := range got {
				want := without[i]
				if i%2 == 0 {
					want = with[i]
				}
				if !slices.Equal(got[i], want) {
					t.Errorf("%s, float64 %t, parameter %d: want %v, got %v", c.name, wide, i, want[:1], got[i][:1])
				}
			}
			if slices.Equal(with[4], without[4]) {
				t.Fatalf("%s: the settings of the group change nothing", c.name)
			}
		}
	}
}

// A block follows the settings of its parameter.
func TestGroupsOfBlocks(t *testing.T) {
	for _, c := range solverCases {
		run := func(solver optim.Solver, factor float64) []float64 {
			p := &grouped{parameter{zeros[float64]([]int{4, 6}), zeros[float64]([]int{2, 3})}, factor, 1, []int{1, 2}, []int{0, 3, 5}}
			assign(p.value, draw(seeded(1), 24, 0.5, 1))
			for range 3 {
				assign(p.grad, draw(seeded(2), 6, 0.5, 1))
				if err := solver.Step([]gorgonia.ValueGrad{p}); err != nil {
					t.Fatal(err)
				}
			}
			return numbers(p.value)
		}
		reg := optim.Regularization{WeightDecay: 0.125}
		slow := c.solver(reg)
		slow.SetLR(0.5 * slow.LearningRate())
		if got, want := run(c.solver(reg), 0.5), run(slow, 1); !slices.Equal(got, want) {
			t.Errorf("%s: want %v, got %v", c.name, want, got)
		}
	}
}

func TestGroupsAllocateNothing(t *testing.T) {
	for _, c := range solverCases {
		p := &grouped{parameter{zeros[float32]([]int{30}), zeros[float32]([]int{30})}, 0.3, 1, nil, nil}
		model, solver := []gorgonia.ValueGrad{p}, c.solver(everything)
		if n := testing.AllocsPerRun(20, func() {
			if err := solver.Step(model); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: a step allocates %v times", c.name, n)
		}
	}
}

func TestGroupsReject(t *testing.T) {
	for _, tt := range []struct {
		factor, decay float64
		want          string
	}{
		{-1, 1, "LRFactor must be finite and not negative, got -1"},
		{math.NaN(), 1, "LRFactor must be finite and not negative, got NaN"},
		{1, math.Inf(1), "WeightDecay must be finite and not negative, got +Inf"},
		{1, -2, "WeightDecay must be finite and not negative, got -2"},
	} {
		p := &grouped{parameter{zeros[float32]([]int{3}), zeros[float32]([]int{3})}, tt.factor, tt.decay, nil, nil}
		err := (&optim.SGD{LR: 1, Regularization: optim.Regularization{WeightDecay: 1}}).Step([]gorgonia.ValueGrad{p})
		wantError(t, err, "optim: SGD.Step: parameter 0: "+tt.want)
		if got := numbers(p.value); !slices.Equal(got, make([]float64, 3)) {
			t.Errorf("the parameter must stay, got %v", got)
		}
	}
}
