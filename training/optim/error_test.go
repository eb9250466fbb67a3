package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Settings out of range are errors, and a step that fails changes nothing.
func TestSettingErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		solver optim.Solver
		want   string
	}{
		{&optim.SGD{}, "SGD.Step: LR must be given, got 0; SetLR(0) stands for a rate of 0"},
		{&optim.SGD{LR: -1}, "SGD.Step: LR must be finite and not negative, got -1"},
		{&optim.SGD{LR: nan}, "SGD.Step: LR must be finite and not negative, got NaN"},
		{&optim.SGD{LR: 1, Momentum: nan}, "SGD.Step: Momentum must be in [0, 1), got NaN"},
		{&optim.SGD{LR: 1, Momentum: 1}, "SGD.Step: Momentum must be in [0, 1), got 1"},
		{&optim.SGD{LR: 1, Momentum: -0.1}, "SGD.Step: Momentum must be in [0, 1), got -0.1"},
		{&optim.SGD{LR: 1, Nesterov: true}, "SGD.Step: Momentum must be positive for Nesterov, got 0"},
		{&optim.Adam{LR: inf}, "Adam.Step: LR must be finite and not negative, got +Inf"},
		{&optim.Adam{Beta1: 1}, "Adam.Step: Beta1 must be in [0, 1), got 1"},
		{&optim.Adam{Beta2: -1}, "Adam.Step: Beta2 must be in [0, 1), got -1"},
		{&optim.Adam{Eps: -1}, "Adam.Step: Eps must be finite and not negative, got -1"},
		{&optim.AdamW{LR: -1}, "AdamW.Step: LR must be finite and not negative, got -1"},
		{&optim.AdamW{Beta1: nan}, "AdamW.Step: Beta1 must be in [0, 1), got NaN"},
		{&optim.RMSProp{LR: -1}, "RMSProp.Step: LR must be finite and not negative, got -1"},
		{&optim.RMSProp{Decay: 1}, "RMSProp.Step: Decay must be in [0, 1), got 1"},
		{&optim.RMSProp{Momentum: 2}, "RMSProp.Step: Momentum must be in [0, 1), got 2"},
		{&optim.RMSProp{Eps: nan}, "RMSProp.Step: Eps must be finite and not negative, got NaN"},
		{&optim.AdaGrad{LR: nan}, "AdaGrad.Step: LR must be finite and not negative, got NaN"},
		{&optim.AdaGrad{Eps: inf}, "AdaGrad.Step: Eps must be finite and not negative, got +Inf"},
		{&optim.SGD{LR: 1, Regularization: optim.Regularization{WeightDecay: -1}}, "SGD.Step: WeightDecay must be finite and not negative, got -1"},
		{&optim.Adam{Regularization: optim.Regularization{L1: nan}}, "Adam.Step: L1 must be finite and not negative, got NaN"},
		{&optim.AdamW{Regularization: optim.Regularization{MaxNorm: inf}}, "AdamW.Step: MaxNorm must be finite and not negative, got +Inf"},
		{&optim.RMSProp{Regularization: optim.Regularization{ClipValue: -2}}, "RMSProp.Step: ClipValue must be finite and not negative, got -2"},
		{&optim.AdaGrad{Regularization: optim.Regularization{ClipNorm: -3}}, "AdaGrad.Step: ClipNorm must be finite and not negative, got -3"},
	} {
		w, g := []float64{1, 2}, []float64{3, 4}
		wantError(t, c.solver.Validate(), "optim: "+strings.Replace(c.want, ".Step", "", 1))
		wantError(t, c.solver.Step(list(w, g)), "optim: "+c.want)
		if want := [][]float64{{1, 2}, {3, 4}}; !same([][]float64{w, g}, want) {
			t.Errorf("%s: values %v, gradients %v after the error", c.want, w, g)
		}
		if s := c.solver.State(); s.Step != 0 || len(s.Slots) != 0 {
			t.Errorf("%s: state %v after the error", c.want, s)
		}
	}
}

// failing has no gradient to give.
type failing struct{ parameter }

func (f *failing) Grad() (gorgonia.Value, error) { return nil, errors.New("none yet") }

// named is a parameter with a name.
type named struct{ parameter }

func (n *named) Name() string { return "fc1.weight" }

