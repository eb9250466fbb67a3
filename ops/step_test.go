package ops_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestStepCountsAndCanBeSet(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 200), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(x, 0.5))
	z := gorgonia.Must(ops.Dropout(y, 0.5))
	step := ops.StepOf(g)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	var masks [][]float64
	for i := range int64(4) {
		if got := step.Next(); got != i {
			t.Fatalf("next step is %d, want %d: a run must count once", got, i)
		}
		testkit.Run(t, m)
		masks = append(masks, testkit.Floats(t, z.Value()))
	}
	for i := 3; i >= 0; i-- {
		step.Set(int64(i))
		testkit.Run(t, m)
		if !slices.Equal(testkit.Floats(t, z.Value()), masks[i]) {
			t.Errorf("step %d has another mask the second time", i)
		}
	}
	if slices.Equal(masks[0], masks[1]) {
		t.Error("steps 0 and 1 have one mask")
	}
}

// A negative step is inference: everything passes.
func ExampleStep_Set() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(x, 0.5))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	step := ops.StepOf(g)
	for _, at := range []int64{7, 7, -1} {
		machine.Reset()
		step.Set(at)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(at, y.Value())
	}
	// Output:
	// 7 [2  0  6  0]
	// 7 [2  0  6  0]
	// -1 [1  2  3  4]
}

// A graph at negative steps has a new mask at each run of what samples, and of what
// rests none, until a step is set.
func TestNegativeStepsCountOn(t *testing.T) {
	const n = 64
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(n), gorgonia.WithName("x"), gorgonia.WithInit(gorgonia.Ones()))
	sampled, err := ops.Dropout(x, 0.5, ops.WithMode(ops.Sample))
	if err != nil {
		t.Fatal(err)
	}
	rests, err := ops.Dropout(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	s := ops.StepOf(g)
	run := func() (sample, rest []float64) {
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		defer m.Reset()
		return slices.Clone(sampled.Value().Data().([]float64)), slices.Clone(rests.Value().Data().([]float64))
	}
	s.Set(-1)
	var seen [][]float64
	for i := range int64(5) {
		if got := s.Next(); got != -1-i {
			t.Fatalf("run %d: want step %d, got %d", i, -1-i, got)
		}
		sample, rest := run()
		if slices.ContainsFunc(seen, func(other []float64) bool { return slices.Equal(other, sample) }) {
			t.Errorf("run %d draws the mask of an earlier one", i)
		}
		if slices.ContainsFunc(rest, func(v float64) bool { return v != 1 }) {
			t.Errorf("run %d: Train must rest at a negative step, got %v", i, rest)
		}
		seen = append(seen, sample)
	}
	// A step that is set again has the same mask again.
	s.Set(-3)
	if sample, _ := run(); !slices.Equal(sample, seen[2]) {
		t.Error("step -3 must have one mask")
	}
	s.Set(0)
	if _, rest := run(); !slices.Contains(rest, 0) {
		t.Error("Train must drop at step 0")
	}
}

// The last step of all is an error, not the first of the negative ones.
func TestLastStep(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	if _, err := ops.Dropout(x, 0.5); err != nil {
		t.Fatal(err)
	}
	s := ops.StepOf(g)
	s.Set(math.MaxInt64 - 1)
	if _, err := s.Node().Op().Do(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Node().Op().Do()
	testkit.Rejects(t, err, "ops: Step: step must be below 9223372036854775807")
	s.Set(math.MinInt64)
	_, err = s.Node().Op().Do()
	testkit.Rejects(t, err, "ops: Step: step must be above -9223372036854775808")
}
