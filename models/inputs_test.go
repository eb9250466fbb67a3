package models_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
)

// compiled is a program of a model for a batch.
func compiled(t testing.TB, m *models.Model, mode models.Mode, batch int) *models.Program {
	t.Helper()
	p, err := m.Compile(mode, batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// ran runs a program and returns a copy of its output.
func ran(t testing.TB, p *models.Program) []float64 {
	t.Helper()
	if err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(testkit.Floats(t, p.Graph().Output.Value()))
}

// set sets inputs by name.
func set(t testing.TB, p *models.Program, inputs map[string]any) {
	t.Helper()
	for name, v := range inputs {
		if err := p.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
}

// A model with inputs of numbers and of ids, and a head: its outputs are those of the
// parts, in both types, and the numbers may come as float32 or float64.
func TestInputsAndHeads(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		t.Run(dt.String(), func(t *testing.T) {
			m := mustModel(t, models.Sequential{
				models.Join("age"), models.Join("region", models.Embedding(4, 2)),
				models.Head("sum", models.Linear(0, 1)), models.Linear(0, 3),
			}, []int{2}, models.WithInput("age", 1), models.WithIDs("region"), models.WithDtype(dt), models.WithSeed(3))
			if got := names(m.Params()); !slices.Equal(got, []string{"1.0.weight", "2.0.weight", "2.0.bias", "3.weight", "3.bias"}) {
				t.Fatal(got)
			}
			if in := m.Inputs(); len(in) != 2 || in[0].Name != "age" || in[0].Type != dt || in[1].Type != tensor.Int || len(in[1].Shape) != 0 {
				t.Fatal(in)
			}
			if shape, err := m.HeadShape("sum"); err != nil || !slices.Equal(shape, []int{1}) || !slices.Equal(m.Heads(), []string{"sum"}) {
				t.Fatal(shape, err, m.Heads())
			}
			p := compiled(t, m, models.Eval, 2)
			copy(p.Inputs(), []float32{1, 2, 3, 4})
			set(t, p, map[string]any{"age": []float64{0.5, -1}, "region": []int{3, 1}})
			got := ran(t, p)
			set(t, p, map[string]any{"age": []float32{0.5, -1}})
			testkit.Near(t, "float32", ran(t, p), got, 0)
			head, err := p.Output("sum")
			if err != nil {
				t.Fatal(err)
			}
			params := make(map[string][]float64)
			for _, of := range m.Params() {
				params[of.Name()] = testkit.Floats(t, of.Value())
			}
			var want, sums []float64
			for i, row := range [][]float64{{1, 2, 0.5}, {3, 4, -1}} {
				row = append(row, params["1.0.weight"][2*[]int{3, 1}[i]:][:2]...)
				product := func(w, b []float64) []float64 {
					y := slices.Clone(b)
					for k := range y {
						for j, v := range row {
							y[k] += v * w[j*len(y)+k]
						}
					}
					return y
				}
				want = append(want, product(params["3.weight"], params["3.bias"])...)
				sums = append(sums, product(params["2.0.weight"], params["2.0.bias"])...)
			}
			testkit.Near(t, "output", got, want, 1e-5)
			testkit.Near(t, "head", testkit.Floats(t, head), sums, 1e-5)

			rows, err := models.Predictor{Model: m, Inputs: map[string]any{"age": []float64{0.5, -1}, "region": []int{3, 1}}}.Predict([]float32{1, 2, 3, 4})
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "Predict", slices.Concat(rows...), got, 0)
			_, err = m.Predict([]float32{1, 2, 3, 4})
			testkit.Rejects(t, err, `models: Predict: Inputs must have the model's input "age", got none`)

			other := compiled(t, m, models.Eval, 2)
			if err := other.CopyInputs(p); err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "copied", ran(t, other), got, 0)
			testkit.Rejects(t, compiled(t, m, models.Eval, 1).CopyInputs(p), "models: CopyInputs: inputs must be those of a program for as many examples, (1, 2), got (2, 2)")
			if _, err := m.Summary(); err != nil {
				t.Error(err)
			}
			if _, err := m.Weights(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestInputErrors(t *testing.T) {
	fail := func(net models.Layer, input []int, opts ...models.Option) error {
		_, err := models.New(net, input, opts...)
		return err
	}
	m := mustModel(t, models.Sequential{models.Join("age"), models.Join("region", models.Embedding(4, 2)), models.Linear(0, 1)},
		[]int{2}, models.WithInput("age", 1), models.WithIDs("region"))
	p := compiled(t, m, models.Eval, 2)
	_, noOutput := p.Output("sum")
	_, noHead := m.HeadShape("sum")
	line := models.Linear(0, 1)
	headOf := func(node func(s *models.Scope) *gorgonia.Node, name string) models.Layer {
		return models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return x, s.Output(name, node(s)) })
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fail(line, []int{2}, models.WithInput("age", 1)), `models: New: input "age" must be taken by a layer, got none that does`},
		{fail(line, []int{2}, models.WithInput("")), "models: New: inputs must have names, got none"},
		{fail(line, []int{2}, models.WithInput("a"), models.WithIDs("a")), `models: New: names of inputs must differ, got "a" twice`},
		{fail(line, []int{2}, models.WithMask(), models.WithIDs("mask")), `models: New: names of inputs must differ, got "mask" twice`},
		{fail(line, []int{2}, models.WithInput("a", 2, 0)), `models: New: input "a" must have a positive size, got shape (2, 0)`},
		{fail(line, []int{2}, models.WithInput("a", -1, -1)), `models: New: input "a" must have a positive size, got shape (-1, -1)`},
		{fail(line, []int{}, models.WithMask()), "models: New: WithMask: examples must have time as first axis, got numbers"},
		{fail(line, []int{2}, models.WithMask()), `models: New: input "mask" must be taken by a layer, got none that does`},
		{fail(models.Sequential{line, models.Join("age")}, []int{2}), `models: 1: input "age" must be one of the model's, got none of this name`},
		{fail(models.Join("age"), []int{2}, models.WithInput("age")), "models: Join: nn: Concat: b must have rank 2, got shape (1)"},
		{fail(models.Sequential{models.Head("a"), models.Head("a")}, []int{2}), `models: 1: names of outputs must differ, got "a" twice`},
		{fail(models.Head("", line), []int{2}), "outputs must have names, got none"},
		{fail(headOf(func(*models.Scope) *gorgonia.Node { return nil }, "a"), []int{2}), `models: output "a" must be a node of the model's graph, got another`},
		{fail(models.Sequential{models.LSTM{Units: 2, State: "s"}, models.LSTM{Units: 2, State: "s"}}, []int{3, 1}), `models: 1: states must have names of their own, got "s.h_l0" twice`},
		{fail(models.LSTM{Units: 2, State: "s", Bidirectional: true}, []int{3, 1}), `models: LSTM: State must be empty with Bidirectional, since one direction begins at the end, got "s"`},
		{fail(models.LSTM{State: "s"}, []int{3, 1}), "models: LSTM: units must be positive and layers not negative, got 0 and 0"},
		{fail(models.CrossAttention{Heads: 1}, []int{3, 1}), "models: CrossAttention: To must be a node of the model's graph of shape (batch, times, features), got another"},
		{fail(models.Sinusoids(), []int{3}), "models: Sinusoids: nn: AddSinusoids: x must have rank 3, got shape (1, 3)"},
		{p.Set("size", []float32{1}), `models: Set: input "size" must be one of the model's, got none of this name`},
		{p.Set("age", []float32{1}), `models: Set: input "age" must have 2 values of float32 or float64, got 1 of float32`},
		{p.Set("age", []int{1, 2}), `models: Set: input "age" must have 2 values of float32 or float64, got 2 of int`},
		{p.Set("region", []float64{1, 2}), `models: Set: input "region" must have 2 values of int, got 2 of float64`},
		{p.Set("region", "here"), `models: Set: input "region" must have 2 values of int, got string`},
		{p.Set("age", []float64{1, 1e300}), `models: Set: input "age": value 1 must be finite as float32, got 1e+300`},
		{p.Set("age", []float64{math.NaN(), math.Inf(1)}), ""},
		{noOutput, `models: Output: "sum" must be an output of the model, got none of this name`},
		{noHead, `models: output "sum" must be one of the model's, got none of this name`},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if tt.want == "" {
				if tt.err != nil {
					t.Error(tt.err)
				}
				return
			}
			testkit.Rejects(t, tt.err, tt.want)
		})
	}
}

