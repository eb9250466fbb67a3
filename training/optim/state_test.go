package optim_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Training goes on from a state bit for bit, in a new solver and with
// parameters in other memory.
func TestStateResumes(t *testing.T) {
	for _, c := range solverCases {
		for _, wide := range []bool{false, true} {
			const n, m = 7, 6
			whole, rng := newModel(seeded(1), wide, shapes), seeded(2)
			train(t, c.solver(everything), whole, rng, n+m)

			model, rng := newModel(seeded(1), wide, shapes), seeded(2)
			first := c.solver(everything)
			train(t, first, model, rng, n)
			state := first.State()
			if state.Step != n {
				t.Fatalf("%s: step %d, want %d", c.name, state.Step, n)
			}
			moved := newModel(seeded(3), wide, shapes)
			for i, v := range values(model) {
				assign(moved[i].Value(), v)
			}
			second := c.solver(everything)
			if err := second.SetState(state); err != nil {
				t.Fatal(err)
			}
			// Both have copies, so that neither sees what becomes of state.
			train(t, first, model, seeded(4), 1)
			for _, list := range state.Slots {
				for _, d := range list {
					d.Zero()
				}
			}
			train(t, second, moved, rng, m)
			if !same(values(moved), values(whole)) {
				t.Errorf("%s, float64 %t: %d steps, a state and %d steps differ from %d steps", c.name, wide, n, m, n+m)
			}
		}
	}
}

// A solver goes back to its own earlier state, and by the zero State to its
// beginning, where it takes other parameters.
func TestStateRewinds(t *testing.T) {
	for _, c := range solverCases {
		solver, model := c.solver(everything), newModel(seeded(1), true, shapes)
		again := func(s optim.State) [][]float64 {
			if err := solver.SetState(s); err != nil {
				t.Fatal(err)
			}
			for i, v := range values(newModel(seeded(1), true, shapes)) {
				assign(model[i].Value(), v)
			}
			train(t, solver, model, seeded(5), 3)
			return values(model)
		}
		train(t, solver, model, seeded(2), 2)
		state := solver.State()
		if a, b := again(state), again(state); !same(a, b) {
			t.Errorf("%s: a state taken twice leads to two results", c.name)
		}
		fresh := newModel(seeded(1), true, shapes)
		train(t, c.solver(everything), fresh, seeded(5), 3)
		if got := again(optim.State{}); !same(got, values(fresh)) {
			t.Errorf("%s: the zero State is not the beginning", c.name)
		}
		if err := solver.SetState(optim.State{}); err != nil {
			t.Fatal(err)
		}
		train(t, solver, newModel(seeded(1), false, [][]int{{2, 2}}), seeded(2), 1)
	}
}

// Slots have the names that the documentation lists, and the kinds of their
// parameters.
func TestStateSlots(t *testing.T) {
	for _, c := range []struct {
		solver optim.Solver
		want   []string
	}{
		{&optim.SGD{LR: 1}, nil},
		{&optim.SGD{LR: 1, Momentum: 0.5}, []string{"velocity"}},
		{&optim.Adam{}, []string{"first_moment", "second_moment"}},
		{&optim.AdamW{}, []string{"first_moment", "second_moment"}},
		{&optim.RMSProp{}, []string{"square_average"}},
		{&optim.RMSProp{Momentum: 0.5}, []string{"square_average", "velocity"}},
		{&optim.AdaGrad{}, []string{"square_sum"}},
	} {
		model := newModel(seeded(1), false, shapes)
		train(t, c.solver, model, seeded(2), 1)
		s := c.solver.State()
		if len(s.Slots) != len(c.want) {
			t.Errorf("%T: %d slots, want %q", c.solver, len(s.Slots), c.want)
		}
		for _, name := range c.want {
			if len(s.Slots[name]) != len(model) {
				t.Fatalf("%T: slot %q holds %d tensors, want %d", c.solver, name, len(s.Slots[name]), len(model))
			}
			for i, d := range s.Slots[name] {
				if d.Dtype() != tensor.Float32 || !d.Shape().Eq(model[i].Value().Shape()) {
					t.Errorf("%T: slot %q, parameter %d: %v of shape %v, want float32 of shape %v",
						c.solver, name, i, d.Dtype(), d.Shape(), shapes[i])
				}
			}
		}
	}
}

