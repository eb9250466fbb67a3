package optim_test

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// With the same gradients the solvers go where PyTorch's go.
func TestAgreesWithPyTorch(t *testing.T) {
	type settings map[string]any
	type testCase struct {
		Optimizer string        `json:"optimizer"`
		Settings  settings      `json:"settings"`
		ClipValue float64       `json:"clip_value"`
		Shapes    [][]int       `json:"shapes"`
		Values    [][]float64   `json:"values"`
		Gradients [][][]float64 `json:"gradients"` // by step
		Wide      bool          `json:"float64"`
	}
	decay := optim.Regularization{WeightDecay: 0.05}
	cases := []struct {
		optimizer string
		settings  settings
		clip      float64
		solver    func() optim.Solver
	}{
		{"SGD", settings{"lr": 0.01}, 0, func() optim.Solver { return &optim.SGD{LR: 0.01} }},
		{"SGD", settings{"lr": 0.01, "momentum": 0.9}, 0, func() optim.Solver {
			return &optim.SGD{LR: 0.01, Momentum: 0.9}
		}},
		{"SGD", settings{"lr": 0.01, "momentum": 0.9, "weight_decay": 0.05}, 0.5, func() optim.Solver {
			return &optim.SGD{LR: 0.01, Momentum: 0.9, Regularization: optim.Regularization{WeightDecay: 0.05, ClipValue: 0.5}}
		}},
		{"SGD", settings{"lr": 0.01, "momentum": 0.9, "weight_decay": 0.05, "nesterov": true}, 0, func() optim.Solver {
			return &optim.SGD{LR: 0.01, Momentum: 0.9, Nesterov: true, Regularization: decay}
		}},
		{"Adam", settings{}, 0, func() optim.Solver { return &optim.Adam{} }},
		{"Adam", settings{"lr": 0.002, "betas": []float64{0.8, 0.99}, "eps": 1e-4, "weight_decay": 0.05}, 0, func() optim.Solver {
			return &optim.Adam{LR: 0.002, Beta1: 0.8, Beta2: 0.99, Eps: 1e-4, Regularization: decay}
		}},
		{"AdamW", settings{"weight_decay": 0}, 0, func() optim.Solver { return &optim.AdamW{} }},
		{"AdamW", settings{"lr": 0.002, "betas": []float64{0.8, 0.99}, "eps": 1e-4, "weight_decay": 0.05}, 0, func() optim.Solver {
			return &optim.AdamW{LR: 0.002, Beta1: 0.8, Beta2: 0.99, Eps: 1e-4, Regularization: decay}
		}},
		{"RMSprop", settings{}, 0, func() optim.Solver { return &optim.RMSProp{} }},
		{"RMSprop", settings{"lr": 0.001, "alpha": 0.9, "eps": 1e-4, "weight_decay": 0.05, "momentum": 0.5}, 0, func() optim.Solver {
			return &optim.RMSProp{LR: 0.001, Decay: 0.9, Eps: 1e-4, Momentum: 0.5, Regularization: decay}
		}},
		{"Adagrad", settings{}, 0, func() optim.Solver { return &optim.AdaGrad{} }},
		{"Adagrad", settings{"lr": 0.02, "eps": 1e-4, "weight_decay": 0.05}, 0, func() optim.Solver {
			return &optim.AdaGrad{LR: 0.02, Eps: 1e-4, Regularization: decay}
		}},
	}

	shapes := [][]int{{}, {5}, {7, 3}, {3, 2, 5, 3}}
	var sent []testCase
	var got [][][]float64
	for i, c := range cases {
		for _, wide := range []bool{false, true} {
			rng := seeded(uint64(i))
			model := newModel(rng, wide, shapes)
			test := testCase{c.optimizer, c.settings, c.clip, shapes, values(model), nil, wide}
			solver := c.solver()
			for range 20 {
				setGradients(rng, model)
				var gradients [][]float64
				for _, m := range model {
					gradients = append(gradients, numbers(m.(*parameter).grad))
				}
				test.Gradients = append(test.Gradients, gradients)
				if err := solver.Step(model); err != nil {
					t.Fatal(err)
				}
			}
			sent, got = append(sent, test), append(got, values(model))
		}
	}

	var want [][][]float64
	pytorch.Run(t, "testdata/solvers.py", sent, &want)
	if len(want) != len(got) {
		t.Fatalf("%d answers, want %d", len(want), len(got))
	}
	for i, c := range sent {
		tolerance := 1e-6
		if c.Wide {
			tolerance = 1e-13
		}
		for k := range shapes {
			for j, x := range got[i][k] {
				if !near(x, want[i][k][j], tolerance) {
					t.Errorf("%s %v, float64 %t, shape %v, element %d: %v, PyTorch %v",
						c.Optimizer, c.Settings, c.Wide, shapes[k], j, x, want[i][k][j])
					break
				}
			}
		}
	}
}
