package models_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestConvNet(t *testing.T) {
	net := models.ConvNet{
		Channels: []int{4, 6}, Hidden: []int{12}, Outputs: 10,
		InputDropout: 0.1, ChannelDropout: 0.2, HiddenDropout: 0.5,
	}
	m := mustModel(t, net, []int{1, 12, 12})
	want := []string{
		"features.1.weight", "features.1.bias", "features.5.weight", "features.5.bias",
		"classifier.1.weight", "classifier.1.bias", "classifier.4.weight", "classifier.4.bias",
	}
	if got := names(m.Params()); !slices.Equal(got, want) {
		t.Errorf("parameters are %v, want %v", got, want)
	}
	x := batch(8, 1, 12, 12)
	eval := forward(t, m, models.Eval, x, 0)
	if len(eval) != 80 || slices.Equal(eval, forward(t, m, models.Train, x, 0)) {
		t.Errorf("%d outputs, want 80 that training changes", len(eval))
	}
	for i, g := range trainStep(t, m, x) {
		if !slices.ContainsFunc(g, func(v float32) bool { return v != 0 }) {
			t.Errorf("gradient of %s is zero", m.Params()[i].Name())
		}
	}

	net.BatchNorm, net.Kernel, net.Activation = true, 5, models.GELU()
	m = mustModel(t, net, []int{1, 12, 12})
	if got := names(m.States()); len(got) != 4 || got[0] != "features.2.running_mean" {
		t.Errorf("states are %v", got)
	}
	trainStep(t, m, x)

	_, err := models.New(models.ConvNet{Channels: []int{4}, Kernel: 4, Outputs: 2}, []int{1, 8, 8})
	if err == nil || err.Error() != "models: ConvNet: kernel must be odd, got 4" {
		t.Errorf("want an error about the kernel, got %v", err)
	}
}

// The network learns to tell stripes that lie from those that stand.
func TestConvNetLearns(t *testing.T) {
	m := mustModel(t, models.ConvNet{Channels: []int{4}, Outputs: 2, BatchNorm: true}, []int{1, 6, 6}, models.WithSeed(3))
	x, y := make([]float32, 8*36), make([]int, 8)
	for n := range 8 {
		y[n] = n % 2
		for i := range 36 {
			along := i / 6
			if y[n] == 1 {
				along = i % 6
			}
			x[n*36+i] = float32((along + n/2) % 2)
		}
	}
	g, err := m.Build(models.Train, 8)
	if err != nil {
		t.Fatal(err)
	}
	labels := gorgonia.NodeFromAny(g.ExprGraph, tensor.New(tensor.WithBacking(y)), gorgonia.WithName("labels"))
	loss, err := nn.SoftmaxCrossEntropy(g.Output, labels)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := gorgonia.Grad(loss, g.Params()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := gorgonia.Let(g.Input, tensor.New(tensor.WithShape(8, 1, 6, 6), tensor.WithBacking(x))); err != nil {
		t.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g.ExprGraph)
	defer machine.Close()
	var first, last float32
	for step := range 60 {
		machine.Reset()
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		last = float32(*loss.Value().(*gorgonia.F32))
		if step == 0 {
			first = last
		}
		for i, p := range m.Params() {
			for j, d := range grads[i].Value().(*tensor.Dense).Float32s() {
				p.Value().Float32s()[j] -= 0.1 * d
			}
		}
	}
	if last > first/10 {
		t.Errorf("loss went from %v to %v only", first, last)
	}
}

// Images of odd sizes, down to a pixel, are computed or refused with the reason.
func TestConvNetOddSizes(t *testing.T) {
	for height := 1; height <= 9; height++ {
		for _, width := range []int{1, 2, 3, 7, 31} {
			net := models.ConvNet{Channels: []int{2, 3}, Hidden: []int{4}, Outputs: 2, ChannelDropout: 0.1, HiddenDropout: 0.5}
			m, err := models.New(net, []int{1, height, width})
			if small := min(height, width) < 4; small != (err != nil) {
				t.Errorf("%d x %d, pooled by 2 twice: got %v", height, width, err)
			}
			if err != nil {
				if !strings.HasPrefix(err.Error(), "models: ") {
					t.Errorf("%d x %d: got %v", height, width, err)
				}
				continue
			}
			x := tensor.New(tensor.WithShape(3, 1, height, width), tensor.Of(tensor.Float32))
			if got := forward(t, m, models.Train, x, 0); len(got) != 3*2 {
				t.Errorf("%d x %d: got %d outputs, want 6", height, width, len(got))
			}
		}
	}
}
