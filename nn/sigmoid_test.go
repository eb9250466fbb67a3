package nn_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// sigmoids are values, first and second derivatives of torch.sigmoid in float64, as
// PyTorch 1.13 prints them.
var sigmoids = []struct{ x, y, slope, bend float64 }{
	{-700, 9.85967654375977e-305, 9.85967654375977e-305, 9.85967654375977e-305},
	{-88, 6.054601895401186e-39, 6.054601895401186e-39, 6.054601895401186e-39},
	{-20, 2.0611536181902037e-09, 2.0611536139418496e-09, 2.061153605445141e-09},
	{-5, 0.0066928509242848554, 0.006648056670790155, 0.006559067766322563},
	{-1, 0.2689414213699951, 0.19661193324148185, 0.09085774767294841},
	{-1e-3, 0.4997500000208333, 0.24999993750001046, 0.0001249999583333543},
	{0, 0.5, 0.25, 0},
	{0.5, 0.6224593312018546, 0.2350037122015945, -0.05755679485232075},
	{3, 0.9525741268224334, 0.045176659730912, -0.040891574660943376},
	{16, 0.9999998874648379, 1.1253514941371313e-07, -1.1253512408539058e-07},
	{40, 1, 0, 0},
}

func TestSigmoidValues(t *testing.T) {
	for _, s := range sigmoids {
		for _, v := range []gorgonia.Value{gorgonia.NewF64(s.x), gorgonia.NewF32(float32(s.x))} {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, v, gorgonia.WithName("x"))
			y := gorgonia.Must(nn.Sigmoid(x))
			first, err := slopeOf(y, gorgonia.NewConstant(map[tensor.Dtype]any{tensor.Float64: 1.0, tensor.Float32: float32(1)}[v.Dtype()]))
			if err != nil {
				t.Fatal(err)
			}
			second, err := gorgonia.Grad(first, x)
			if err != nil {
				t.Fatal(err)
			}
			var got [3]gorgonia.Value
			for i, n := range []*gorgonia.Node{y, first, second[0]} {
				gorgonia.Read(n, &got[i])
			}
			m := gorgonia.NewTapeMachine(g)
			testkit.Run(t, m)
			// Of float64 all digits but the last, however small the number; of float32
			// what 1-y leaves, and nothing below the smallest normal number.
			relative, absolute := 1e-15, 0.0
			if v.Dtype() == tensor.Float32 {
				relative, absolute = 1e-6, 1e-7
			}
			for i, want := range []float64{s.y, s.slope, s.bend} {
				if got := testkit.Floats(t, got[i])[0]; math.Abs(got-want) > relative*math.Abs(want)+absolute {
					t.Errorf("derivative %d at %v in %v is %v, want %v", i, s.x, v.Dtype(), got, want)
				}
			}
			m.Close()
		}
	}
}

// slopeOf returns the gradient of x where that of y, a sigmoid of x, is dy. Unlike
// [gorgonia.Grad] it leaves no gradients at the nodes, which that would add to.
func slopeOf(y, dy *gorgonia.Node) (*gorgonia.Node, error) {
	grads, err := y.Op().(gorgonia.SDOp).SymDiff(testkit.InputsOf(y), y, dy)
	if err != nil {
		return nil, err
	}
	return grads[0], nil
}

// The gradient is a function of x and of the gradient of y, with gradients of its own.
func TestSigmoidSecondDerivative(t *testing.T) {
	gradient := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		y, err := nn.Sigmoid(in[0])
		if err != nil {
			return nil, err
		}
		return slopeOf(y, in[1])
	}
	inputs := testkit.Varied(tensor.Float64, []int{3, 4}, []int{3, 4})
	if err := gradcheck.Check(gradient, 1e-7, inputs...); err != nil {
		t.Error(err)
	}
	testkit.Differentiate(t, true, gradient, inputs...).Near(t, "LispMachine", testkit.Differentiate(t, false, gradient, inputs...), 0)
}

// The bits are these on every platform.
func TestSigmoidBits(t *testing.T) {
	x := []float64{-87.5, -20.25, -1, -0.1, 0.3, 1, 7.7}
	narrow := make([]float32, len(x))
	for i, v := range x {
		narrow[i] = float32(v)
	}
	want := []uint64{0x380b2caeeaab824a, 0x3e1b93de1d69a8ab, 0x3fd136561454ba86, 0x3fde66bdb1aca090, 0x3fe261d545e46a8b, 0x3fe764d4f5d5a2bd, 0x3feffc4ac84b51d5}
	for i, y := range compute(t, nn.Sigmoid, tensor.New(tensor.WithBacking(x))) {
		if math.Float64bits(y) != want[i] {
			t.Errorf("Sigmoid(%v) is %#x in float64, want %#x", x[i], math.Float64bits(y), want[i])
		}
	}
	want32 := []uint32{0x6cb2bc, 0x30dc9ef0, 0x3e89b2b1, 0x3ef335ed, 0x3f130eaa, 0x3f3b26a8, 0x3f7fe255}
	for i, y := range compute(t, nn.Sigmoid, tensor.New(tensor.WithBacking(narrow))) {
		if math.Float32bits(float32(y)) != want32[i] {
			t.Errorf("Sigmoid(%v) is %#x in float32, want %#x", x[i], math.Float32bits(float32(y)), want32[i])
		}
	}
}

func BenchmarkSigmoid(b *testing.B) {
	for name, f := range map[string]unary{"ours": nn.Sigmoid, "gorgonia": gorgonia.Sigmoid} {
		b.Run(name, func(b *testing.B) {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 0, 128, 8192), gorgonia.WithName("x"))
			y, err := f(x)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x); err != nil {
				b.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			b.ReportAllocs()
			for b.Loop() {
				testkit.Run(b, m)
			}
		})
	}
}