// Padded sequences give what they give alone, to the bit, in models with everything
// that obeys a mask, and padding has no influence.
func TestMaskedModels(t *testing.T) {
	lengths := []int{7, 4, 1, 0}
	for name, net := range map[string]models.Layer{
		"LSTM": models.Sequential{models.LSTM{Units: 4, Layers: 2, Bidirectional: true}, models.LastStep(), models.Linear(0, 2)},
		"GRU":  models.Sequential{models.GRU{Units: 4, Bidirectional: true}, models.MeanSteps(), models.Linear(0, 2)},
		"Transformer": models.Sequential{models.PerToken(models.Linear(0, 4)), models.Sinusoids(), models.TransformerBlock{Heads: 2},
			models.TransformerBlock{Heads: 2, Causal: true}, models.MeanSteps(), models.Linear(0, 2)},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprint(name, dt), func(t *testing.T) {
				padded := mustModel(t, net, []int{7, 3}, models.WithMask(), models.WithDtype(dt), models.WithSeed(2))
				p := compiled(t, padded, models.Eval, len(lengths))
				mask := make([]float32, 7*len(lengths))
				for i := range p.Inputs() {
					p.Inputs()[i] = float32(math.Sin(float64(i)))
				}
				for b, n := range lengths {
					for at := range n {
						mask[b*7+at] = 1
					}
					for i := b*21 + n*3; i < (b+1)*21; i++ {
						p.Inputs()[i] = 1e3
					}
				}
				set(t, p, map[string]any{"mask": mask})
				got := ran(t, p)
				for b, n := range lengths {
					if n == 0 {
						if v := got[2*b]; math.IsNaN(v) || math.IsInf(v, 0) {
							t.Errorf("all padding gives %v", v)
						}
						continue
					}
					alone := mustModel(t, net, []int{n, 3}, models.WithDtype(dt), models.WithSeed(2))
					q := compiled(t, alone, models.Eval, 1)
					copy(q.Inputs(), p.Inputs()[b*21:])
					testkit.Near(t, fmt.Sprint("length ", n), got[2*b:2*b+2], ran(t, q), 0)
				}
			})
		}
	}
}

