package optim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// thinned is a parameter whose gradient is for a block.
type thinned struct {
	parameter
	rows, cols []int
}

func (p *thinned) Block() (rows, cols []int) { return p.rows, p.cols }

// some returns a part of n indices in order, at times nil for all of them.
func some(rng *rand.Rand, n int) []int {
	if rng.IntN(4) == 0 {
		return nil
	}
	chosen := rng.Perm(n)[:1+rng.IntN(n)]
	slices.Sort(chosen)
	return chosen
}

func orAll(chosen []int, n int) []int {
	if chosen != nil {
		return chosen
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// inside reports for each element of a value whether it is in the block.
func (p *thinned) inside() []bool {
	shape := p.value.Shape()
	cols := shape[len(shape)-1]
	in := make([]bool, size(shape))
	for _, r := range orAll(p.rows, size(shape)/cols) {
		for _, c := range orAll(p.cols, cols) {
			in[r*cols+c] = true
		}
	}
	return in
}

// choose gives each parameter of thin a new block, and it and its whole
// counterpart the same gradient. Some gradients lie in strided memory.
func choose(rng *rand.Rand, thin, whole []gorgonia.ValueGrad, wide bool) {
	for i, m := range thin {
		p := m.(*thinned)
		shape := slices.Clone(p.value.Shape())
		if len(shape) == 2 {
			p.rows = some(rng, shape[0])
			shape[0] = len(orAll(p.rows, shape[0]))
		}
		last := len(shape) - 1
		p.cols = some(rng, shape[last])
		shape[last] = len(orAll(p.cols, shape[last]))
		values := draw(rng, size(shape), 0, 1)
		full := make([]float64, size(p.value.Shape()))
		k := 0
		for j, in := range p.inside() {
			if in {
				full[j] = values[k]
				k++
			}
		}
		assign(whole[i].(*parameter).grad, full)
		p.grad = zeros[float32](shape)
		if wide {
			p.grad = zeros[float64](shape)
		}
		assign(p.grad, values)
		if rng.IntN(3) == 0 && len(shape) == 2 {
			// The same elements with a transpose's strides.
			d := p.grad.(*tensor.Dense)
			if err := d.T(); err != nil {
				panic(err)
			}
			if err := d.Transpose(); err != nil {
				panic(err)
			}
			if err := d.T(); err != nil {
				panic(err)
			}
		}
	}
}

// blockShapes are matrices and vectors, some of more than a task.
var blockShapes = [][]int{{7}, {1, 9}, {9, 1}, {33, 31}, {3, 1100}, {131, 257}, {700}}

// A step on blocks is, bit for bit, a step on whole gradients of which all that
// lies outside of the blocks is undone.
func TestBlockIsAFrozenStep(t *testing.T) {
	penalties := optim.Regularization{WeightDecay: 0.01, L1: 0.001, ClipValue: 0.5}
	for name, solver := range map[string]func() optim.Solver{
		"SGD":          func() optim.Solver { return &optim.SGD{LR: 0.1} },
		"SGD momentum": func() optim.Solver { return &optim.SGD{LR: 0.1, Momentum: 0.9, Regularization: penalties} },
		"SGD plain":    func() optim.Solver { return &optim.SGD{LR: 0.1, Momentum: 0.9} },
		"SGD clipped": func() optim.Solver {
			return &optim.SGD{LR: 0.1, Regularization: optim.Regularization{ClipValue: 0.5, WeightDecay: 0.01}}
		},
		"Nesterov": func() optim.Solver { return &optim.SGD{LR: 0.1, Momentum: 0.9, Nesterov: true} },
		"Adam":     func() optim.Solver { return &optim.Adam{Regularization: penalties} },
		"AdamW":    func() optim.Solver { return &optim.AdamW{Regularization: penalties} },
		"RMSProp":  func() optim.Solver { return &optim.RMSProp{Momentum: 0.9} },
		"AdaGrad":  func() optim.Solver { return &optim.AdaGrad{} },
	} {
		for _, wide := range []bool{false, true} {
			rng := seeded(5)
			whole := newModel(rng, wide, blockShapes)
			var thin []gorgonia.ValueGrad
			for _, m := range whole {
				w := m.(*parameter).value.(*tensor.Dense).Clone().(*tensor.Dense)
				thin = append(thin, &thinned{parameter: parameter{value: w}})
			}
			a, b := solver(), solver()
			for step := range 6 {
				choose(rng, thin, whole, wide)
				before, slots := values(whole), b.State().Slots
				if err := a.Step(thin); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if err := b.Step(whole); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				undo(t, b, thin, whole, before, slots)
				if !same(values(thin), values(whole)) {
					t.Fatalf("%s, wide %v: step %d differs", name, wide, step)
				}
				for i, m := range thin {
					if slices.ContainsFunc(numbers(m.(*thinned).grad), func(x float64) bool { return x != 0 }) {
						t.Fatalf("%s: gradient %d is left", name, i)
					}
				}
			}
			got, want := a.State(), b.State()
			for slot, list := range want.Slots {
				for i := range list {
					if !same([][]float64{numbers(got.Slots[slot][i])}, [][]float64{numbers(list[i])}) {
						t.Errorf("%s, wide %v: slot %s of parameter %d differs", name, wide, slot, i)
					}
				}
			}
		}
	}
}

// undo puts weights and slots outside of the blocks back.
func undo(t *testing.T, s optim.Solver, thin, whole []gorgonia.ValueGrad, before [][]float64, slots map[string][]*tensor.Dense) {
	t.Helper()
	state := s.State()
	for i, m := range thin {
		in := m.(*thinned).inside()
		back := func(v gorgonia.Value, to []float64) {
			now := numbers(v)
			for j := range now {
				if !in[j] {
					now[j] = to[j]
				}
			}
			assign(v, now)
		}
		back(whole[i].Value(), before[i])
		for name, list := range state.Slots {
			to := make([]float64, len(in))
			if old, ok := slots[name]; ok {
				to = numbers(old[i])
			}
			back(list[i], to)
		}
	}
	if err := s.SetState(state); err != nil {
		t.Fatal(err)
	}
}

// The norm of the gradients of blocks is that of whole gradients with zeros.
func TestBlockClipNorm(t *testing.T) {
	rng := seeded(6)
	whole := newModel(rng, true, blockShapes)
	var thin []gorgonia.ValueGrad
	for _, m := range whole {
		thin = append(thin, &thinned{parameter: parameter{value: m.(*parameter).value.(*tensor.Dense).Clone().(*tensor.Dense)}})
	}
	choose(rng, thin, whole, true)
	clip := optim.Regularization{ClipNorm: 2}
	if err := (&optim.SGD{LR: 1, Regularization: clip}).Step(thin); err != nil {
		t.Fatal(err)
	}
	if err := (&optim.SGD{LR: 1, Regularization: clip}).Step(whole); err != nil {
		t.Fatal(err)
	}
	got, want := values(thin), values(whole)
	for i := range want {
		for j := range want[i] {
			if !near(got[i][j], want[i][j], 1e-12) {
				t.Fatalf("element %d of parameter %d is %v, want %v", j, i, got[i][j], want[i][j])
			}
		}
	}
}

// Units of the block are bounded by their whole norm and scaled as a whole, others
// are left alone.
func TestBlockMaxNorm(t *testing.T) {
	const bound = 1
	rng := seeded(7)
	for _, rows := range [][]int{nil, {0, 3, 4}} {
		value := zeros[float64]([]int{6, 1030})
		assign(value, draw(rng, 6*1030, 0.3, 1))
		p := &thinned{parameter: parameter{value: value}, rows: rows, cols: []int{1, 5, 600, 1029}}
		p.grad = zeros[float64]([]int{len(orAll(rows, 6)), 4})
		before := numbers(value)
		if err := (&optim.SGD{LR: 1, Regularization: optim.Regularization{MaxNorm: bound}}).Step([]gorgonia.ValueGrad{p}); err != nil {
			t.Fatal(err)
		}
		bounded := dense([]int{6, 1030}, slices.Clone(before))
		if err := optim.MaxNorm(bounded, bound, 1); err != nil {
			t.Fatal(err)
		}
		want := numbers(bounded)
		for i := range want {
			if !slices.Contains(p.cols, i%1030) {
				want[i] = before[i]
			}
		}
		for i, x := range numbers(value) {
			if !near(x, want[i], 1e-12) {
				t.Fatalf("rows %v: element %d is %v, want %v", rows, i, x, want[i])
			}
		}
	}
}

func TestBlockErrors(t *testing.T) {
	step := func(shape, grad, rows, cols []int) error {
		p := &thinned{parameter{zeros[float32](shape), zeros[float32](grad)}, rows, cols}
		return (&optim.SGD{LR: 1}).Step([]gorgonia.ValueGrad{p})
	}
	const at = "optim: SGD.Step: parameter 0: "
	for _, c := range []struct {
		shape, grad, rows, cols []int
		want                    string
	}{
		{[]int{4, 5}, []int{2, 3}, []int{0, 3}, []int{1, 2}, "gradient must be float32 of shape (2, 2) as the block, got float32 of shape (2, 3)"},
		{[]int{4, 5}, []int{4, 5}, nil, []int{1}, "gradient must be float32 of shape (4, 1) as the block, got float32 of shape (4, 5)"},
		{[]int{4, 5}, []int{2, 5}, []int{3, 1}, nil, "Block must have ascending indices in [0, 4), got 1 after 3"},
		{[]int{4, 5}, []int{2, 5}, []int{1, 1}, nil, "Block must have ascending indices in [0, 4), got 1 after 1"},
		{[]int{4, 5}, []int{4, 1}, nil, []int{5}, "Block must have ascending indices in [0, 5), got 5 after -1"},
		{[]int{4, 5}, []int{1, 5}, []int{-1}, nil, "Block must have ascending indices in [0, 4), got -1 after -1"},
		{[]int{5}, []int{1}, []int{0}, nil, "Block must be of rows and columns of a matrix or columns of a vector, got one for shape (5)"},
		{[]int{2, 2, 2}, []int{2, 2, 1}, nil, []int{0}, "Block must be of rows and columns of a matrix or columns of a vector, got one for shape (2, 2, 2)"},
	} {
		wantError(t, step(c.shape, c.grad, c.rows, c.cols), at+c.want)
	}
	if err := step([]int{4, 5}, []int{2, 2}, []int{0, 3}, []int{1, 4}); err != nil {
		t.Error(err)
	}
}

func TestBlockAllocatesNothing(t *testing.T) {
	p := &thinned{parameter{zeros[float32]([]int{300, 300}), zeros[float32]([]int{150, 100})}, nil, nil}
	for i := range 150 {
		p.rows = append(p.rows, 2*i)
	}
	for i := range 100 {
		p.cols = append(p.cols, 3*i)
	}
	model, solver := []gorgonia.ValueGrad{p}, &optim.Adam{}
	if n := testing.AllocsPerRun(20, func() {
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// BenchmarkBlock compares a step on a quarter of a matrix with one on all of it.
func BenchmarkBlock(b *testing.B) {
	const side = 1024
	half := make([]int, side/2)
	for i := range half {
		half[i] = 2*i + i%2
	}
	for _, solver := range []gorgonia.Solver{&optim.SGD{LR: 1e-3, Momentum: 0.9}, &optim.Adam{}} {
		for _, c := range []struct {
			name string
			p    gorgonia.ValueGrad
		}{
			{"whole", &parameter{zeros[float32]([]int{side, side}), zeros[float32]([]int{side, side})}},
			{"block", &thinned{parameter{zeros[float32]([]int{side, side}), zeros[float32]([]int{side / 2, side / 2})}, half, half}},
		} {
			b.Run(fmt.Sprintf("%T/%s", solver, c.name), func(b *testing.B) {
				model := []gorgonia.ValueGrad{c.p}
				for b.Loop() {
					if err := solver.Step(model); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
