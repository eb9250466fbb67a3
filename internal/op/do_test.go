package op_test

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

func do(t *testing.T, f op.Function, in ...gorgonia.Value) gorgonia.Value {
	t.Helper()
	y, err := op.New("test", f).Do(in...)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestDo(t *testing.T) {
	for _, dt := range testkit.Dtypes {
		y := do(t, doubled(2), testkit.Ramp(dt, 2, 3))
		if y.Dtype() != dt || !y.Shape().Eq(tensor.Shape{2, 3}) {
			t.Errorf("%v: got %s", dt, op.Describe(y))
		}
		testkit.Near(t, dt.String(), testkit.Floats(t, y), []float64{2, 4, 6, 8, 10, 12}, 0)
	}
	strided := do(t, doubled(2), testkit.Reversed(t, testkit.Ramp(tensor.Float64, 2, 3)))
	testkit.Near(t, "strided", testkit.Floats(t, strided), []float64{2, 4, 6, 8, 10, 12}, 0)
	if y := do(t, doubled(2), testkit.Ramp(tensor.Float64, 0, 3)); op.Size(y.Shape()) != 0 {
		t.Errorf("an empty x must give an empty y, got %v", y)
	}
}

// Scalars are taken in both of Gorgonia's forms, and given as one that watches for
// NaN take.
func TestDoScalars(t *testing.T) {
	step := op.Input{Name: "step", Of: op.Step}
	rate := op.Input{Name: "rate", Of: op.Scalar}
	for name, in := range map[string][]gorgonia.Value{
		"scalars": {gorgonia.NewF64(1), gorgonia.NewI64(2), gorgonia.NewF64(0.5)},
		"tensors": {tensor.New(tensor.FromScalar(1.0)), tensor.New(tensor.FromScalar(int64(2))), tensor.New(tensor.FromScalar(0.5))},
		"float32": {gorgonia.NewF64(1), gorgonia.NewI64(2), gorgonia.NewF32(0.5)},
	} {
		t.Run(name, func(t *testing.T) {
			y := do(t, sum(of(0), step, rate), in...)
			if v, ok := y.(*gorgonia.F64); !ok || *v != 3.5 {
				t.Errorf("%s: want 3.5, got %s %v", name, op.Describe(y), y)
			}
		})
	}
	if y, ok := do(t, doubled(0), gorgonia.NewF32(1.5)).(*gorgonia.F32); !ok || *y != 3 {
		t.Errorf("twice 1.5 must be the float32 scalar 3, got %v", y)
	}
}

func TestDoRejects(t *testing.T) {
	ramp, ids := testkit.Ramp(tensor.Float64, 2, 3), testkit.Labels([]int{2}, 0, 1)
	failing := doubled(2)
	failing.loops.Float64 = func([]float64, op.Args[float64]) error { return errors.New("example 3 must be finite") }
	refusing := doubled(2)
	refusing.shape = func([]tensor.Shape) (tensor.Shape, error) { return nil, errors.New("x must be square") }
	for name, tt := range map[string]struct {
		f    fake
		in   []gorgonia.Value
		want string
	}{
		"number":   {doubled(2), nil, "there must be 1 inputs, got 0"},
		"nil":      {doubled(2), []gorgonia.Value{nil}, "x must be a value, got none"},
		"int":      {doubled(2), []gorgonia.Value{testkit.Labels([]int{1, 2}, 0, 1)}, "inputs must be of float32 or float64, got int"},
		"rank":     {doubled(2), []gorgonia.Value{testkit.Ramp(tensor.Float64, 3)}, "x must have rank 2 as its node, got *tensor.Dense of float64 (3)"},
		"ranks":    {sum(of(op.AnyRank), op.Input{Name: "b", Rank: op.AnyRank}), []gorgonia.Value{ramp, testkit.Ramp(tensor.Float64, 3)}, "b must have the rank of x, of shape (2, 3), got (3)"},
		"types":    {sum(of(2), op.Input{Name: "b", Rank: 2}), []gorgonia.Value{ramp, testkit.Ramp(tensor.Float32, 2, 3)}, "b must be a float64 scalar or dense tensor, got *tensor.Dense of float32 (2, 3)"},
		"ids":      {sum(of(2), op.Input{Name: "ids", Rank: 1, Of: op.IDs}), []gorgonia.Value{ramp, testkit.Ramp(tensor.Float64, 2)}, "ids must be a dense tensor of int, got"},
		"ids rank": {sum(of(2), op.Input{Name: "ids", Rank: 2, Of: op.IDs}), []gorgonia.Value{ramp, ids}, "ids must have rank 2 as its node"},
		"step":     {sum(of(2), op.Input{Name: "step", Of: op.Step}), []gorgonia.Value{ramp, gorgonia.NewF64(1)}, "step must be an int64 scalar, got *gorgonia.F64"},
		"scalar":   {sum(of(2), op.Input{Name: "rate", Of: op.Scalar}), []gorgonia.Value{ramp, ramp}, "rate must be a float32 or float64 scalar, got"},
		"loops":    {failing, []gorgonia.Value{ramp}, "example 3 must be finite"},
		"shape":    {refusing, []gorgonia.Value{ramp}, "x must be square"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := op.New("test", tt.f).Do(tt.in...)
			testkit.Rejects(t, err, "test: fake: "+tt.want)
		})
	}
}