// The names and shapes of both directions are those of PyTorch's state_dict.
func TestBidirectionalParameters(t *testing.T) {
	m := mustModel(t, models.GRU{Units: 2, Layers: 2, Bidirectional: true}, []int{3, 5})
	var got []string
	for _, p := range m.Params() {
		got = append(got, fmt.Sprint(p.Name(), p.Value().Shape()))
	}
	want := []string{
		"weight_ih_l0(6, 5)", "weight_hh_l0(6, 2)", "bias_ih_l0(6)", "bias_hh_l0(6)",
		"weight_ih_l0_reverse(6, 5)", "weight_hh_l0_reverse(6, 2)", "bias_ih_l0_reverse(6)", "bias_hh_l0_reverse(6)",
		"weight_ih_l1(6, 4)", "weight_hh_l1(6, 2)", "bias_ih_l1(6)", "bias_hh_l1(6)",
		"weight_ih_l1_reverse(6, 4)", "weight_hh_l1_reverse(6, 2)", "bias_ih_l1_reverse(6)", "bias_hh_l1_reverse(6)",
	}
	if !slices.Equal(got, want) || !slices.Equal(m.OutputShape(), []int{3, 4}) {
		t.Errorf("got %v of output %v", got, m.OutputShape())
	}
}

// A sequence in parts, whose states are carried, is one sequence, to the bit; reset
// states are zeros.
func TestCarryStates(t *testing.T) {
	for name, layer := range map[string]func(state string) models.Layer{
		"LSTM": func(s string) models.Layer { return models.LSTM{Units: 3, Layers: 2, State: s} },
		"GRU":  func(s string) models.Layer { return models.GRU{Units: 3, State: s} },
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprint(name, dt), func(t *testing.T) {
				whole := compiled(t, mustModel(t, layer(""), []int{6, 2}, models.WithDtype(dt)), models.Eval, 1)
				for i := range whole.Inputs() {
					whole.Inputs()[i] = float32(math.Sin(float64(i)))
				}
				want := ran(t, whole)
				parts := compiled(t, mustModel(t, layer("memory"), []int{2, 2}, models.WithDtype(dt)), models.Eval, 1)
				for range 2 {
					parts.ResetStates()
					var got []float64
					for k := range 3 {
						copy(parts.Inputs(), whole.Inputs()[4*k:])
						got = append(got, ran(t, parts)...)
						if err := parts.CarryStates(); err != nil {
							t.Fatal(err)
						}
					}
					testkit.Near(t, "in parts", got, want, 0)
				}
			})
		}
	}
	m := mustModel(t, models.LSTM{Units: 3, State: "memory"}, []int{2, 2})
	if in := m.Inputs(); len(in) != 2 || in[1].Name != "memory.c_l0" || !in[1].State || !slices.Equal(in[1].Shape, []int{3}) {
		t.Error(in)
	}
	testkit.Rejects(t, compiled(t, m, models.Eval, 1).CarryStates(), `models: CarryStates: models: Output: "memory.h_l0" must be a dense tensor after a run, got <nil>`)
}