// States that do not fit are errors, and leave the solver as it was.
func TestSetStateErrors(t *testing.T) {
	type slots = map[string][]*tensor.Dense
	z := func(shape ...int) *tensor.Dense { return zeros[float64](shape) }
	transposed := z(2, 2)
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	sgd := func() optim.Solver { return &optim.SGD{LR: 0.1, Momentum: 0.5} }
	adam := func() optim.Solver { return &optim.Adam{} }
	for _, c := range []struct {
		solver func() optim.Solver
		state  optim.State
		want   string
	}{
		{sgd, optim.State{Step: -1}, "SGD.SetState: Step must not be negative, got -1"},
		{sgd, optim.State{Step: 1, Slots: slots{"momentum": nil}}, `SGD.SetState: slots must be of ["velocity"], got "momentum"`},
		{sgd, optim.State{Step: 1, Slots: slots{"": nil}}, `SGD.SetState: slots must be of ["velocity"], got ""`},
		{sgd, optim.State{Step: 1, Slots: slots{"velocity": {z(2, 2)}}}, `SGD.SetState: slot "velocity" must hold 2 tensors, got 1`},
		{sgd, optim.State{Step: 1, Slots: slots{"velocity": {z(2, 2), z(4)}}},
			`SGD.SetState: slot "velocity", parameter 1: must be float64 of shape (3), got float64 of shape (4)`},
		{sgd, optim.State{Step: 1, Slots: slots{"velocity": {z(2, 2), zeros[float32]([]int{3})}}},
			`SGD.SetState: slot "velocity", parameter 1: must be float64 of shape (3), got float32 of shape (3)`},
		{sgd, optim.State{Step: 1, Slots: slots{"velocity": {nil, z(3)}}},
			`SGD.SetState: slot "velocity", parameter 0: must be a tensor, got nil`},
		{sgd, optim.State{Step: 1, Slots: slots{"velocity": {z(2, 2), tensor.New(tensor.Of(tensor.Int), tensor.WithShape(3))}}},
			`SGD.SetState: slot "velocity", parameter 1: must be of float32 or float64, got int`},
		{sgd, optim.State{Step: 1, Slots: slots{"velocity": {transposed, z(3)}}},
			`SGD.SetState: slot "velocity", parameter 0: must be row-major, got strides [1 2] for shape (2, 2)`},
		{adam, optim.State{Step: 1}, `Adam.SetState: must have slot "first_moment", got none`},
		{adam, optim.State{Slots: slots{"first_moment": {z(2, 2), z(3)}}}, `Adam.SetState: must have slot "second_moment", got none`},
		{adam, optim.State{Step: 1, Slots: slots{"first_moment": {z(2, 2), z(3)}, "second_moment": {z(2, 2), z(2)}}},
			`Adam.SetState: slot "second_moment", parameter 1: must be float64 of shape (3), got float64 of shape (2)`},
		{func() optim.Solver { return &optim.RMSProp{} }, optim.State{Step: 3, Slots: slots{"velocity": {z(2, 2), z(3)}}},
			`RMSProp.SetState: must have slot "square_average", got none`},
		{func() optim.Solver { return &optim.AdaGrad{} }, optim.State{Step: 3}, `AdaGrad.SetState: must have slot "square_sum", got none`},
		{func() optim.Solver { return &optim.AdamW{} }, optim.State{Step: -3}, `AdamW.SetState: Step must not be negative, got -3`},
	} {
		solver, spared := c.solver(), c.solver()
		model, twin := newModel(seeded(1), true, [][]int{{2, 2}, {3}}), newModel(seeded(1), true, [][]int{{2, 2}, {3}})
		train(t, solver, model, seeded(2), 2)
		train(t, spared, twin, seeded(2), 2)
		wantError(t, solver.SetState(c.state), "optim: "+c.want)
		train(t, solver, model, seeded(3), 2)
		train(t, spared, twin, seeded(3), 2)
		if !same(values(model), values(twin)) {
			t.Errorf("%s: the solver is not as it was", c.want)
		}
	}

	// A new solver knows no parameters; slots must fit each other, and the
	// parameters of the next step.
	solver := adam()
	wantError(t, solver.SetState(optim.State{Slots: slots{"first_moment": {z(2), z(3)}, "second_moment": {z(2)}}}),
		`optim: Adam.SetState: slot "second_moment" must hold 2 tensors, got 1`)
	if err := solver.SetState(optim.State{Slots: slots{"first_moment": {z(3)}, "second_moment": {z(3)}}}); err != nil {
		t.Fatal(err)
	}
	wantError(t, solver.Step([]gorgonia.ValueGrad{&parameter{z(2), z(2)}}),
		"optim: Adam.Step: parameter 0: value must be float64 of shape (3) as in earlier steps, got float64 of shape (2)")
}