// The memory that a machine offers is used where it fits, whatever it held.
func TestPrealloc(t *testing.T) {
	in := testkit.Ramp(tensor.Float64, 2, 3)
	o := op.New("test", doubled(2))
	for name, tt := range map[string]struct {
		memory gorgonia.Value
		used   bool
	}{
		"fits":       {testkit.Waves(2, 3), true},
		"shape":      {testkit.Waves(3, 2), false},
		"type":       {testkit.Ramp(tensor.Float32, 2, 3), false},
		"transposed": {testkit.Reversed(t, testkit.Waves(2, 3)), false},
		"scalar":     {gorgonia.NewF64(1), false},
	} {
		t.Run(name, func(t *testing.T) {
			y, err := o.UsePreallocDo(tt.memory, in)
			if err != nil || (y == tt.memory) != tt.used {
				t.Errorf("%s: memory is used: %v, %v", name, y == tt.memory, err)
				return
			}
			testkit.Near(t, name, testkit.Floats(t, y), []float64{2, 4, 6, 8, 10, 12}, 0)
		})
	}
}

// resized keeps x for steps from 0 on, and yields the first row of it before.
type resized struct{ fake }

func (r resized) RunShape(step int64) tensor.Shape {
	if step < 0 {
		return tensor.Shape{1, 3}
	}
	return tensor.Shape{2, 3}
}

func TestResizer(t *testing.T) {
	f := resized{sum(of(2), op.Input{Name: "step", Of: op.Step})}
	f.loops.Float64 = func(y []float64, in op.Args[float64]) error { copy(y, in.Floats[0]); return nil }
	for step, want := range map[int64][]float64{1: {1, 2, 3, 4, 5, 6}, -1: {1, 2, 3}} {
		y := do(t, f, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.NewI64(step))
		if !y.Shape().Eq(f.RunShape(step)) {
			t.Errorf("step %d: got shape %v", step, y.Shape())
		}
		testkit.Near(t, "output", testkit.Floats(t, y), want, 0)
	}
}

// reversedIDs yields ids from last to first.
func reversedIDs(rank int) fake {
	return fake{inputs: []op.Input{{Name: "ids", Rank: rank, Of: op.IDs}}, rank: rank, loops: op.Loops{IDs: func(y []int, in op.Args[float32]) error {
		for i, id := range in.IDs[0] {
			y[len(y)-1-i] = id
		}
		return nil
	}}}
}

func TestIDs(t *testing.T) {
	in := testkit.Labels([]int{3}, 4, 5, 6)
	for name, memory := range map[string]gorgonia.Value{
		"new": nil, "offered": testkit.Labels([]int{3}, 0, 0, 0), "of another shape": testkit.Labels([]int{2}, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			y, err := op.New("test", reversedIDs(1)).UsePreallocDo(memory, in)
			if err != nil {
				t.Fatal(err)
			}
			if d := y.Data().([]int); d[0] != 6 || d[1] != 5 || d[2] != 4 || (y == memory) != (name == "offered") {
				t.Errorf("%s: got %v", name, y)
			}
		})
	}
	strided := testkit.Labels([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	if err := strided.T(); err != nil {
		t.Fatal(err)
	}
	if d := do(t, reversedIDs(2), strided).Data().([]int); d[0] != 6 || d[1] != 3 || d[5] != 1 {
		t.Errorf("transposed ids: got %v", d)
	}
}

// Steps are tensors, which the watches of machines can look at, in memory that is
// used again.
func TestStep(t *testing.T) {
	next := int64(6)
	count := fake{loops: op.Loops{Step: func() (int64, error) { next++; return next, nil }}}
	y := do(t, count)
	if at, err := op.StepIn(y); err != nil || at != 7 {
		t.Errorf("the first run must be step 7, got %v, %v", y, err)
	}
	again, err := op.New("test", count).UsePreallocDo(y)
	if err != nil || again != y {
		t.Errorf("memory must be used, got %v, %v", again, err)
	}
	if at, _ := op.StepIn(again); at != 8 {
		t.Errorf("the second run must be step 8, got %v", again)
	}
	count.loops.Step = func() (int64, error) { return 0, errors.New("step must be below 5") }
	_, err = op.New("test", count).Do()
	testkit.Rejects(t, err, "test: fake: step must be below 5")
}
