package device_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/device"
	"github.com/gorgonia-dropout/dropout/internal/launch"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// BenchmarkStep has the parts of a training step: with and without transfers and updates.
func BenchmarkStep(b *testing.B) {
	if !cudatest.Real() {
		b.Skip("the host is no device to time")
	}
	for _, update := range []bool{false, true} {
		m := newStep(b, update)
		for _, transfers := range []bool{false, true} {
			b.Run(fmt.Sprintf("update=%v/transfers=%v", update, transfers), func(b *testing.B) {
				took, err := m.Replay(transfers, 10*b.N)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(took, "us/step")
			})
		}
	}
}

// newStep returns a step of the bench's network, with an update of its parameters or without.
func newStep(b *testing.B, update bool) *device.Machine {
	b.Helper()
	do := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	net, err := models.New(models.MLP{Inputs: 784, Hidden: []int{1024, 1024, 1024}, Outputs: 10, InputDropout: 0.2, HiddenDropout: 0.5}, []int{784})
	do(err)
	g, err := net.Build(models.Train, 128)
	do(err)
	do(gorgonia.Let(g.Input, tensor.New(tensor.WithShape(128, 784), tensor.Of(tensor.Float32))))
	labels := gorgonia.NewVector(g.ExprGraph, tensor.Int, gorgonia.WithShape(128), gorgonia.WithName("labels"))
	do(gorgonia.Let(labels, tensor.New(tensor.WithShape(128), tensor.Of(tensor.Int))))
	loss, err := nn.SoftmaxCrossEntropy(g.Output, labels)
	do(err)
	grads, err := nn.Grad(loss, g.Params()...)
	do(err)
	d, err := device.Open("cuda:0")
	do(err)
	var values [][]float32
	for _, p := range net.Params() {
		values = append(values, p.Value().Float32s())
	}
	w, err := d.NewWeights(values)
	do(err)
	graph := g.ExactSubgraphRoots(append(gorgonia.Nodes{g.Output, loss}, grads...)...)
	m, err := d.NewMachine(graph, w, gorgonia.Nodes{g.Output, loss})
	do(err)
	do(w.Push())
	b.Cleanup(func() {
		do(m.Close())
		do(w.Close())
		do(d.Close())
	})
	if !update {
		return m
	}
	for i := range g.Params() {
		do(m.Extend(func(l *launch.List) error {
			v, err := l.Scratch(4 * len(values[i]))
			if err != nil {
				return err
			}
			settings, err := launch.EachRun(l, func(s *kernels.SGDSettings) error {
				*s = kernels.SGDSettings{Penalties: kernels.Penalties{Keep: 1}, LR: 1e-6, Momentum: 0.9}
				return nil
			})
			at, _ := w.At(values[i])
			to, _ := m.At(grads[i])
			launch.Add(l, "sgd", kernels.Threads, launch.Blocks(len(values[i]), 1024), kernels.SGD{
				W: at, G: to, V: v, N: int64(len(values[i])), Settings: settings, Velocity: 1,
			})
			return err
		}))
	}
	return m
}
