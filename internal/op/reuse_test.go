package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// With ReuseMemory an op gives the memory of its last result, until the shape is
// another.
func TestReuseMemory(t *testing.T) {
	g := gorgonia.NewGraph()
	y := apply(t, doubled(2), matrix(g, tensor.Float64, "x"))
	o := y.Op().(op.Op)
	run := func(in *tensor.Dense) gorgonia.Value {
		t.Helper()
		v, err := o.Do(in)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	small, large := testkit.Ramp(tensor.Float64, 2, 3), testkit.Ramp(tensor.Float64, 4, 3)
	if run(small) == run(small) {
		t.Error("memory must be new before ReuseMemory")
	}
	op.ReuseMemory(g)
	first := run(small)
	if run(small) != first {
		t.Error("memory must be kept")
	}
	if run(large) == first || !first.Shape().Eq(tensor.Shape{2, 3}) {
		t.Error("memory of another shape must be new")
	}
}
