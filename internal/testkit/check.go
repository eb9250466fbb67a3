package testkit

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CheckFunction checks what every differentiable op promises: its gradients
// agree with central differences, and the results are the same on a
// LispMachine, in float32, for transposed inputs, and when it is called from
// several goroutines. Inputs of the given shapes are made by [Varied].
func CheckFunction(t *testing.T, f gradcheck.Graph, shapes ...[]int) {
	t.Helper()
	inputs := Varied(tensor.Float64, shapes...)
	CheckFunctionAt(t, f, inputs...)
}

// CheckFunctionAt is [CheckFunction] at the given float64 inputs.
func CheckFunctionAt(t *testing.T, f gradcheck.Graph, inputs ...*tensor.Dense) {
	t.Helper()
	if err := gradcheck.Check(f, 1e-7, inputs...); err != nil {
		t.Error(err)
	}
	want := Differentiate(t, false, f, inputs...)
	Differentiate(t, true, f, inputs...).Near(t, "LispMachine", want, 1e-12)

	narrow := make([]*tensor.Dense, len(inputs))
	for i, in := range inputs {
		data := make([]float32, in.DataSize())
		for j, x := range in.Float64s() {
			data[j] = float32(x)
		}
		narrow[i] = tensor.New(tensor.WithShape(in.Shape()...), tensor.WithBacking(data))
	}
	Differentiate(t, false, f, narrow...).Near(t, "float32", want, 3e-5)

	strided := make([]*tensor.Dense, len(inputs))
	for i, in := range inputs {
		strided[i] = Reversed(t, in)
	}
	Differentiate(t, false, f, strided...).Near(t, "transposed", want, 1e-12)

	checkConcurrent(t, f, want.Y, inputs...)
}

// checkConcurrent calls one op from several goroutines, as machines on the same
// graph do.
func checkConcurrent(t *testing.T, f gradcheck.Graph, want []float64, inputs ...*tensor.Dense) {
	t.Helper()
	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	var values []gorgonia.Value
	for i, in := range inputs {
		nodes = append(nodes, gorgonia.NodeFromAny(g, in, gorgonia.WithName(fmt.Sprintf("input %d", i))))
		values = append(values, in)
	}
	y, err := f(nodes)
	if err != nil {
		t.Fatal(err)
	}
	if y.Op().Arity() != len(inputs) {
		return // more than one op
	}
	results := make([]gorgonia.Value, 8)
	errs := make([]error, len(results))
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			// The memory's old contents must not matter.
			old := tensor.New(tensor.WithShape(y.Shape()...), tensor.Of(tensor.Float64))
			if err := old.Memset(math.NaN()); err != nil {
				errs[i] = err
				return
			}
			results[i], errs[i] = y.Op().(gorgonia.UsePreallocDoer).UsePreallocDo(old, values...)
			if errs[i] == nil && results[i] != gorgonia.Value(old) {
				t.Error("the memory given has not been used")
			}
		})
	}
	wg.Wait()
	for i, r := range results {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		Near(t, "in company", Floats(t, r), want, 0)
	}
}

// Rejects fails the test unless the text of err contains want.
func Rejects(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want error %q, got %v", want, err)
	}
}