// Parameters and gradients that do not fit are errors that name the parameter,
// and the good ones beside them stay as they are.
func TestParameterErrors(t *testing.T) {
	ints := tensor.New(tensor.WithShape(2), tensor.Of(tensor.Int))
	two := func() *tensor.Dense { return zeros[float64]([]int{2}) }
	transposed := zeros[float64]([]int{2, 3})
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	memory := make([]float64, 4)
	const strange = "must be a scalar or dense tensor of float32 or float64, got "
	for _, c := range []struct {
		model []gorgonia.ValueGrad // after a good one
		want  string
	}{
		{[]gorgonia.ValueGrad{nil}, "parameter 1: must be a value with a gradient, got nil"},
		{[]gorgonia.ValueGrad{(*gorgonia.Node)(nil)}, "parameter 1: must be a value with a gradient, got nil"},
		{[]gorgonia.ValueGrad{&parameter{nil, two()}}, "parameter 1: value: must be a value, got none"},
		{[]gorgonia.ValueGrad{&parameter{two(), nil}}, "parameter 1: gradient: must be a value, got none"},
		{[]gorgonia.ValueGrad{&parameter{(*tensor.Dense)(nil), two()}}, "parameter 1: value: " + strange + "*tensor.Dense of <nil>"},
		{[]gorgonia.ValueGrad{&parameter{(*gorgonia.F32)(nil), two()}}, "parameter 1: value: " + strange + "*gorgonia.F32 of <nil>"},
		{[]gorgonia.ValueGrad{&parameter{gorgonia.NewI(1), two()}}, "parameter 1: value: " + strange + "*gorgonia.I of 1"},
		{[]gorgonia.ValueGrad{&failing{parameter{two(), nil}}}, "parameter 1: gradient: none yet"},
		{[]gorgonia.ValueGrad{&parameter{ints, two()}}, "parameter 1: value: must be of float32 or float64, got int"},
		{[]gorgonia.ValueGrad{&parameter{two(), ints}}, "parameter 1: gradient: must be of float32 or float64, got int"},
		{[]gorgonia.ValueGrad{&named{parameter{two(), ints}}}, "parameter 1 (fc1.weight): gradient: must be of float32 or float64, got int"},
		{[]gorgonia.ValueGrad{&parameter{two(), zeros[float64]([]int{3})}},
			"parameter 1: gradient must be float64 of shape (2) as the value, got float64 of shape (3)"},
		{[]gorgonia.ValueGrad{&parameter{zeros[float64]([]int{2, 3}), zeros[float64]([]int{3, 2})}},
			"parameter 1: gradient must be float64 of shape (2, 3) as the value, got float64 of shape (3, 2)"},
		{[]gorgonia.ValueGrad{&parameter{two(), zeros[float32]([]int{2})}},
			"parameter 1: gradient must be float64 of shape (2) as the value, got float32 of shape (2)"},
		{[]gorgonia.ValueGrad{&parameter{transposed, zeros[float64]([]int{3, 2})}},
			"parameter 1: value must be row-major, got strides [1 3] for shape (3, 2)"},
		{[]gorgonia.ValueGrad{&chosen{parameter{two(), two()}, false, 1}}, "parameter 1: UnitAxis must be in [-1, 1), got 1"},
		{[]gorgonia.ValueGrad{&parameter{dense([]int{3}, memory[:3]), zeros[float64]([]int{3})}, &parameter{dense([]int{2}, memory[2:]), two()}},
			"parameters must differ, got one memory for 1 and 2"},
		{[]gorgonia.ValueGrad{&parameter{dense([]int{2}, memory[:2]), dense([]int{2}, memory[1:3])}},
			"gradients must not share memory with parameters, got one memory for those of 1 and 1"},
	} {
		w, g := []float64{1, 2}, []float64{3, 4}
		model := append(list(w, g), c.model...)
		solver := &optim.Adam{Regularization: everything}
		for range 2 { // the first error is not taken for a step
			wantError(t, solver.Step(model), "optim: Adam.Step: "+c.want)
		}
		if want := [][]float64{{1, 2}, {3, 4}}; !same([][]float64{w, g}, want) {
			t.Errorf("%s: values %v, gradients %v after the error", c.want, w, g)
		}
		if err := solver.Step(list(w, g)); err != nil {
			t.Errorf("%s: a good step after the error: %v", c.want, err)
		}
	}
}

// The list of parameters stays the same from step to step.
func TestChangedParameters(t *testing.T) {
	wide, narrow := newModel(seeded(1), true, [][]int{{2}, {3}}), newModel(seeded(1), false, [][]int{{2}, {3}})
	swapped := []gorgonia.ValueGrad{wide[1], wide[0]}
	solver := &optim.RMSProp{}
	train(t, solver, wide, seeded(2), 2)
	before := values(wide)
	wantError(t, solver.Step(wide[:1]), "optim: RMSProp.Step: must have the 2 parameters of earlier steps, got 1")
	wantError(t, solver.Step(nil), "optim: RMSProp.Step: must have the 2 parameters of earlier steps, got 0")
	wantError(t, solver.Step(swapped), "optim: RMSProp.Step: parameter 0: value must be float64 of shape (2) as in earlier steps, got float64 of shape (3)")
	wantError(t, solver.Step(narrow), "optim: RMSProp.Step: parameter 0: value must be float64 of shape (2) as in earlier steps, got float32 of shape (2)")
	if !same(values(wide), before) {
		t.Error("a failed step changed parameters")
	}
	if step := solver.State().Step; step != 2 {
		t.Errorf("step %d after errors, want 2", step)
	}
	train(t, solver, wide, seeded(3), 1)
}