// translator is an encoder and a decoder that starts from its states and attends to
// what it returned.
func translator(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	encoded, states, err := models.LSTM{Units: 4}.Run(s.Child("encoder"), x, nil)
	if err != nil {
		return nil, err
	}
	mask, err := s.Mask()
	if err != nil {
		return nil, err
	}
	target, err := s.Input("target")
	if err != nil {
		return nil, err
	}
	decoded, _, err := models.LSTM{Units: 4}.Run(s.Child("decoder").WithMask(nil), target, &states)
	if err != nil {
		return nil, err
	}
	return s.Apply("attention", models.CrossAttention{Heads: 2, Dropout: 0.5, To: encoded, Mask: mask}, decoded)
}

// The padding of a source has no influence on what is decoded, in all modes, and all
// parameters get gradients.
func TestEncoderDecoder(t *testing.T) {
	m := mustModel(t, models.LayerFunc(translator), []int{5, 3}, models.WithMask(), models.WithInput("target", 2, 3), models.WithDtype(tensor.Float64))
	for _, mode := range []models.Mode{models.Eval, models.Train, models.Sample} {
		g, err := m.Build(mode, 2)
		if err != nil {
			t.Fatal(err)
		}
		cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(g.Output))))
		grads, err := gorgonia.Grad(cost, g.Params()...)
		if err != nil {
			t.Fatal(err)
		}
		p, err := g.Compile(models.WithResults(grads...))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		set(t, p, map[string]any{"mask": []float64{1, 1, 1, 1, 1, 1, 1, 0, 0, 0}, "target": testkit.Wave(tensor.Float64, 1, 12).Float64s()})
		var want []float64
		for _, padding := range []float32{0, 7, -1e3} {
			for i := range p.Inputs() {
				p.Inputs()[i] = float32(math.Cos(float64(i)))
				if i >= 15+6 {
					p.Inputs()[i] = padding
				}
			}
			g.SetStep(3)
			got := ran(t, p)
			for i, d := range grads {
				of := testkit.Floats(t, d.Value())
				if !slices.ContainsFunc(of, func(v float64) bool { return v != 0 }) {
					t.Errorf("%v: parameter %d has no gradient", mode, i)
				}
				got = append(got, of...)
			}
			if want == nil {
				want = got
			}
			testkit.Near(t, fmt.Sprintf("%v: padding of %v", mode, padding), got, want, 0)
		}
	}
}
