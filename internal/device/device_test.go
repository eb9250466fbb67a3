package device_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/internal/device"
	"github.com/gorgonia-dropout/dropout/internal/launch"
	"github.com/gorgonia-dropout/dropout/internal/vm"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func open(t *testing.T) *device.Device {
	t.Helper()
	cudatest.Library(t)
	d, err := device.Open("cuda:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, d.Close()) })
	return d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func node(t *testing.T, n *gorgonia.Node, err error) *gorgonia.Node {
	t.Helper()
	check(t, err)
	return n
}

// values returns numbers for a shape.
func values(shape ...int) *tensor.Dense {
	x := tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	for i := range x.Float32s() {
		x.Float32s()[i] = float32((i*7)%13)/4 - 1.5
	}
	return x
}

// A net is a graph with a parameter, of which the device has a copy.
type net struct {
	graph               *gorgonia.ExprGraph
	x, w, y, flat, loss *gorgonia.Node
	grad                *gorgonia.Node
	weights             *tensor.Dense
	step                *ops.Step
}

func newNet(t *testing.T) *net {
	t.Helper()
	g := gorgonia.NewGraph()
	n := &net{graph: g, weights: values(2*3*3, 5)}
	n.x = gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(4, 2, 6, 6), gorgonia.WithValue(values(4, 2, 6, 6)), gorgonia.WithName("x"))
	n.w = gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(18, 5), gorgonia.WithValue(n.weights), gorgonia.WithName("w"))
	labels := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(4), gorgonia.WithName("labels"),
		gorgonia.WithValue(tensor.New(tensor.WithBacking([]int{0, 4, 2, 2}))))
	pooled, err := nn.MaxPool2d(n.x, 2)
	dropped, err := ops.Dropout2d(node(t, pooled, err), 0.3, ops.WithSeed(1))
	n.flat, err = nn.Flatten(node(t, dropped, err))
	n.y, err = nn.Dense(node(t, n.flat, err), n.w, nil, nn.ActivationNone)
	n.loss, err = nn.SoftmaxCrossEntropy(node(t, n.y, err), labels)
	grads, err := nn.Grad(node(t, n.loss, err), n.w)
	check(t, err)
	n.grad, n.step = grads[0], ops.StepOf(g)
	return n
}

func floats(t *testing.T, v gorgonia.Value) []float32 {
	t.Helper()
	switch v := v.(type) {
	case *gorgonia.F32:
		return []float32{float32(*v)}
	case *tensor.Dense:
		return append([]float32(nil), v.Float32s()...)
	}
	t.Fatalf("the value is %T", v)
	return nil
}

// A graph must have the values that it has on the processor, run after run, also of nodes
// that are a view of others.
func TestMachine(t *testing.T) {
	d := open(t)
	before := tensor.WhichBLAS()
	gorgonia.Use(blas.Find())
	t.Cleanup(func() { gorgonia.Use(before) })

	host, on := newNet(t), newNet(t)
	reference, err := vm.New(host.graph)
	check(t, err)
	w, err := d.NewWeights([][]float32{on.weights.Float32s()})
	check(t, err)
	defer w.Close()
	results := gorgonia.Nodes{on.loss, on.y, on.flat, on.grad}
	m, err := d.NewMachine(on.graph, w, results)
	check(t, err)
	defer m.Close()
	if m.Device() != d || m.Weights() != w || d.Name() != "cuda:0" {
		t.Error("a machine must tell its device and weights")
	}
	if _, ok := m.At(on.grad); !ok {
		t.Error("a gradient must be on the device")
	}
	if _, ok := m.At(on.step.Node()); ok {
		t.Error("a step is not on the device")
	}
	extended := false
	check(t, m.Extend(func(*launch.List) error {
		extended = true
		return nil
	}))
	for run := range 3 {
		for _, n := range []*net{host, on} {
			n.step.Set(int64(10 * run))
			n.weights.Float32s()[3] = float32(run)
			n.x.Value().(*tensor.Dense).Float32s()[5] = float32(run) / 2
		}
		w.Changed()
		check(t, reference.RunAll())
		m.Reset()
		check(t, m.RunAll())
		for i, want := range []*gorgonia.Node{host.loss, host.y, host.flat, host.grad} {
			a, b := floats(t, results[i].Value()), floats(t, want.Value())
			for k := range b {
				if math.Float32bits(a[k]) != math.Float32bits(b[k]) {
					t.Fatalf("run %d, result %d: element %d is %v, want %v", run, i, k, a[k], b[k])
				}
			}
		}
	}
	if err := m.Extend(func(*launch.List) error { return nil }); err == nil || !extended {
		t.Error("a machine that has run must not be extended, and one that has not must")
	}
	other := floats(t, on.x.Value())
	other[0] = 100
	y := floats(t, on.y.Value())
	check(t, m.Put(on.x, other))
	check(t, m.RunAll())
	if changed := floats(t, on.y.Value()); changed[0] == y[0] && changed[1] == y[1] {
		t.Error("a run must use the values that were put")
	}
	if err := m.Put(on.y, other); err == nil {
		t.Error("what is no input must not be put")
	}
}

// Each side must get what is newer on the other.
func TestWeights(t *testing.T) {
	d := open(t)
	x := []float32{1, 2, 3}
	w, err := d.NewWeights([][]float32{x})
	check(t, err)
	defer w.Close()
	check(t, w.Push())
	x[1] = 20
	check(t, w.Push()) // nobody said that it changed
	w.Trained()
	check(t, w.Pull())
	if x[1] != 2 {
		t.Errorf("the device had %v, want 2", x[1])
	}
	x[1] = 5
	w.Changed()
	check(t, w.Push())
	x[1] = 0
	w.Trained()
	check(t, w.Pull())
	if x[1] != 5 {
		t.Errorf("the device had %v, want 5", x[1])
	}
	if _, ok := w.At(x[1:]); ok {
		t.Error("a part of the values must not be found")
	}
	if _, ok := w.At(nil); ok {
		t.Error("nothing must not be found")
	}
}

func TestRefusals(t *testing.T) {
	d := open(t)
	w, err := d.NewWeights(nil)
	check(t, err)
	for name, of := range map[string]struct {
		build func(g *gorgonia.ExprGraph) (*gorgonia.Node, error)
		want  string
	}{
		"Gorgonia's op": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			return gorgonia.Tanh(gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithValue(values(2, 2))))
		}, "tanh must have a kernel for devices, got an op of Gorgonia"},
		"another op": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			return nn.GELU(gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithValue(values(2, 2))))
		}, "GELU must have a kernel for devices, got none"},
		"float64": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			x := tensor.New(tensor.WithShape(2, 2), tensor.Of(tensor.Float64))
			return nn.ReLU(gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 2), gorgonia.WithValue(x), gorgonia.WithName("x")))
		}, "must be of float32 or int on a device, got float64"},
		"noise over the first axis": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithValue(values(2, 2)), gorgonia.WithName("x"))
			return ops.GaussianDropout(x, 0.5, ops.WithSeed(1), ops.WithBroadcastAxes(0))
		}, "GaussianDropout: mask must be shared over the last axes on a device, got one over others"},
		"rate of a node": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithValue(values(2, 2)), gorgonia.WithName("x"))
			rate := gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithValue(float32(0.5)), gorgonia.WithName("rate"))
			return ops.GaussianDropout(x, 0, ops.WithSeed(1), ops.WithRateNode(rate))
		}, "GaussianDropout: rate must be a number on a device, got a node"},
		"dropout without a kernel": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithValue(values(2, 2)), gorgonia.WithName("x"))
			return ops.AlphaDropout(x, 0.5, ops.WithSeed(1))
		}, "AlphaDropout: must have a kernel for devices, got none"},
		"no value": {func(g *gorgonia.ExprGraph) (*gorgonia.Node, error) {
			return nn.ReLU(gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithName("x")))
		}, "input x: must have a value, got none"},
	} {
		g := gorgonia.NewGraph()
		y, err := of.build(g)
		check(t, err)
		_, err = d.NewMachine(g, w, gorgonia.Nodes{y})
		if err == nil || !strings.Contains(err.Error(), of.want) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, of.want)
		}
	}
	if _, err := device.Open("cuda:9"); err == nil {
		t.Error("a device that is not there must be an error")
	}
	cudatest.Fail(t, "cuModuleLoadDataEx", 0, cuda.OutOfMemory)
	if _, err := device.Open("cuda:0"); err == nil {
		t.Error("kernels that cannot be loaded must be an error")
	}
}
